using System.Runtime.InteropServices;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>A line that the log must have, according to the chips.</summary>
/// <param name="Event">Its event.</param>
/// <param name="A">As in <see cref="TraceLine"/>.</param>
/// <param name="B">As in <see cref="TraceLine"/>.</param>
/// <param name="C">As in <see cref="TraceLine"/>.</param>
/// <param name="D">As in <see cref="TraceLine"/>.</param>
/// <param name="E">As in <see cref="TraceLine"/>.</param>
/// <param name="F">As in <see cref="TraceLine"/>.</param>
internal readonly record struct Prediction(TraceEvent Event, ulong A = 0, ulong B = 0, ulong C = 0, ulong D = 0, ulong E = 0,
    ulong F = 0)
{
    /// <summary>Any sender, if only the log has it.</summary>
    internal const ulong AnySender = ulong.MaxValue;

    private const ulong AssertBit = 1 << 14, WholeEntry = 8;
    private const int ModeShift = 8;

    /// <summary>Whether a line of the log is the predicted one.</summary>
    internal bool IsMetBy(in TraceLine line) => line.Event == Event && Event switch
    {
        // The first versions printed the whole entry instead of its delivery mode.
        TraceEvent.ApicLocalDeliver => line.A == A && (line.B < WholeEntry ? line.B : line.B >> ModeShift & 7) == B,
        // QEMU's I/OAPIC does not set the assert bit of a level message; QEMU's local APICs do not check it.
        TraceEvent.RemapRequest => line.A == A && ((line.B ^ B) & ~AssertBit) == 0,
        TraceEvent.RemapVectorDiffers or TraceEvent.RemapTriggerDiffers =>
            (A == AnySender || line.A == A) && line.B == B && line.C == C && line.D == D,
        _ => line.A == A && line.B == B && line.C == C && line.D == D && line.E == E && line.F == F,
    };

    /// <inheritdoc/>
    public override string ToString() => LineText.Of(Event, A, B, C, D, E, F);
}

/// <summary>The lines that are expected before the next stimulus. There are few, so they are searched
/// linearly.</summary>
internal sealed class PredictionList
{
    private readonly List<Prediction> _owed = [];

    internal List<Prediction> Owed => _owed;

    internal void Add(in Prediction owed) => _owed.Add(owed);

    /// <summary>Removes the prediction that a line fulfils.</summary>
    internal bool TryMeet(in TraceLine line)
    {
        ReadOnlySpan<Prediction> owed = CollectionsMarshal.AsSpan(_owed);
        for (int i = 0; i < owed.Length; i++)
        {
            if (owed[i].IsMetBy(line))
            {
                _owed.RemoveAt(i);
                return true;
            }
        }
        return false;
    }

    /// <summary>Removes the first prediction of a kind, with any values.</summary>
    internal bool TryStrike(TraceEvent happened, out Prediction struck)
    {
        for (int at = 0; at < _owed.Count; at++)
        {
            if (_owed[at].Event != happened)
                continue;
            struck = _owed[at];
            _owed.RemoveAt(at);
            return true;
        }
        struck = default;
        return false;
    }

    internal void Clear() => _owed.Clear();
}
