using System.Numerics;
using System.Runtime.InteropServices;
using Wirq.State;

namespace Wirq;

/// <summary>The progress of a chip from ICW1 to its last initialisation word.</summary>
internal enum PicStage : byte
{
    /// <summary>Never initialised.</summary>
    Unprogrammed,
    /// <summary>ICW2 comes next on the odd port.</summary>
    AwaitsIcw2,
    /// <summary>ICW3 comes next.</summary>
    AwaitsIcw3,
    /// <summary>ICW4 comes next.</summary>
    AwaitsIcw4,
    /// <summary>Initialised: the odd port is the mask.</summary>
    Ready,
}

/// <summary>The mutable state of one 8259A. Sets have bit n for input n; yes-or-no fields are 0 or 1.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct PicState : IState
{
    /// <summary>Levels of the input pins; for the master's cascade, INT of the slave.</summary>
    public byte Pins;
    /// <summary>The edge sense: inputs whose current high period can make no further edge request.</summary>
    public byte Spent;
    /// <summary>Interrupt request register.</summary>
    public byte Irr;
    /// <summary>In-service register.</summary>
    public byte Isr;
    /// <summary>Interrupt mask register.</summary>
    public byte Imr;
    /// <summary>Edge/level control register; set for level.</summary>
    public byte Elcr;
    /// <summary>In-service inputs that were level-triggered when they were taken: a rewrite of ELCR in between must
    /// not lose their acknowledge.</summary>
    public byte TakenAsLevel;
    /// <summary>Inputs whose acknowledge waits for their unmasking. Always within <see cref="Imr"/>.</summary>
    public byte Deferred;
    /// <summary>Inputs that caused INT and whose line fell: INT stays high without a request.</summary>
    public byte Fallen;
    /// <summary>The input that caused INT; <see cref="Pic8259.None"/> while INT is low.</summary>
    public byte Standing;
    /// <summary>The input of lowest priority.</summary>
    public byte Lowest;
    /// <summary>A <see cref="PicStage"/>.</summary>
    public byte Stage;
    /// <summary>The words of the last initialisation.</summary>
    public byte Icw1, Icw2, Icw3, Icw4;
    /// <summary>The even port reads the in-service register.</summary>
    public byte ReadsInService;
    /// <summary>The next read is a poll.</summary>
    public byte Polling;
    /// <summary>Special mask mode.</summary>
    public byte SpecialMask;
    /// <summary>Priorities rotate at automatic EOI.</summary>
    public byte RotatesInAutoEoi;
    /// <summary>1 if INT does not reflect a change of the chip yet: <see cref="PicPair.Update"/> updates it.</summary>
    public byte Due;
}

/// <summary>The mutable state of the pair besides its chips.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct PicOutput : IState
{
    /// <summary>INTR, as last brought up to date.</summary>
    public byte Intr;
    /// <summary>The IRQ that caused INTR, 0 to 15, or <see cref="PicPair.NoIrq"/>.</summary>
    public byte Requested;
    /// <summary>1 from the return of work to <see cref="PicPair.Update"/>: while pins fall one after the other, INTR
    /// must not be for one that falls next.</summary>
    public byte AwaitsUpdate;
    /// <summary>1 if an INTA found nothing and INTR stayed up: the CPU does not run INTA again before the pin is driven
    /// again.</summary>
    public byte Answered;
}

/// <summary>An order of priorities: the input after the lowest one has the highest priority, and so on
/// cyclically.</summary>
/// <param name="Lowest">The input of lowest priority, 0 to 7.</param>
internal readonly record struct PicPriority(int Lowest)
{
    private const int Inputs = 8, Wrap = Inputs - 1;

    /// <summary>0 for the input of highest priority, 7 for the lowest.</summary>
    internal int Rank(int level) => (level - Lowest - 1) & Wrap;

    /// <summary>The input of highest priority in a set; <see cref="Pic8259.None"/> of an empty one.</summary>
    internal int Highest(byte levels)
    {
        if (levels == 0)
            return Pic8259.None;
        int first = (Lowest + 1) & Wrap;
        int turned = (levels | levels << Inputs) >> first;
        return (first + BitOperations.TrailingZeroCount(turned)) & Wrap;
    }
}

/// <summary>The sixteen inputs of the pair in one word.</summary>
/// <remarks><code>
///  15     8 7      0
/// +--------+--------+
/// | slave  | master |
/// +--------+--------+
/// </code></remarks>
internal readonly record struct PicInputs(ushort Bits)
{
    private const int SlaveShift = 8;

    internal PicInputs(byte master, byte slave) : this((ushort)(slave << SlaveShift | master)) { }

    internal byte Master => (byte)Bits;
    internal byte Slave => (byte)(Bits >> SlaveShift);
    internal bool Has(int irq) => (Bits >> irq & 1) != 0;
    internal PinSet ToPins() => new(Bits, 0);
}
