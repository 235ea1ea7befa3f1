using Wirq.State;

namespace Wirq.Tests.State;

public class StateArenaTests
{
    private struct Small : IState
    {
        public byte Value;
    }

    private struct Timed : IState
    {
        public long Deadline;
        public ulong Other;

        internal static void MakeRelative(Span<Timed> copy, long now)
        {
            foreach (ref Timed state in copy)
            {
                if (state.Deadline != 0)
                    state.Deadline -= now;
            }
        }
    }

    private static (StateArena Arena, Block<Small> Small, Block<Timed> Timed) Build()
    {
        var arena = new StateArena();
        return (arena, arena.Reserve<Small>(3), arena.Reserve<Timed>(2, Timed.MakeRelative));
    }

    [Fact]
    public void A_block_begins_zeroed_and_holds_what_is_written_to_it()
    {
        (_, Block<Small> small, Block<Timed> timed) = Build();
        Assert.Equal(3, small.Count);
        foreach (ref Small one in small.Span)
            Assert.Equal(0, one.Value);
        small[2].Value = 9;
        timed.Value.Other = 5;
        timed[1].Other = 6;
        Assert.Equal([0, 0, 9], small.Span.ToArray().Select(one => (int)one.Value));
        Assert.Equal([5ul, 6ul], timed.Span.ToArray().Select(one => one.Other));
    }

    [Fact]
    public void An_arena_in_the_memory_of_another_begins_zeroed_and_asks_for_no_more()
    {
        (StateArena spent, Block<Small> small, Block<Timed> timed) = Build();
        spent.Reserve<Timed>(5000)[4999].Other = 7;
        (small[2].Value, timed[1].Deadline) = (9, 5);
        var arena = new StateArena(spent);
        long before = GC.GetAllocatedBytesForCurrentThread();
        (Block<Small> newSmall, Block<Timed> newTimed, Block<Timed> large) = (arena.Reserve<Small>(3), arena.Reserve<Timed>(2, Timed.MakeRelative), arena.Reserve<Timed>(5000));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
        Assert.Equal(spent.Held, arena.Held);
        Assert.Equal([0, 0, 0], newSmall.Span.ToArray().Select(one => (int)one.Value));
        Assert.All(newTimed.Span.ToArray().Concat(large.Span.ToArray()), one => Assert.Equal((0L, 0ul), (one.Deadline, one.Other)));
    }

    [Fact]
    public void A_block_survives_the_growth_of_its_arena()
    {
        (StateArena arena, Block<Small> small, _) = Build();
        small[1].Value = 7;
        Block<Timed> large = arena.Reserve<Timed>(1000);
        large[999].Other = 1;
        Assert.Equal(7, small[1].Value);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void What_lies_outside_a_block_is_out_of_reach(int index) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Build().Small[index].Value);

