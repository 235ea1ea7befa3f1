using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <summary>The part of the machine that a lane belongs to, in the order of the way of an interrupt.</summary>
internal enum LaneGroup : byte
{
    /// <summary>The machine as a whole.</summary>
    Machine,
    /// <summary>A source on a line: a device.</summary>
    Device,
    /// <summary>A line, by its GSI.</summary>
    Line,
    /// <summary>A pin of the 8259 pair.</summary>
    Pic,
    /// <summary>A pin of an I/OAPIC.</summary>
    IoApic,
    /// <summary>What sends messages without a pin: devices, remapping entries, local vector tables, CPUs.</summary>
    Sender,
    /// <summary>A vector of a CPU; or the CPU itself.</summary>
    Cpu,
    /// <summary>What threads of the kernel did on a host of several VMs, and no VM certainly has.</summary>
    OtherVm,
}

/// <summary>The identity of a lane.</summary>
/// <param name="Group">The part of the machine.</param>
/// <param name="Unit">Slot of the source, I/OAPIC or CPU.</param>
/// <param name="Index">GSI, IRQ, pin or vector; -1 for a CPU itself.</param>
/// <param name="Owner">How many sources had the slot before.</param>
/// <param name="Sender">The name of a sender.</param>
/// <param name="Vm">The number of the VM on a host that has several.</param>
internal readonly record struct LaneKey(LaneGroup Group, int Unit, int Index, int Owner = 0, SourceName Sender = default, int Vm = 0)
{
    internal static LaneKey Machine => new(LaneGroup.Machine, 0, 0);
    internal static LaneKey Line(int gsi) => new(LaneGroup.Line, 0, gsi);
    internal static LaneKey Irq(int irq) => new(LaneGroup.Pic, 0, irq);
    internal static LaneKey Pin(int ioApic, int pin) => new(LaneGroup.IoApic, ioApic, pin);
    internal static LaneKey Vector(int cpu, int vector) => new(LaneGroup.Cpu, cpu, vector);
    internal static LaneKey Cpu(int cpu) => new(LaneGroup.Cpu, cpu, -1);

    /// <summary>The lane of a source by its name in an answer.</summary>
    internal static LaneKey Of(SourceName name) => name.Class switch
    {
        SourceClass.Line => Line(name.Index),
        SourceClass.Pin => Pin(name.Unit, name.Index),
        SourceClass.Irq => Irq(name.Index),
        _ => new(LaneGroup.Sender, 0, 0, 0, name),
    };

    /// <summary>Its order among the lanes of its group.</summary>
    internal (int, LaneGroup, SourceClass, int, int, int, (ulong, uint)) Order => Group switch
    {
        LaneGroup.Sender => (Vm, Group, Sender.Class, Sender.Unit, Sender.Index, 0, (Sender.Address, Sender.Data)),
        LaneGroup.Device => (Vm, Group, default, Index, Unit, Owner, default),
        // The machine as a whole stands first, and what is of no VM last.
        LaneGroup.Machine => (-1, Group, default, Unit, Index, Owner, default),
        LaneGroup.OtherVm => (int.MaxValue, Group, default, Unit, Index, Owner, default),
        _ => (Vm, Group, default, Unit, Index, Owner, default),
    };
}

/// <summary>A lane of a picture.</summary>
/// <param name="Key">Its identity.</param>
/// <param name="Name">Its name. It may contain what a user wrote.</param>
/// <param name="Vm">The name of its VM on a host that has several; else empty.</param>
internal sealed record Lane(LaneKey Key, string Name, string Vm = "")
{
    /// <summary>The heading of its group.</summary>
    internal string Heading => Vm.Length == 0 ? Part : $"{Vm}: {Part}";

    private string Part => Key.Group == LaneGroup.Cpu ? $"cpu{Key.Unit}" : HeadingOf(Key.Group);

    private static string HeadingOf(LaneGroup group) => group switch
    {
        LaneGroup.Machine => "machine",
        LaneGroup.Device => "devices",
        LaneGroup.Line => "lines",
        LaneGroup.Pic => "8259 pair",
        LaneGroup.IoApic => "I/OAPIC pins",
        LaneGroup.OtherVm => "of one of the VMs, or of another",
        _ => "messages and local interrupts",
    };
}
