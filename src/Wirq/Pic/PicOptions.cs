namespace Wirq;

/// <summary>How a pair of 8259s is built.</summary>
public sealed record PicOptions
{
    /// <summary>The inputs of a PC that can be level-triggered (Intel 82371AB, 4.4.1).</summary>
    internal const ushort LevelInputsOfPc = 0xDEF8;

    /// <summary>The profile of its behaviour.</summary>
    public Profile Profile { get; init; } = Profile.Manual;
    /// <summary>When holders of a level pin get its acknowledge.</summary>
    public AckPolicy Ack { get; init; } = AckPolicy.Done;
    /// <summary>Writable bits of the edge/level control registers, slave in bits 15:8; IRQ 0, 1, 2, 8 and 13 are edge
    /// by wiring (Intel 82371AB, 4.4.1). Bit 2, the cascade, is never writable.</summary>
    public ushort ElcrMask { get; init; } = LevelInputsOfPc;

    /// <summary>Throws if no pair can be built from these options.</summary>
    /// <exception cref="OptionException">A field is out of its range.</exception>
    public void Validate() => Validate(OptionCheck.Whole);

    internal void Validate(OptionCheck check)
    {
        check.Defined(Profile);
        check.Defined(Ack);
    }
}
