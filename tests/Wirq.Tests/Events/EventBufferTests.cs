using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Events;

public class EventBufferTests
{
    private static Event Numbered(uint number) => new(EventKind.CpuInterrupt, 0, number);

    private static List<uint> Drain(EventBuffer buffer)
    {
        var numbers = new List<uint>();
        while (buffer.TryTake(out Event next))
            numbers.Add(next.Index);
        return numbers;
    }

    [Fact]
    public void An_event_takes_32_bytes() => Assert.Equal(32, Unsafe.SizeOf<Event>());

    // By name: the author of a new kind states here whether it is an effect.
    private static readonly EventKind[] s_effects =
    [
        EventKind.Ack, EventKind.KernelLine, EventKind.RouteChanged, EventKind.Deliver, EventKind.PinInjected,
        EventKind.EoiBroadcast, EventKind.CpuInterrupt, EventKind.CpuNmi, EventKind.CpuSmi, EventKind.CpuInit, EventKind.CpuStartUp,
        EventKind.MemoryWrite, EventKind.MessageInjected, EventKind.UnitMessage, EventKind.VirqUnbound, EventKind.RoutesCommitted,
        EventKind.VirqBound, EventKind.VirqWatched, EventKind.VirqUnwatched, EventKind.VirqRead, EventKind.VirqWritten,
        EventKind.VirqInjected, EventKind.XenUpcall, EventKind.XenPollerWoken, EventKind.XenConsumerTold,
        EventKind.XenGuestIntx, EventKind.XenGuestGsi, EventKind.XenGuestMessage, EventKind.HostChipCall, EventKind.HostHardHandler,
        EventKind.HostThreadWoken, EventKind.HostResend, EventKind.VfioSignalled, EventKind.VfioWork,
    ];

    [Fact]
    public void What_somebody_has_to_carry_out_is_an_effect_and_nothing_else_is()
    {
        EventKind[] kinds = Enum.GetValues<EventKind>();
        Assert.Equal(s_effects, kinds.Where(kind => new Event(kind).IsEffect));
        Assert.Equal(kinds.Length, kinds.Distinct().Count());
    }

    [Fact]
    public void Events_come_out_in_order()
    {
        var buffer = new EventBuffer();
        for (uint i = 0; i < 5; i++)
            buffer.Emit(Numbered(i));
        Assert.Equal(5, buffer.Count);
        Assert.Equal(3u, buffer.Peek(3).Index);
        Assert.Equal([0, 1, 2, 3, 4], Drain(buffer));
        Assert.False(buffer.TryTake(out Event none));
        Assert.Equal(default, none);
    }

    [Fact]
    public void The_ring_grows_in_order_from_any_position()
    {
        for (int offset = 0; offset < 5; offset++)
        {
            var buffer = new EventBuffer(capacity: 4);
            for (uint i = 0; i < offset; i++)
                buffer.Emit(Numbered(i));
            Drain(buffer);
            for (uint i = 0; i < 19; i++)
                buffer.Emit(Numbered(i));
            Assert.Equal(Enumerable.Range(0, 19).Select(i => (uint)i), Drain(buffer));
        }
    }

    [Fact]
    public void Appending_while_taking_keeps_the_order()
    {
        var buffer = new EventBuffer(capacity: 2);
        var taken = new List<uint>();
        uint next = 0;
        buffer.Emit(Numbered(next++));
        while (buffer.TryTake(out Event e))
        {
            taken.Add(e.Index);
            for (int i = 0; i < 2 && next < 50; i++)
                buffer.Emit(Numbered(next++));
        }
        Assert.Equal(Enumerable.Range(0, 50).Select(i => (uint)i), taken);
    }

    [Fact]
    public void An_event_bears_the_time_at_which_it_was_appended()
    {
        var buffer = new EventBuffer { Now = 40 };
        buffer.Emit(Numbered(0) with { Time = 7 });
        buffer.Now = 50;
        buffer.Emit(Numbered(1));
        Assert.Equal([40, 50], [buffer.Peek(0).Time, buffer.Peek(1).Time]);
    }

    [Fact]
    public void Observations_are_made_only_for_those_who_observe()
    {
        var buffer = new EventBuffer();
        buffer.Observe(new Event(EventKind.PinChanged));
        Assert.Equal(0, buffer.Count);
        buffer.Observing = true;
        buffer.Observe(new Event(EventKind.PinChanged));
        Assert.Equal(1, buffer.Count);
        buffer.Clear();
        Assert.Equal(0, buffer.Count);
    }

    [Fact]
    public void A_copy_takes_events_and_time_but_not_the_observer()
    {
        var from = new EventBuffer(capacity: 2) { Now = 10, Observing = true };
        for (uint i = 0; i < 6; i++)
        {
            from.Now = 10 + i;
            from.Emit(Numbered(i));
        }
        var to = new EventBuffer(capacity: 1);
        to.Emit(Numbered(99));
        to.CopyFrom(from);
        Assert.Equal((15, false, 6), (to.Now, to.Observing, to.Count));
        Assert.Equal([10, 11, 12, 13, 14, 15], Enumerable.Range(0, 6).Select(i => to.Peek(i).Time));
        Assert.Equal([0, 1, 2, 3, 4, 5], Drain(to));
        Assert.Equal(6, from.Count);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void Nothing_is_seen_outside_the_queue(int index)
    {
        var buffer = new EventBuffer();
        buffer.Emit(Numbered(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Peek(index));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EventBuffer(0));
    }

    [Fact]
    public void The_steady_state_allocates_nothing()
    {
        var buffer = new EventBuffer(capacity: 8) { Observing = true };
        Assert.Equal(0, Allocations.Of(100, () => Round(buffer)));
    }

    private static void Round(EventBuffer buffer)
    {
        for (uint i = 0; i < 20; i++)
            buffer.Observe(Numbered(i));
        while (buffer.TryTake(out _)) { }
    }
}
