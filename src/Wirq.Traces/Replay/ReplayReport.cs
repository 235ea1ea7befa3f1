namespace Wirq.Traces.Replay;

/// <summary>A law's verdict on a replay.</summary>
/// <param name="Name">The law.</param>
/// <param name="Held">Whether it held.</param>
/// <param name="Detail">What it says; where it was broken, how.</param>
public sealed record LawVerdict(string Name, bool Held, string Detail);

/// <summary>What a replay found.</summary>
public sealed class ReplayReport
{
    internal ReplayReport(ResponseCounts responses) => Responses = responses;

    /// <summary>Lines of the log, of any kind.</summary>
    public long Lines { get; internal set; }
    /// <summary>Lines that tell an event.</summary>
    public long Recognised { get; internal set; }
    /// <summary>Lines that have an event's name but not its fields.</summary>
    public long Malformed { get; internal set; }
    /// <summary>Lines that came before the first of a CPU, or belong to a reset of the machine: not compared.</summary>
    public long Skipped { get; internal set; }
    /// <summary>Inputs that were fed to the chips.</summary>
    public long Stimuli { get; internal set; }
    /// <summary>CPUs that the log shows.</summary>
    public int Cpus { get; internal set; }
    /// <summary>How the log shows what CPUs took.</summary>
    public string Acknowledges { get; internal set; } = "";
    /// <summary>What the log says of itself that limits the comparison.</summary>
    public IReadOnlyList<string> Notes { get; internal set; } = [];
    /// <summary>The responses.</summary>
    public ResponseCounts Responses { get; }
    /// <summary>The first place where the chips and the log part; null where there is none.</summary>
    public Mismatch? First { get; internal set; }
    /// <summary>Differences that are no mismatches, as the log lacks lines that decide them; <see cref="Notes"/> says
    /// which.</summary>
    public long NotJudged { get; internal set; }
    /// <summary>Accepted interrupts by source and CPU.</summary>
    public IReadOnlyList<Delivered> Delivered { get; internal set; } = [];
    /// <summary>What went through the remapping unit; null where there is none.</summary>
    public RemappingReport? Remapping { get; internal set; }
    /// <summary>The laws.</summary>
    public IReadOnlyList<LawVerdict> Laws { get; internal set; } = [];

    /// <summary>No mismatch, and every law held.</summary>
    public bool Succeeded => Responses.Total(ResponseVerdict.Mismatched) == 0 && Laws.All(law => law.Held);
}
