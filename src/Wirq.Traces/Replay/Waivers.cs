namespace Wirq.Traces.Replay;

/// <summary>A line that QEMU prints twice, or does not print, without a difference in any state.</summary>
/// <param name="Name">Its name in reports and in <c>docs/replay.md</c>.</param>
/// <param name="Reason">Why it is not a difference.</param>
public sealed record Waiver(string Name, string Reason)
{
    /// <summary>See <see cref="Reason"/>.</summary>
    internal static readonly Waiver RemoteIrrAgain = new("remote-irr-again",
        "whenever QEMU serves any pin it walks over all of them and prints ioapic_set_remote_irr for each pending level "
        + "pin, also where Remote IRR is set already; nothing is set and nothing is sent");

    /// <summary>See <see cref="Reason"/>.</summary>
    internal static readonly Waiver EntryOfRefused = new("entry-of-refused",
        "QEMU looks up the entry of a request, and prints it, before it finds the reserved bits in the request's data; the "
        + "request is blocked all the same");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Waiver> All { get; } = [RemoteIrrAgain, EntryOfRefused];
}
