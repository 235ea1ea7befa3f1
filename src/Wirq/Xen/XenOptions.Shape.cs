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
        };
    }

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
