namespace Wirq.Traces.Kvm.Judging;

/// <summary>What kind of thing sent a vector to a local APIC.</summary>
internal enum SenderKind : byte
{
    /// <summary>The records before it do not tell.</summary>
    Untold,
    /// <summary>A pin of the I/OAPIC.</summary>
    Pin,
    /// <summary>A line that has no pin: its GSI is a message.</summary>
    Line,
    Message,
    Ipi,
    /// <summary>The timer of a local APIC.</summary>
    Timer,
}

/// <summary>What sent a vector to a local APIC, as far as the records before it tell.</summary>
/// <param name="Kind">What kind of thing.</param>
/// <param name="Number">The pin, the GSI or the vCPU; -1 where it is not told.</param>
internal readonly record struct Sender(SenderKind Kind, int Number = KvmRecord.Untold)
{
    /// <summary>Its name in an answer; null where it is not told.</summary>
    internal string? Words => Kind switch
    {
        SenderKind.Pin => PinName(Number),
        SenderKind.Line => $"gsi:{Number}",
        SenderKind.Message => "a message",
        SenderKind.Ipi => Number >= 0 ? $"an IPI of vCPU {Number}" : "an IPI",
        SenderKind.Timer => $"the timer of vCPU {Number}",
        _ => null,
    };

    internal static string PinName(int pin) => $"ioapic:{pin}";

    internal static Sender OfPin(PinState pin) => new(SenderKind.Pin, pin.Pin);

    /// <summary>The line of a GSI: its pin, if it has one.</summary>
    internal static Sender OfGsi(int gsi) =>
        gsi is >= 0 and < VmTrail.PinCount ? new(SenderKind.Pin, VmTrail.PinOfGsi(gsi)) : new(SenderKind.Line, gsi);
}
