using Wirq.Board.Machine;
using Wirq.Events;

namespace Wirq.Board.Tests.Machine;

public sealed class BoardCounterTests
{
    private readonly BoardCounter _counter = new();

    public BoardCounterTests() => _counter.Begin(source => $"source {source}");

    private BoardCounts Now => _counter.All[^1];

    [Fact]
    public void A_line_counts_for_each_time_that_a_source_raises_it()
    {
        _counter.Observe(new SourceChanged(3, 18, Asserts: true, SourceKind.Wired, ByAck: false).ToEvent());
        _counter.Observe(new SourceChanged(3, 18, Asserts: false, SourceKind.Wired, ByAck: false).ToEvent());
        _counter.Observe(new SourceChanged(3, 18, Asserts: true, SourceKind.Wired, ByAck: false).ToEvent());
        Assert.Equal([new RaisedLine("source 3", 18, 2)], Now.Lines);
    }

    [Fact]
    public void Messages_count_by_device_and_vector_and_misses_by_themselves()
    {
        _counter.Sending(0x10, 1);
        _counter.Sending(0x10, 1);
        _counter.Sending(0x18, 0);
        _counter.Observe(new VirqTriggered(4, ByEventFd: true).ToEvent());
        Assert.Equal([new SentMessages(0x10, 1, 2), new SentMessages(0x18, 0, 1)], Now.Messages);
        Assert.Equal(1, Now.Misses);
    }

    [Fact]
    public void Invalidations_count_by_their_range_when_they_are_done()
    {
        _counter.Observe(new RemapInvalidation(Done: false, 0, 7, 7, 0).ToEvent());
        _counter.Observe(new RemapInvalidation(Done: true, 0, 7, 7, 1).ToEvent());
        _counter.Observe(new RemapInvalidation(Done: true, 0, 7, 7, 0).ToEvent());
        _counter.Observe(new RemapInvalidation(Done: true, 0, 0, 15, 3).ToEvent());
        Assert.Equal([new InvalidatedRange(0, 0, 15, 1, 3), new InvalidatedRange(0, 7, 7, 2, 1)], Now.Ranges);
        Assert.Equal((3, 4), (Now.Invalidations, Now.Touched));
    }

    [Theory]
    [InlineData(false, false, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    public void A_fault_counts_as_recorded_or_not(bool suppressed, bool lost, bool recorded)
    {
        _counter.Observe(new RemapFaulted(0, 0x08, 0x22, 3, suppressed, lost).ToEvent());
        Assert.Equal([new BlockedMessage(0, 0x08, 0x22, 3, recorded, 1)], Now.Faults);
    }

    [Fact]
    public void A_mark_keeps_the_counts_until_the_next_one_of_its_number()
    {
        _counter.Sending(0x10, 0);
        _counter.Mark(1);
        _counter.Sending(0x10, 0);
        _counter.Mark(18);
        _counter.Sending(0x10, 0);
        Assert.Equal([((byte?)1, 1L), ((byte)2, 2L), (null, 3L)], _counter.All.Select(counts => (counts.Mark, counts.Messages[0].Count)));
        _counter.Mark(1);
        Assert.Equal(3, _counter.All[0].Messages[0].Count);
    }

    [Fact]
    public void What_a_guest_can_invent_is_told_apart_so_far_and_then_summed_only()
    {
        for (int index = 0; index < BoardCounts.MostRows + 5; index++)
        {
            _counter.Observe(new RemapInvalidation(Done: true, 0, (ulong)index, (ulong)index, 1).ToEvent());
            _counter.Observe(new RemapFaulted(0, 0x08, 0x22, (ushort)index, false, false).ToEvent());
        }
        Assert.Equal((BoardCounts.MostRows, BoardCounts.MostRows), (Now.Ranges.Count, Now.Faults.Count));
        Assert.Equal((BoardCounts.MostRows + 5, BoardCounts.MostRows + 5), (Now.Invalidations, Now.Touched));
    }
}
