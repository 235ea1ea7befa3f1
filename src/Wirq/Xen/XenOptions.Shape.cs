using Wirq.State;

namespace Wirq.Xen;

// The options as fields of a snapshot's shape are in the folder of what they describe.
internal static class XenShape
{
    internal static XenOptions Blank { get; } = new() { Channels = new() { Domains = [] }, Domain = 0 };

    internal static XenOptions Move(Fields f, XenOptions o)
    {
        List<XenDomainOptions> domains = [.. o.Channels.Domains];
        f.List("domains", domains.Count, EventChannelOptions.MaxDomains, i =>
        {
            XenDomainOptions moved = Move(f, f.IsReading ? new() { Id = 0 } : domains[i]);
            if (f.IsReading)
                domains.Add(moved);
        });
        return o with
        {
            Channels = new() { Domains = domains, ResetBatch = f.Number("resetBatch", o.Channels.ResetBatch, 1, XenDomainOptions.MaxPorts) },
            Domain = f.U16("domain", o.Domain),
            Policy = f.Choice("policy", o.Policy),
            HasPciLines = f.Flag("hasPciLines", o.HasPciLines),
            Pirqs = f.Flag("hasPirqs", o.Pirqs is not null) ? Move(f, o.Pirqs ?? new()) : null,
        };
    }

    private static PirqOptions Move(Fields f, PirqOptions o)
    {
        List<PirqDomainOptions> domains = [.. o.Domains];
        List<XenPciDevice> devices = [.. o.Devices];
        f.List("pirqDomains", domains.Count, EventChannelOptions.MaxDomains, i =>
        {
            PirqDomainOptions moved = Move(f, f.IsReading ? new() { Id = 0 } : domains[i]);
            if (f.IsReading)
                domains.Add(moved);
        });
        f.List("pirqDevices", devices.Count, PirqOptions.MaxDevices, i =>
        {
            var moved = new XenPciDevice(f.U32("address", f.IsReading ? 0 : devices[i].Address));
            if (f.IsReading)
                devices.Add(moved);
        });
        return new()
        {
            Profile = f.Choice("profile", o.Profile),
            Version = f.Choice("version", o.Version),
            Gsis = f.Number("gsis", o.Gsis, 16, PirqOptions.MaxGsis),
            MessageIrqs = f.Number("messageIrqs", o.MessageIrqs, 1, PirqOptions.MaxMessageIrqs),
            Bindings = f.Number("bindings", o.Bindings, 1, PirqOptions.MaxBindings),
            Domains = domains,
            Devices = devices,
        };
    }

    private static PirqDomainOptions Move(Fields f, PirqDomainOptions o) => new()
    {
        Id = f.U16("id", o.Id),
        RoutesPirqs = f.Flag("routesPirqs", o.RoutesPirqs),
        IsHardware = f.Flag("isHardware", o.IsHardware),
        HasIommu = f.Flag("hasIommu", o.HasIommu),
        Serves = f.Flag("hasServed", o.Serves is not null) ? f.U16("serves", o.Serves ?? 0) : null,
        Gsis = f.Number("gsis", o.Gsis, 16, PirqOptions.MaxGsis),
    };

    private static XenDomainOptions Move(Fields f, XenDomainOptions o) => new()
    {
        Id = f.U16("id", o.Id),
        Vcpus = f.Number("vcpus", o.Vcpus, 1, XenDomainOptions.MaxVcpus),
        Is64Bit = f.Flag("is64Bit", o.Is64Bit),
        IsHvm = f.Flag("isHvm", o.IsHvm),
        IsPrivileged = f.Flag("isPrivileged", o.IsPrivileged),
        LargestPort = f.Number("largestPort", o.LargestPort, 1, XenDomainOptions.MaxPorts - 1),
        Pirqs = f.Number("pirqs", o.Pirqs, 0, XenDomainOptions.MaxPirqs),
    };
}
