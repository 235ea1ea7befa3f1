using Wirq.Events;

namespace Wirq.Traces.Recordings;

/// <summary>Checks whether an event is possible in a machine. Everything that it refers to (a CPU, a pin, an IRQ, a
/// source, a line, a virq, an origin) must exist, and its data must not exceed the range of its kind
/// (<see cref="EventRanges"/>).</summary>
/// <remarks>An impossible event is refused, and not skipped. If a recording is wrong in one event, it is no evidence
/// for others, and "nothing is owed" would be an all-clear without evidence.</remarks>
internal sealed class EventLimits(FabricOptions machine)
{
    private const int PicUnits = 2;

    private readonly int _cpus = machine.LocalApics.Count;
    private readonly int _gsis = machine.GsiCount;
    private readonly int _units = machine.AllRemappers.Count;

    /// <summary>An item in the event that the machine does not have, or data that exceeds the range of its kind, with
    /// what was expected; null for none.</summary>
    internal (string Found, string Expected)? Outside(in Event e) => Named(e) ?? EventRanges.Outside(e);

    private (string Found, string Expected)? Named(in Event e) => e.Subsystem switch
    {
        Subsystem.Machine when e.Kind == EventKind.EffectLost => Lost(EffectLost.Of(e)),
        Subsystem.Machine => e.Kind == EventKind.GuestMisuse ? Cpu(e.Cpu) : null,
        Subsystem.Access => Cpu(e.Cpu),
        Subsystem.Log when e.Kind == EventKind.LogRouteSet => Pin(e.Unit, e.Index),
        Subsystem.Log when e.Kind == EventKind.LogEntryShown => Pin(e.Unit, (ushort)e.Index),
        Subsystem.Log when e.Kind == EventKind.LogPicShown => Below(e.Unit, PicUnits, "8259"),
        Subsystem.Log => e.Kind == EventKind.LogVectorsLeft ? Cpu(e.Cpu) : null,
        Subsystem.Lines when e.Kind is EventKind.LineChanged or EventKind.KernelLine => Below(e.Index, _gsis, "GSI"),
        Subsystem.Lines => Below(e.Unit, machine.Sources, "source") ?? Below(e.Index, _gsis, "GSI"),
        Subsystem.Pic when e.Kind == EventKind.PicInitialised => Below(e.Unit, PicUnits, "8259"),
        Subsystem.Pic => Below(e.Index, GsiMap.IsaIrqs, "IRQ"),
        Subsystem.IoApic => Pin(e.Unit, e.Index),
        Subsystem.LocalApic when e.Kind is EventKind.VectorAccepted or EventKind.CpuNmi or EventKind.CpuSmi
            or EventKind.CpuInit or EventKind.CpuStartUp => Cpu(e.Cpu) ?? From(e.Origin),
        Subsystem.LocalApic => Cpu(e.Cpu),
        Subsystem.Messages => From(e.Origin),
        Subsystem.Remapping => Below(e.Unit, _units, "remapping unit"),
        Subsystem.Routing when e.Kind != EventKind.RoutesCommitted => Below(e.Unit, machine.Routing?.Virqs ?? 0, "virq"),
        _ => null,
    };

    private (string Found, string Expected)? Lost(EffectLost lost) => lost.Kind.IsEffect
        ? Named(new Event(lost.Kind, (ushort)lost.Unit, (uint)lost.Pin)) : ($"a lost event of kind {(int)lost.Kind}", "the kind of an effect");

    private (string Found, string Expected)? Cpu(int cpu) => Below((uint)cpu, _cpus, "CPU");

    private (string Found, string Expected)? Pin(int chip, uint pin) => Below((uint)chip, machine.IoApics.Count, "I/OAPIC")
        ?? Below(pin, machine.IoApics[chip].Pins, "pin", $" of I/OAPIC {chip}");

    private (string Found, string Expected)? From(Origin origin) => origin.Kind switch
    {
        OriginKind.Pin => Pin(origin.Unit, (uint)origin.Index),
        OriginKind.Ipi => Cpu(origin.Index),
        OriginKind.Local => Cpu(origin.Unit) ?? Below((uint)origin.Index, (int)LocalVector.Error + 1, "local vector"),
        OriginKind.Pic => Below((uint)origin.Index, GsiMap.IsaIrqs, "IRQ"),
        OriginKind.None or OriginKind.Device or OriginKind.RemappingUnit => null,
        _ => ($"origin {(int)origin.Kind}", "an origin that this version knows"),
    };

    private static (string Found, string Expected)? Below(uint number, int count, string what, string where = "")
    {
        if (number < (uint)count)
            return null;
        return ($"{what} {number}{where}", count == 0 ? $"no {what}: the machine of the header has none"
            : $"{what} {(count == 1 ? "0" : $"0 to {count - 1}")}{where}, as the machine of the header has");
    }
}
