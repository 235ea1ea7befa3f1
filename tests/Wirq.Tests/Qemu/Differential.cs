using System.Globalization;
using System.Text;

namespace Wirq.Tests.Qemu;

/// <summary>How one chip is driven on both sides: an operation for QEMU, the same one for Wirq, and the visible results
/// of each.</summary>
internal interface ISubject<TOperation>
{
    /// <summary>Operations that bring QEMU's chip into the state that <see cref="Restart"/> gives to Wirq's.</summary>
    IReadOnlyList<TOperation> Preamble { get; }

    /// <summary>Creates a new chip of Wirq, as after power-on.</summary>
    void Restart();

    /// <summary>An operation at random.</summary>
    TOperation Draw(Random random);

    /// <summary>Performs them on QEMU, and returns the visible results of each.</summary>
    Task<IReadOnlyList<string>> Hear(IReadOnlyList<TOperation> operations);

    /// <summary>Performs it on Wirq's chip, and returns the visible results.</summary>
    string Does(TOperation operation);
}

/// <summary>Drives QEMU's chip and Wirq's with the same random operations, and compares all visible results. Operations
/// are in sequences, each from the same state, so that a difference is reduced to the shortest sequence that shows
/// it.</summary>
internal sealed class Differential<TOperation>(ISubject<TOperation> subject)
{
    private const int Stretch = 2000;

    /// <summary>Compares <paramref name="count"/> operations.</summary>
    /// <returns>Null, or the shortest sequence found that differs.</returns>
    internal async Task<string?> Run(int seed, int count)
    {
        var random = new Random(seed);
        for (int done = 0; done < count; done += Stretch)
        {
            var operations = new TOperation[Math.Min(Stretch, count - done)];
            for (int i = 0; i < operations.Length; i++)
                operations[i] = subject.Draw(random);
            if (await Compare(operations) is { } parted)
                return await Reduce(operations.AsMemory(0, parted.At + 1).ToArray());
        }
        return null;
    }

    /// <summary>A difference: the operation, and the results of both.</summary>
    private sealed record Parting(int At, string Theirs, string Ours)
    {
        private const int Context = 60, Shown = 200;

        public override string ToString()
        {
            int same = Theirs.AsSpan().CommonPrefixLength(Ours), from = Math.Max(0, same - Context);
            return $"QEMU {Excerpt(Theirs, from)}\nours {Excerpt(Ours, from)}";
        }

        private static string Excerpt(string seen, int from) =>
            (from > 0 ? "…" : "") + seen[from..Math.Min(seen.Length, from + Shown)] + (seen.Length > from + Shown ? "…" : "");
    }

    private async Task<Parting?> Compare(TOperation[] operations)
    {
        IReadOnlyList<string> heard = await subject.Hear([.. subject.Preamble, .. operations]);
        subject.Restart();
        foreach (TOperation operation in subject.Preamble)
            subject.Does(operation);
        for (int i = 0; i < operations.Length; i++)
        {
            string theirs = heard[subject.Preamble.Count + i], ours = subject.Does(operations[i]);
            if (theirs != ours)
                return new(i, theirs, ours);
        }
        return null;
    }

    /// <summary>Leaves out what is not needed for a difference, in ever smaller pieces.</summary>
    private async Task<string> Reduce(TOperation[] operations)
    {
        Parting parting = (await Compare(operations))
            ?? throw new InvalidOperationException("QEMU did otherwise when it was asked again: the preamble misses something");
        for (int piece = operations.Length / 2; piece > 0; piece = piece == 1 ? 0 : (piece + 1) / 2)
        {
            bool shorter = true;
            while (shorter)
            {
                shorter = false;
                for (int at = 0; at < operations.Length; at += piece)
                {
                    TOperation[] fewer = [.. operations[..at], .. operations[Math.Min(at + piece, operations.Length)..]];
                    if (fewer.Length == 0 || await Compare(fewer) is not { } still)
                        continue;
                    (operations, parting, shorter) = (fewer[..(still.At + 1)], still, true);
                    at -= piece;
                }
            }
        }
        var story = new StringBuilder();
        foreach (TOperation operation in operations)
            story.Append(CultureInfo.InvariantCulture, $"  {operation}\n");
        return $"{operations.Length} operations:\n{story}{parting}";
    }
}
