using Wirq.Events.Shadows;
using Wirq.Traces.Why;

namespace Wirq.Traces.Snapshots;

/// <summary>What a file of saved state tells of a machine's interrupt controllers, lines and messages, whatever wrote it.
/// One judge reads it: <see cref="Judging.SnapshotJudge"/>.</summary>
internal sealed class SnapshotState
{
    /// <summary>The file.</summary>
    internal required string File { get; init; }
    /// <summary>The format as a program reads it: <c>qemu</c>, <c>kvm</c>, <c>xen</c>.</summary>
    internal required string Format { get; init; }
    /// <summary>What it is, in words.</summary>
    internal required string What { get; init; }
    /// <summary>The 8259 pair: the master, then the slave; empty where the file has none.</summary>
    internal List<SavedPic> Pics { get; } = [];
    internal List<SavedIoApic> IoApics { get; } = [];
    internal List<SavedCpu> Cpus { get; } = [];
    /// <summary>Whether <see cref="Cpus"/> are all CPUs of the machine.</summary>
    internal bool HasAllCpus { get; set; }
    internal List<SavedFunction> Functions { get; } = [];
    internal List<SavedBus> Buses { get; } = [];
    internal SavedRemapper? Remapper { get; set; }
    /// <summary>What it does not hold, so that "nothing is owed" does not follow from it.</summary>
    internal List<LimitAnswer> Limits { get; } = [];

    /// <summary>What it tells beside what waits: counts, who shares a line.</summary>
    internal List<SavedFact> Facts { get; } = [];
    /// <summary>Whether somebody printed it as text, at a moment or over some time.</summary>
    internal bool IsText { get; init; }
    /// <summary>Whether it is of chips or CPUs at all.</summary>
    internal bool HasChips => Pics.Count + IoApics.Count + Cpus.Count > 0;

    /// <summary>The 8259 and the number in it of an IRQ; null where the file has no such chip.</summary>
    internal SavedPic? PicOf(int irq) => irq >> 3 < Pics.Count ? Pics[irq >> 3] : null;

    /// <summary>The IRQ of the 8259s that shares a line with a pin: the clock's is pin 2 (its ISA override).</summary>
    internal static int IrqOfPin(int pin) => pin == 2 ? 0 : pin is 0 or > 15 ? -1 : pin;

    /// <summary>The pin that shares a line with an IRQ; -1 for the cascade.</summary>
    internal static int PinOfIrq(int irq) => irq == 0 ? 2 : irq == GsiMap.CascadeIrq ? -1 : irq;
}

/// <summary>A sentence about what a file tells, and what it is about.</summary>
/// <param name="Sentence">The sentence.</param>
/// <param name="Place">Where it stands.</param>
/// <param name="Gsi">The line, or -1.</param>
internal sealed record SavedFact(string Sentence, ValuePlace? Place, int Gsi = -1);

/// <summary>One 8259.</summary>
internal sealed class SavedPic
{
    /// <summary>Levels of the inputs.</summary>
    internal Told<byte> Lines { get; set; }
    internal Told<byte> Irr { get; set; }
    internal Told<byte> Isr { get; set; }
    internal Told<byte> Imr { get; set; }
    /// <summary>ELCR: set for level.</summary>
    internal Told<byte> Elcr { get; set; }
    /// <summary>The input of highest priority, 0 to 7.</summary>
    internal Told<byte> First { get; set; }
    /// <summary>The vector of input 0.</summary>
    internal Told<byte> Base { get; set; }
    /// <summary>Not zero between ICW1 and the last initialisation word.</summary>
    internal Told<byte> InitState { get; set; }
    internal Told<byte> AutoEoi { get; set; }
    internal Told<byte> SpecialMask { get; set; }
    internal Told<byte> SpecialFullyNested { get; set; }
}

/// <summary>One I/OAPIC.</summary>
internal sealed class SavedIoApic
{
    internal Told<uint> Id { get; set; }
    internal Told<ulong>[] Entries { get; set; } = [];
    /// <summary>Bit n: input n asks. Of a level pin it is the line's level; of an edge pin, an edge that was not sent.</summary>
    internal Told<ulong> Asking { get; set; }

