using System.Globalization;

namespace Wirq.Lab.Running;

/// <summary>What came of a step, as far as its words do not say it.</summary>
internal enum StepOutcomeKind
{
    /// <summary>Nothing more.</summary>
    None,
    /// <summary>A register read so.</summary>
    Found,
    /// <summary>It took <c>#GP</c>.</summary>
    Faulted,
    /// <summary>A CPU took a vector.</summary>
    Taken,
    /// <summary>A CPU had nothing to take.</summary>
    NothingTaken,
    /// <summary>An INTA cycle gave a vector.</summary>
    Given,
    /// <summary>The device was removed before.</summary>
    Gone,
}

/// <summary>What came of a step.</summary>
/// <param name="Kind">In which way.</param>
/// <param name="Value">The value or vector.</param>
internal readonly record struct StepOutcome(StepOutcomeKind Kind, ulong Value = 0)
{
    /// <summary>The end of a sentence that begins with the step.</summary>
    internal string Text => Kind switch
    {
        StepOutcomeKind.Found => string.Create(CultureInfo.InvariantCulture, $" and finds 0x{Value:x}"),
        StepOutcomeKind.Faulted => " and takes #GP",
        StepOutcomeKind.Taken => string.Create(CultureInfo.InvariantCulture, $" and takes 0x{Value:x2}"),
        StepOutcomeKind.NothingTaken => " and has none",
        StepOutcomeKind.Given => string.Create(CultureInfo.InvariantCulture, $" and gets 0x{Value:x2}"),
        StepOutcomeKind.Gone => ", and was removed before",
        _ => "",
    };
}
