using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring;

/// <summary>What a worker found behind a run of states. It is merged in the order of the states, whoever found it.</summary>
internal sealed class Chunk
{
    // States that this chunk found already: the last at each place.
    private const int Remembered = 1 << 11;
    private readonly (UInt128 Identity, int Candidate, int Stamp)[] _seen = new (UInt128, int, int)[Remembered];
    private int _stamp;

    internal int First, Count;
    internal Outcome[] Outcomes = new Outcome[256];
    internal int OutcomeCount;
    /// <summary>The number of outcomes up to the end of each state.</summary>
    internal int[] Ends = new int[256];
    /// <summary>How often each law judged up to the end of each state: a search that stops within a chunk has judged no more than it has
    /// merged.</summary>
    internal long[] Judged = [];
    internal Candidate[] Candidates = new Candidate[128];
    internal int CandidateCount;
    internal byte[] Packed = new byte[1 << 14];
    internal int PackedCount;
    /// <summary>The violation that the last outcome is; null for none.</summary>
    internal Violation? Violation;

    internal void Begin(int first, int count)
    {
        (First, Count, OutcomeCount, CandidateCount, PackedCount, Violation) = (first, count, 0, 0, 0, null);
        _stamp++;
        if (Ends.Length < count)
            Ends = new int[count];
    }

    /// <summary>A transition leads to a state that was visited.</summary>
    internal void Known(ActionCode action, long number) => Add(new Outcome(action, -1, (uint)number));

    /// <summary>A transition leads to a state that this chunk found before.</summary>
    internal bool TryAgain(ActionCode action, UInt128 identity)
    {
        ref (UInt128 Identity, int Candidate, int Stamp) seen = ref _seen[(int)(uint)identity & (Remembered - 1)];
        if (seen.Stamp != _stamp || seen.Identity != identity)
            return false;
        Add(new Outcome(action, seen.Candidate, 0));
        return true;
    }

    /// <summary>A transition leads to a state that may be new.</summary>
    internal void Found(ActionCode action, UInt128 identity, World world, World root, PackPool pool, bool isEnd)
    {
        int most = world.PackedMost;
        if (Packed.Length - PackedCount < most)
            Array.Resize(ref Packed, Math.Max(Packed.Length * 2, PackedCount + most));
        int length = world.Pack(root, pool, Packed.AsSpan(PackedCount));
        if (CandidateCount == Candidates.Length)
            Array.Resize(ref Candidates, CandidateCount * 2);
        _seen[(int)(uint)identity & (Remembered - 1)] = (identity, CandidateCount, _stamp);
        Candidates[CandidateCount] = new Candidate { Identity = identity, At = PackedCount, Length = length, IsEnd = isEnd, Number = -1 };
        PackedCount += length;
        Add(new Outcome(action, CandidateCount++, 0));
    }

    /// <summary>A transition violates what must hold.</summary>
    internal void Violates(ActionCode action, Violation violation)
    {
        Violation = violation;
        Add(new Outcome(action, Outcome.Violating, 0));
    }

    /// <summary>A transition leads nowhere that is to be explored.</summary>
    internal void Pruned(ActionCode action) => Add(new Outcome(action, Outcome.Nowhere, 0));

    internal void EndState(int index) => Ends[index] = OutcomeCount;

    private void Add(Outcome outcome)
    {
        if (OutcomeCount == Outcomes.Length)
            Array.Resize(ref Outcomes, OutcomeCount * 2);
        Outcomes[OutcomeCount++] = outcome;
    }
}

/// <summary>Where a transition led.</summary>
/// <param name="Action">The transition.</param>
/// <param name="Candidate">The candidate; -1 for a visited state.</param>
/// <param name="Number">The number of the visited state.</param>
internal readonly record struct Outcome(ActionCode Action, int Candidate, uint Number)
{
    internal const int Violating = -2, Nowhere = -3;
}

/// <summary>A state that may be new.</summary>
internal struct Candidate
{
    internal UInt128 Identity;
    internal int At, Length;
    /// <summary>Whether nothing can happen in it.</summary>
    internal bool IsEnd;
    /// <summary>Its number, once it is merged.</summary>
    internal long Number;
}
