using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq;

/// <summary>All mutable state of a pair, as one value.</summary>
internal struct PicPairState
{
    public PicState Master, Slave;
    public PicOutput Output;
}

// The state as a value, for code that tries a command, or changes the state between two steps.
public sealed partial class PicPair
{
    internal Pic8259 Master => _master;
    internal Pic8259 Slave => _slave;

    /// <summary>What holds an IRQ in the pair; <see cref="Gate.None"/> where INTR stands for it.</summary>
    /// <param name="irq">0 to 15, not the cascade.</param>
    /// <param name="by">The IRQ that goes first or is in service; negative for none.</param>
    internal Gate GateOf(int irq, out int by)
    {
        Pic8259 chip = irq < SlaveFirst ? _master : _slave;
        Gate gate = chip.GateOf(irq % SlaveFirst, out int level);
        by = level == Pic8259.None ? -1 : chip.Irq(level);
        if (gate != Gate.None || irq < SlaveFirst)
            return gate;
        gate = _master.GateOf(Pic8259.Cascade, out level);
        by = level == Pic8259.None ? -1 : level;
        return gate == Gate.PicMasked ? Gate.CascadeMasked : gate;
    }

    internal PicPairState State
    {
        get
        {
            CopyTo(out PicPairState state);
            return state;
        }
        set => (_master.State, _slave.State, _output.Value) = (value.Master, value.Slave, value.Output);
    }

    /// <summary>Copies <see cref="State"/> to its place at once. A copy of a copy waits for the stores of the first, which are of other
    /// widths.</summary>
    internal void CopyTo(out PicPairState state)
    {
        Unsafe.SkipInit(out state);
        state.Master = _master.State;
        state.Slave = _slave.State;
        state.Output = _output.Value;
    }

    /// <summary>Whether <see cref="State"/> is this, without a copy of it.</summary>
    internal bool IsIn(in PicPairState state) =>
        AreSame(_master.State, state.Master) && AreSame(_slave.State, state.Slave) && AreSame(_output.Value, state.Output);

    // The states of chips have no padding.
    private static bool AreSame<T>(in T one, in T other) where T : unmanaged =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in one)).SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in other)));
}
