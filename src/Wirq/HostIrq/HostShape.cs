using Wirq.State;

namespace Wirq.HostIrq;

/// <summary>The options of a host as the fields of a snapshot, which fits only a host that was built from the same ones.</summary>
internal static class HostShape
{
    internal static void Move(Fields f, HostIrqOptions o)
    {
        Is(f, "cpus", o.Cpus);
        Is(f, "actions", o.Actions);
        Is(f, "profile", (int)o.Profile);
        Is(f, "watchesUnhandled", o.WatchesUnhandled ? 1 : 0);
        Is(f, "lines", o.Lines.Count);
        f.Row("line", o.Lines.Count, line =>
        {
            HostLineOptions its = o.Lines[line];
            Is(f, "flow", (int)its.Flow);
            Is(f, "isLevel", its.IsLevel ? 1 : 0);
            Is(f, "chip", Bits(its.Chip.HasMaskAck, its.Chip.HasDisable, its.Chip.HasRetrigger, its.Chip.OneshotSafe, its.Chip.EoiThreaded, its.Chip.EoiIfHandled,
                its.Chip.EoiNeedsEnabled, its.Chip.ResendsInProgress, its.Chip.MovesAtOnce, its.Chip.LatchesWhileMasked));
        });
    }

    /// <summary>A field that must be that of the host which is restored.</summary>
    internal static void Is(Fields f, string name, long own)
    {
        long found = f.Number(name, own, long.MinValue, long.MaxValue);
        f.Demand(found == own, name, $"{found}", $"{own}, as of this host: only a host of the same shape can be restored");
    }

    internal static int Bits(params ReadOnlySpan<bool> flags)
    {
        int bits = 0;
        foreach (bool flag in flags)
            bits = bits << 1 | (flag ? 1 : 0);
        return bits;
    }
}
