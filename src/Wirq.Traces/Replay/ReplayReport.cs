using Wirq.Traces.Why;

namespace Wirq.Traces.Replay;

/// <summary>A law's verdict on a replay.</summary>
/// <param name="Name">The law.</param>
/// <param name="Held">Whether it held.</param>
/// <param name="Detail">Its statement; if it was broken, how.</param>
public sealed record LawVerdict(string Name, bool Held, string Detail);

/// <summary>The result of a replay.</summary>
public sealed class ReplayReport
{
    internal ReplayReport(ResponseCounts responses) => Responses = responses;

    /// <summary>The number of lines of the log, of any kind.</summary>
    public long Lines { get; internal set; }
    /// <summary>The number of lines that contain an event.</summary>
    public long Recognised { get; internal set; }
    /// <summary>The number of lines that have an event's name but not its fields.</summary>
    public long Malformed { get; internal set; }
    /// <summary>The number of lines that were not compared: they came before the first line of a CPU, or belong to a
    /// reset of the machine.</summary>
    public long Skipped { get; internal set; }
    /// <summary>The number of inputs that were fed to the chips.</summary>
    public long Stimuli { get; internal set; }
    /// <summary>The number of CPUs that the log shows.</summary>
    public int Cpus { get; internal set; }
    /// <summary>How the log shows which vectors CPUs took.</summary>
    public string Acknowledges { get; internal set; } = "";
    /// <summary>Properties of the log that limit the comparison.</summary>
    public IReadOnlyList<string> Notes { get; internal set; } = [];
    /// <summary>Lines of other forms; null for none.</summary>
    internal LeftOutLines? LeftOut { get; init; }
    /// <summary>The responses.</summary>
    public ResponseCounts Responses { get; }
    /// <summary>The first difference between the chips and the log; null if there is none.</summary>
    public Mismatch? First { get; internal set; }
    /// <summary>The number of differences that are not mismatches, because the log lacks lines that would decide;
    /// <see cref="Notes"/> lists them.</summary>
    public long NotJudged { get; internal set; }
    /// <summary>Accepted interrupts by source and CPU.</summary>
    public IReadOnlyList<Delivered> Delivered { get; internal set; } = [];
    /// <summary>Counts at the remapping unit; null if there is none.</summary>
    public RemappingReport? Remapping { get; internal set; }
    /// <summary>The laws.</summary>
    public IReadOnlyList<LawVerdict> Laws { get; internal set; } = [];

    /// <summary>Whether there is no mismatch and every law held.</summary>
    public bool Succeeded => Responses.Total(ResponseVerdict.Mismatched) == 0 && Laws.All(law => law.Held);
}
