namespace Wirq;

/// <summary>All mutable state of a pair, as one value.</summary>
internal readonly record struct PicPairState(PicState Master, PicState Slave, PicOutput Output);

// The state as a value, for code that tries a command, or changes the state between two steps.
public sealed partial class PicPair
{
    internal Pic8259 Master => _master;
    internal Pic8259 Slave => _slave;

    internal PicPairState State
    {
        get => new(_master.State, _slave.State, _output.Value);
        set => (_master.State, _slave.State, _output.Value) = (value.Master, value.Slave, value.Output);
    }
}
