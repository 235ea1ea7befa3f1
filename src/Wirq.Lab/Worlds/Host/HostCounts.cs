using System.Runtime.InteropServices;
using Wirq.Lab.Scenarios;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>What expectations of a scenario count at the host. What none asks for is not counted, because it does not affect later
/// behaviour.</summary>
internal sealed class HostCounts
{
    private static readonly HostWord[] s_words = [HostWord.Entries, HostWord.Signals, HostWord.Unmasks, HostWord.Idle, HostWord.Early];

    private readonly Block<HostCount> _counts;
    private readonly HashSet<(HostWord Word, int Which)> _asked;
    private readonly int _each;

    internal HostCounts(Scenario scenario, int lines, int devices, StateArena arena)
    {
        _each = Math.Max(1, Math.Max(lines, devices));
        _counts = arena.ReserveDerived<HostCount>(s_words.Length * _each);
        _asked = [.. scenario.Checks().OfType<RegisterCheck>().Select(check => check.Register)
            .Where(register => register.Kind == RegisterKind.Host).Select(register => ((HostWord)register.Unit, (int)register.Number))];
    }

    internal void Note(HostWord word, int which)
    {
        if (_asked.Contains((word, which)))
            The(word, which)++;
    }

    internal uint Of(HostWord word, int which) => The(word, which);

    /// <summary>The set-up of the machine does not count.</summary>
    internal void Clear() => _counts.Span.Clear();

    /// <summary>Its part of a world's identity.</summary>
    internal ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes(_counts.Span);

    private ref uint The(HostWord word, int which) => ref _counts[Array.IndexOf(s_words, word) * _each + which].Count;
}
