using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.Snapshots;
using Wirq.State;
using Wirq.Xen;

namespace Wirq;

/// <content>The options as the fields of a snapshot, which fits only a machine that was built from the same ones.</content>
public sealed partial record FabricOptions
{
    /// <summary>Where reading begins: every list is empty, every part absent.</summary>
    internal static FabricOptions Blank { get; } = new() { IoApics = [], Pic = null, IsaOverrides = new Dictionary<int, int>() };

    /// <summary>Moves the options.</summary>
    /// <returns>The options that were moved. Units besides VT-d are not among them: only how many there are is.</returns>
    internal static FabricOptions Move(Fields f, FabricOptions o, out int otherUnits)
    {
        LocalApicOptions apics = o.LocalApics;
        f.Group("localApics", () => apics = Move(f, apics));
        List<IoApicOptions> chips = [.. o.IoApics];
        f.List("ioApics", chips.Count, FabricOptions.MaxIoApics, i => Put(chips, i, Move(f, i < chips.Count && !f.IsReading ? chips[i] : new())));
        PicOptions? pic = Move(f, "pic", o.Pic, () => new(), Move);
        List<KeyValuePair<int, int>> overrides = [.. o.IsaOverrides.OrderBy(pair => pair.Key)];
        f.List("isaOverrides", overrides.Count, GsiMap.IsaIrqs, i =>
        {
            KeyValuePair<int, int> pair = f.IsReading ? default : overrides[i];
            int irq = f.Number("irq", pair.Key, f.IsReading && i > 0 ? overrides[i - 1].Key + 1 : 0, GsiMap.IsaIrqs - 1);
            Put(overrides, i, new(irq, f.Number("gsi", pair.Value, 0, FabricOptions.MaxGsis - 1)));
        });
        FabricOptions moved = o with
        {
            LocalApics = apics,
            IoApics = chips,
            Pic = pic,
            IsaOverrides = overrides.ToDictionary(),
            IntrAtPinZero = f.Flag("intrAtPinZero", o.IntrAtPinZero),
            Format = f.Choice("format", o.Format),
            Sources = f.Number("sources", o.Sources, 1, FabricOptions.MaxSources),
            LocalApicFirst = f.Flag("localApicFirst", o.LocalApicFirst),
            Vtd = Move(f, "vtd", o.Vtd, () => new(), VtdOptions.Move),
            Routing = Move(f, "routing", o.Routing, () => new(), Move),
            Xen = Move(f, "xen", o.Xen, () => XenShape.Blank, XenShape.Move),
        };
        otherUnits = f.Number("otherUnits", o.Remappers.Count, 0, FabricOptions.MaxRemappers);
        return moved;
    }

    /// <summary>The first field in which two shapes differ; null if they are equal.</summary>
    internal static (string Field, string First, string Second)? Difference(FabricOptions first, int firstUnits, FabricOptions second)
    {
        IReadOnlyList<(string Path, string Value)> a = List(first), b = List(second);
        for (int i = 0; i < Math.Min(a.Count, b.Count); i++)
        {
            if (a[i] != b[i])
                return (a[i].Path, a[i].Value, b[i].Path == a[i].Path ? b[i].Value : "without it");
        }
        if (firstUnits != second.Remappers.Count)
            return ("otherUnits", $"{firstUnits}", $"{second.Remappers.Count}");
        return null;
    }

    private static IReadOnlyList<(string Path, string Value)> List(FabricOptions options)
    {
        var list = new FieldList();
        Move(list, options with { Remappers = [] }, out _);
        return list.All;
    }