    [Fact]
    public void A_block_has_at_least_one_place() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new StateArena().Reserve<Small>(0));

    [Fact]
    public void A_copy_equals_and_then_goes_its_own_way()
    {
        (StateArena arena, Block<Small> small, Block<Timed> timed) = Build();
        (StateArena copy, Block<Small> smallCopy, Block<Timed> timedCopy) = Build();
        (small[0].Value, timed[1].Deadline) = (4, 100);
        copy.CopyFrom(arena);
        Assert.Equal((4, 100L), (smallCopy[0].Value, timedCopy[1].Deadline));
        Assert.True(arena.HasSameBytes(copy));
        Assert.Equal(arena.Identity(50), copy.Identity(50));
        smallCopy[0].Value = 5;
        Assert.Equal(4, small[0].Value);
        Assert.NotEqual(arena.Identity(50), copy.Identity(50));
    }

    [Fact]
    public void A_state_of_another_layout_does_not_fit()
    {
        StateArena arena = Build().Arena, other = Build().Arena;
        other.Reserve<Timed>();
        Assert.Throws<ArgumentException>(() => arena.CopyFrom(other));
    }

    /// <summary>Arenas that were copied once store that they have the same layout. Blocks that are reserved later are
    /// compared again.</summary>
    [Fact]
    public void A_block_that_is_reserved_after_a_copy_is_compared_and_copied()
    {
        StateArena first = Build().Arena, second = Build().Arena;
        second.CopyFrom(first);
        second.CopyFrom(first);
        Block<Small> more = first.Reserve<Small>(3);
        Assert.Throws<ArgumentException>(() => second.CopyFrom(first));
        Block<Timed> other = second.Reserve<Timed>(3);
        Assert.Throws<ArgumentException>(() => second.CopyFrom(first));
        StateArena third = Build().Arena;
        Block<Small> same = third.Reserve<Small>(3);
        third.CopyFrom(first);
        more[2].Value = 7;
        other[2].Deadline = 9;
        third.CopyFrom(first);
        Assert.Equal(((byte)7, 9L), (same[2].Value, other[2].Deadline));
    }

    [Fact]
    public void The_same_distance_from_another_now_is_the_same_state()
    {
        (StateArena early, _, Block<Timed> a) = Build();
        (StateArena late, _, Block<Timed> b) = Build();
        (a[1].Deadline, b[1].Deadline) = (150, 950);
        Assert.Equal(early.Identity(100), late.Identity(900));
        Assert.NotEqual(early.Identity(100), late.Identity(901));
        Assert.Equal(150, a[1].Deadline);
    }

    [Fact]
    public void Every_bit_of_the_state_makes_another_identity()
    {
        (StateArena arena, Block<Small> small, Block<Timed> timed) = Build();
        var seen = new HashSet<UInt128> { arena.Identity(0) };
        for (int bit = 0; bit < 64; bit++)
        {
            timed[0].Other = 1ul << bit;
            Assert.True(seen.Add(arena.Identity(0)));
        }
        timed[0].Other = 0;
        for (int index = 0; index < 3; index++)
        {
            small.Span.Clear();
            small[index].Value = 1;
            Assert.True(seen.Add(arena.Identity(0)));
        }
    }

    /// <summary>Blocks may be copied to an arena with other blocks before them, so that the division of its memory into slabs
    /// is different.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(10_000)]
    [InlineData(1_000_000)]
    public void Where_the_memory_is_cut_into_pieces_does_not_matter(int before)
    {
        StateArena one = Filled(new StateArena()), back = new();
        var behind = new StateArena();
        if (before > 0)
            behind.Reserve<Small>(before);
        int first = behind.Count;
        Reserved(behind);
        behind.CopyFrom(one, 0, first, one.Count);
        Reserved(back);
        back.CopyFrom(behind, first, 0, one.Count);
        Assert.True(one.HasSameBytes(back));
        Assert.Equal(one.Identity(0), back.Identity(0));

        static Block<Timed>[] Reserved(StateArena arena) =>
            [.. Enumerable.Range(1, 60).Select(i => i % 7 == 0 ? arena.ReserveDerived<Timed>(i)
                : i % 3 == 0 ? arena.Reserve<Timed>(i, Timed.MakeRelative) : arena.Reserve<Timed>(i))];

        static StateArena Filled(StateArena arena)
        {
            Block<Timed>[] blocks = Reserved(arena);
            for (int i = 0; i < blocks.Length; i++)
                blocks[i][i].Other = (ulong)i + 1;
            return arena;
        }
    }

    /// <summary>Behind guest memory come a few small blocks.</summary>
    [Fact]
    public void A_large_block_has_the_next_ones_take_no_more_room()
    {
        const int large = 1 << 20;
        var arena = new StateArena();
        arena.Reserve<Timed>();
        arena.Reserve<Small>(large);
        arena.Reserve<Timed>(2);
        Assert.InRange(arena.Held, large, large + 32_768);
    }

    [Fact]
    public void What_follows_from_other_blocks_is_copied_and_has_no_part_in_the_identity()
    {
        StateArena one = new(), other = new();
        Block<Small> a = one.ReserveDerived<Small>(2), b = other.ReserveDerived<Small>(2);
        one.Reserve<Small>();
        other.Reserve<Small>();
        a[1].Value = 3;
        Assert.Equal(one.Identity(0), other.Identity(0));
        other.CopyFrom(one);
        Assert.Equal(3, b[1].Value);
    }

    [Fact]
    public void A_block_outlives_the_arena_that_it_came_from()
    {
        Block<Timed> kept = Kept();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        byte[] other = GC.AllocateArray<byte>(8192, pinned: true);
        other.AsSpan().Fill(0xFF);
        Assert.Equal((7ul, 0ul), (kept[99].Other, kept[98].Other));

        static Block<Timed> Kept()
        {
            Block<Timed> block = new StateArena().Reserve<Timed>(100);
            block[99].Other = 7;
            return block;
        }
    }
}
