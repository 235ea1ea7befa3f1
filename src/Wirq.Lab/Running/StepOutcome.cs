using System.Globalization;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Running;

/// <summary>The kind of a step's outcome that the text of the step does not contain.</summary>
internal enum StepOutcomeKind
{
    /// <summary>No further outcome.</summary>
    None,
    /// <summary>A register was read.</summary>
    Found,
    /// <summary>The access raised <c>#GP</c>.</summary>
    Faulted,
    /// <summary>A CPU took a vector.</summary>
    Taken,
    /// <summary>A CPU had no interrupt to take.</summary>
    NothingTaken,
    /// <summary>An INTA cycle returned a vector.</summary>
    Given,
    /// <summary>The device was already removed.</summary>
    Gone,
    /// <summary>A hypercall was refused.</summary>
    Refused,
    /// <summary>A hypercall opened a port.</summary>
    Opened,
    /// <summary>The CPU waits in a hypercall.</summary>
    Waits,
}

/// <summary>The outcome of a step.</summary>
/// <param name="Kind">Its kind.</param>
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
        StepOutcomeKind.Refused => $" and gets {XenWords.Answers.WordOf((int)Value)}",
        StepOutcomeKind.Opened => string.Create(CultureInfo.InvariantCulture, $" and gets port {Value}"),
        StepOutcomeKind.Waits => " and waits",
        _ => "",
    };
}