    /// <summary>The entry of a pin; one that the file does not have is like one that nobody wrote.</summary>
    internal RedirectionEntry EntryOf(int pin) => Entries[pin].IsKnown ? new(Entries[pin].Value) : RedirectionEntry.Reset;
    /// <summary>Keeps the entry of a pin.</summary>
    internal void Keep(int pin, Told<ulong> entry)
    {
        Told<ulong>[] entries = Entries;
        if (pin >= entries.Length)
            Array.Resize(ref entries, pin + 1);
        entries[pin] = entry;
        Entries = entries;
    }

    internal Fact Asks(int pin) => Asking.Is(bits => (bits >> pin & 1) != 0);
}

/// <summary>One CPU with its local APIC.</summary>
internal sealed class SavedCpu
{
    internal int Number { get; init; }
    /// <summary>Whether it waits in HLT.</summary>
    internal Told<bool> Halted { get; set; }
    /// <summary>IF in RFLAGS (Intel SDM vol. 1, 3.4.3.3).</summary>
    internal const ulong InterruptFlagBit = 1 << 9;

    /// <summary>RFLAGS.IF.</summary>
    internal Told<bool> InterruptFlag { get; set; }
    /// <summary>Whether the machine monitor has signalled an interrupt to the CPU already, so that it wakes and takes it.</summary>
    internal Told<bool> Signalled { get; set; }
    internal Told<uint> Id { get; set; }
    internal Told<ulong> Base { get; set; }
    internal Told<uint> Spurious { get; set; }
    internal Told<byte> Tpr { get; set; }
    internal Told<byte> LogicalId { get; set; }
    internal Told<DestinationFormat> LogicalFormat { get; set; }
    internal Told<uint> Lint0 { get; set; }
    /// <summary>The entry of the timer in the local vector table.</summary>
    internal Told<uint> Timer { get; set; }
    internal Told<Vectors256> Irr { get; set; }
    internal Told<Vectors256> Isr { get; set; }
    internal Told<Vectors256> Tmr { get; set; }

    internal string Name => $"cpu{Number}";
    internal bool KnowsVectors => Irr.IsKnown && Isr.IsKnown;

    /// <summary>Whether INTR of the 8259s reaches this CPU: LINT0 is open ExtINT, or the local APIC is hardware-disabled
    /// and the pin goes straight to the CPU.</summary>
    internal Fact PassesIntr
    {
        get
        {
            Fact disabled = Base.Is(bits => !new ApicBase(bits).Enabled);
            if (disabled.IsYes)
                return Fact.Yes;
            return Lint0.Is(bits => new LocalVectorEntry(bits) is { Masked: false, Mode: DeliveryMode.ExtInt });
        }
    }
}

/// <summary>One function of a PCI device.</summary>
internal sealed class SavedFunction
{
    internal required string Name { get; init; }
    /// <summary>Levels of INTA to INTD, bits 0 to 3, as the device drives them.</summary>
    internal Told<byte> Intx { get; set; }
    /// <summary>Whether the command register keeps them from the bus (bit 10, PCI Local Bus 3.0, 6.2.2).</summary>
    internal bool IntxDisabled { get; init; }
    /// <summary>How many lines of its bus it holds.</summary>
    internal int Holds => Intx.IsKnown && !IntxDisabled ? byte.PopCount(Intx.Value) : 0;
    internal SavedMsix? Msix { get; set; }
}

/// <summary>An MSI-X table with its pending bits.</summary>
/// <param name="Enabled">Whether the capability is on.</param>
/// <param name="FunctionMasked">Whether the function mask is set.</param>
/// <param name="Entries">The entries, in order.</param>
internal sealed record SavedMsix(Told<bool> Enabled, Told<bool> FunctionMasked, IReadOnlyList<SavedVector> Entries);

/// <summary>One entry of an MSI-X table.</summary>
internal readonly record struct SavedVector(Msi Message, bool Masked, bool Pending, ValuePlace Place);

/// <summary>A PCI bus that counts who holds its lines.</summary>
internal sealed record SavedBus(string Name, IReadOnlyList<Told<int>> Counts)
{
    /// <summary>The pin of the I/OAPIC to which line n leads; -1 where that is not known.</summary>
    internal IReadOnlyList<int> Pins { get; init; } = [];
    /// <summary>The IRQ of the 8259s to which line n leads; -1 where it leads to none, or that is not known.</summary>
    internal IReadOnlyList<int> Irqs { get; init; } = [];
}

/// <summary>A remapping unit.</summary>
internal sealed record SavedRemapper(string Name, Told<bool> Enabled, Told<bool> Extended, Told<ulong> Table);
