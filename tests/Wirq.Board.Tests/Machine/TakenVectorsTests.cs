using Wirq.Board.Machine;
using Wirq.Events;

namespace Wirq.Board.Tests.Machine;

public sealed class TakenVectorsTests
{
    private readonly TakenVectors _taken = new();

    public TakenVectorsTests() => _taken.Begin(2);

    [Fact]
    public void A_vector_counts_for_its_CPU_and_for_who_sent_it_last()
    {
        Take(0, 0x30, Origin.Pin(0, 4));
        Take(0, 0x30, Origin.Pin(0, 4));
        Take(1, 0x30, Origin.Pin(0, 5));
        Take(0, 0x30, Origin.Ipi(1));
        Assert.Equal(
            [new(0, 0x30, Origin.Pin(0, 4), 2), new(0, 0x30, Origin.Ipi(1), 1), new TakenVector(1, 0x30, Origin.Pin(0, 5), 1)],
            _taken.Counts);
    }

    [Fact]
    public void A_vector_of_the_8259s_counts_for_its_IRQ_and_the_spurious_one_for_nobody()
    {
        _taken.Observe(new PicTaken(0, 0x30, false, false, false).ToEvent());
        _taken.Observe(new VectorTaken(0, 0x30, VectorGiver.Pic).ToEvent());
        _taken.Observe(new VectorTaken(0, 0xFF, VectorGiver.Spurious).ToEvent());
        Assert.Equal([new(0, 0x30, Origin.Pic(0), 1), new TakenVector(0, 0xFF, default, 1)], _taken.Counts);
    }

    [Fact]
    public void What_is_only_pending_does_not_count()
    {
        _taken.Observe(new VectorAccepted(0, Origin.Pin(0, 4), 0x30, false, false).ToEvent());
        Assert.Empty(_taken.Counts);
    }

    [Fact]
    public void A_mark_keeps_the_counts_until_the_next_one()
    {
        Take(0, 0x30, Origin.Pin(0, 4));
        Assert.False(_taken.IsMarked);
        _taken.Mark();
        Take(0, 0x30, Origin.Pin(0, 4));
        Assert.Equal((1, true), (_taken.Counts[0].Count, _taken.IsMarked));
        _taken.Mark();
        Assert.Equal(2, _taken.Counts[0].Count);
    }

    private void Take(int cpu, byte vector, Origin origin)
    {
        _taken.Observe(new VectorAccepted(cpu, origin, vector, false, false).ToEvent());
        _taken.Observe(new VectorTaken(cpu, vector, VectorGiver.LocalApic).ToEvent());
    }
}
