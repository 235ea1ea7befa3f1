using Wirq.Lab.Exploring;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Tests.Exploring;

public sealed class VisitedSetTests
{
    [Fact]
    public void It_is_a_dictionary_of_at_most_48_bytes_a_state()
    {
        using var memory = new Segments(null, long.MaxValue);
        var set = new VisitedSet(memory);
        var known = new Dictionary<UInt128, long>();
        var random = new Random(5);
        for (int i = 0; i < 300_000; i++)
        {
            // Some are asked for again.
            UInt128 identity = i % 5 == 4 ? known.Keys.ElementAt(0) + (UInt128)0 : new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64());
            bool isNew = known.TryAdd(identity, known.Count);
            Assert.Equal(isNew, set.Add(identity, (uint)i, new ActionCode(new Transition(TransitionKind.Cpu, i % 7)), out long number));
            Assert.Equal(known[identity], number);
            if (known.Count > 10_000 && (i & 1023) == 0)
                Assert.InRange(set.Bytes / (double)set.Count, 24, 48);
        }
        Assert.Equal(known.Count, set.Count);
        foreach ((UInt128 identity, long number) in known)
            Assert.Equal(number, set.Find(identity));
        Assert.Equal(-1, set.Find(new UInt128(1, 2)));
    }

    /// <summary>Identities that differ in one half only, and those with a half of zero.</summary>
    [Fact]
    public void Halves_count()
    {
        using var memory = new Segments(null, long.MaxValue);
        var set = new VisitedSet(memory);
        UInt128[] all = [new(1, 1), new(1, 2), new(2, 1), new(2, 2), new(0, 7), new(7, 0)];
        Assert.All(all, identity => Assert.True(set.Add(identity, 0, default, out _)));
        Assert.All(all, identity => Assert.False(set.Add(identity, 0, default, out _)));
    }

    [Fact]
    public void An_action_is_its_transition()
    {
        foreach (TransitionKind kind in Enum.GetValues<TransitionKind>())
            Assert.Equal(new Transition(kind, 65535), new ActionCode(new Transition(kind, 65535)).Transition);
    }
}
