using Wirq.State;

namespace Wirq;

/// <summary>One slot for a source.</summary>
internal struct SourceState : IState
{
    /// <summary>Marks the end of a list of slots.</summary>
    internal const ushort None = ushort.MaxValue;

    /// <summary>Counts the owners of the slot, so that an old handle is recognised; odd while in use.</summary>
    public uint Generation;
    public ushort Gsi;
    /// <summary>The next source of the same line.</summary>
    public ushort Next;
    public SourceKind Kind;
    public byte Asserted;
    /// <summary>The virq that drives it, plus 1; 0 for none.</summary>
    public ushort VirqAndOne;
    public uint Reserved;

    public readonly bool InUse => (Generation & 1) != 0;
    public readonly bool IsAsserted => Asserted != 0;
}

/// <summary>One line.</summary>
internal struct LineState : IState
{
    /// <summary>Its first source.</summary>
    public ushort First;
    /// <summary>How many of its sources assert.</summary>
    public ushort Asserting;
}
