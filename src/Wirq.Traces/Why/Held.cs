namespace Wirq.Traces.Why;

/// <summary>What holds an interrupt back, since when, and where.</summary>
/// <param name="Gate">The gate.</param>
/// <param name="Since">Since when it is closed.</param>
/// <param name="Cpu">The CPU, or -1.</param>
/// <param name="Number">The vector or IRQ that blocks it, or -1.</param>
internal sealed record Held(Gate Gate, Mark Since = default, int Cpu = -1, int Number = -1)
{
    /// <summary>Nothing holds it.</summary>
    public static readonly Held Nothing = new(Gate.None);

    /// <summary>The delivery whose EOI Remote IRR waits for, or the refused attempt.</summary>
    public Attempt? By { get; init; }
    /// <summary>The write of the entry that did not change the gate.</summary>
    public Mark Written { get; init; }
    /// <summary>The line that shows a register which no line had written; null if the gate does not rest on one.</summary>
    public Mark? Shown { get; init; }
    /// <summary>The holder of the line, by its name in the log.</summary>
    public string? Who { get; init; }
}
