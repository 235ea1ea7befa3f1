using Wirq.Traces.Recordings;

namespace Wirq.Traces.Why;

/// <summary>Says whether a gate is shown by the log, or depends on a register's reset state that the log does not
/// show.</summary>
/// <remarks>A log that does not begin with the machine's reset, or does not trace a chip's writes, shows the state of a
/// register from its first write on. The chips' values before that are a guess, and no gate is named from
/// them.</remarks>
internal sealed class Certainty(WhyEngine engine)
{
    /// <summary>Why a gate cannot be named.</summary>
    /// <param name="raise">The raise at the gate; null for a vector at a CPU.</param>
    /// <param name="held">The gate.</param>
    /// <returns>What is not known; null if the log shows the gate.</returns>
    public string? Doubt(Raise? raise, Held held)
    {
        if (raise is { Blind: true, Last: null } && !WrittenSince(raise, held))
            return OfRaise(raise);
        switch (held.Gate)
        {
            case Gate.PinMasked or Gate.EdgeLost when held is { Since.IsStart: true, Written.IsStart: true, Shown: null }:
                return engine.Knows(LogParts.Entries) ? null : Entry;
            case Gate.Lint0Closed when held.Since.IsStart:
                return engine.KnowsApics ? null : $"what LINT0 of cpu{held.Cpu} was when the log began is not in it";
            case Gate.LvtMasked or Gate.SoftwareDisabled or Gate.HardwareDisabled or Gate.TaskPriority when held.Since.IsStart:
                return engine.KnowsApics ? null : "what the local APIC was when the log began is not in it";
            case Gate.NoDestination when !engine.KnowsApics && AnyUnnamed():
                return "which ids all local APICs had when the log began is not in it";
            case Gate.PicBehind or Gate.CpuUnknown or Gate.None when raise is { Source.Class: SourceClass.Irq, Last: null }:
                return engine.KnowsIrq(raise.Source.Index) ? null : Pic;
            default:
                return null;
        }
    }

    private const string Entry = "no line of the log writes the entry of the pin";
    private const string Pic = "what the registers of the 8259 pair were when the log began is not in it";

    private static string OfRaise(Raise raise) => raise.Source.Class == SourceClass.Irq ? Pic : Entry;

    /// <summary>Whether a register that was written later holds it now.</summary>
    private static bool WrittenSince(Raise raise, Held held) => held.Shown is not null || raise.Fell is null
        && held is { Gate: Gate.PinMasked or Gate.PicMasked or Gate.CascadeMasked or Gate.RemoteIrr, Since.IsStart: false };

    private bool AnyUnnamed() => engine.AllCpus.Any(cpu => !cpu.KnowsIdentity);
}