    private static LocalApicOptions Move(Fields f, LocalApicOptions o)
    {
        int count = f.Number("count", o.Count, 1, LocalApicOptions.MaxCount);
        uint[]? ids = o.Ids is null ? null : [.. o.Ids];
        if (f.Flag("ids", ids is not null))
        {
            if (f.IsReading)
                ids = new uint[count];
            f.Row("id", count, i => ids![i] = f.U32("apicId", ids[i]));
        }
        else
            ids = null;
        return o with
        {
            Count = count,
            Ids = ids,
            Profile = f.Choice("profile", o.Profile),
            X2Apic = f.Flag("x2Apic", o.X2Apic),
            TscDeadline = f.Flag("tscDeadline", o.TscDeadline),
            SuppressEoiBroadcast = f.Flag("suppressEoiBroadcast", o.SuppressEoiBroadcast),
            ByteBroadcastQuirk = f.Flag("byteBroadcastQuirk", o.ByteBroadcastQuirk),
            WideIds = f.Flag("wideIds", o.WideIds),
            Cmci = f.Flag("cmci", o.Cmci),
            LowestPriorityIpi = f.Flag("lowestPriorityIpi", o.LowestPriorityIpi),
            BusHz = f.Number("busHz", o.BusHz, 1, long.MaxValue),
            TscHz = f.Number("tscHz", o.TscHz, 1, long.MaxValue),
            PhysicalAddressBits = f.Number("physicalAddressBits", o.PhysicalAddressBits, 1, 64),
            ExternalTimers = f.Flag("externalTimers", o.ExternalTimers),
        };
    }

    private static IoApicOptions Move(Fields f, IoApicOptions o) => o with
    {
        Pins = f.Number("pins", o.Pins, 1, IoApicOptions.MaxPins),
        GsiBase = f.Number("gsiBase", o.GsiBase, 0, FabricOptions.MaxGsis),
        Address = f.U64("address", o.Address),
        Id = f.U8("id", o.Id),
        Requester = f.U16("requester", o.Requester),
        Version = f.U8("version", o.Version),
        WideEntries = f.Flag("wideEntries", o.WideEntries),
        Profile = f.Choice("profile", o.Profile),
        Ack = f.Choice("ack", o.Ack),
        StormLimit = f.Number("stormLimit", o.StormLimit, 0, int.MaxValue),
        StormDelay = f.Number("stormDelay", o.StormDelay, 0, long.MaxValue),
    };

    private static PicOptions Move(Fields f, PicOptions o) => o with
    {
        Profile = f.Choice("profile", o.Profile),
        Ack = f.Choice("ack", o.Ack),
        ElcrMask = f.U16("elcrMask", o.ElcrMask),
    };

    private static RoutingOptions Move(Fields f, RoutingOptions o) => o with
    {
        Virqs = f.Number("virqs", o.Virqs, 1, RoutingOptions.MaxVirqs),
        BatchCount = f.Number("batchCount", o.BatchCount, 1, RoutingOptions.MaxVirqs),
        BatchDelay = f.Number("batchDelay", o.BatchDelay, 0, long.MaxValue),
        Kernel = Move(f, "kernel", o.Kernel, () => new(), Move),
    };

    private static KernelLimits Move(Fields f, KernelLimits o) => o with
    {
        Routes = f.Number("routes", o.Routes, 0, KernelLimits.MaxRoutes),
        ReservedGsis = f.Number("reservedGsis", o.ReservedGsis, 0, KernelLimits.MaxRoutes),
        HasIrqfd = f.Flag("hasIrqfd", o.HasIrqfd),
        OwnsIoApic = f.Flag("ownsIoApic", o.OwnsIoApic),
        LineGsis = f.Number("lineGsis", o.LineGsis, 0, KernelLimits.MaxRoutes),
        ConsumesFirst = f.Flag("consumesFirst", o.ConsumesFirst),
    };

    private static T? Move<T>(Fields f, string name, T? part, Func<T> usual, Func<Fields, T, T> move) where T : class
    {
        if (!f.Flag(name + "Present", part is not null))
            return null;
        T moved = part ?? usual();
        f.Group(name, () => moved = move(f, moved));
        return moved;
    }

    private static void Put<T>(List<T> list, int at, T item)
    {
        if (at < list.Count)
            list[at] = item;
        else
            list.Add(item);
    }
}
