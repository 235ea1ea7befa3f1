using Wirq.Events;
using Wirq.Remapping;
using Wirq.Remapping.VtD;
using static Wirq.Tests.Remapping.VtdBench;

namespace Wirq.Tests.Remapping;

/// <summary>VT-d specification, 6.5.2: the invalidation queue.</summary>
public class VtdQueueTests
{
    private static VtdBench Bench() => new VtdBench().Remap().EnableQueue().Unmask(Iectl, 0xFEE02000, 0x35, upper: 0x7);

    [Theory]
    [InlineData(0, 0, 0, 0)]
    [InlineData(0x1234, 0, 0x1234, 0x1234)]
    [InlineData(0x1235, 1, 0x1234, 0x1235)]
    [InlineData(0x1237, 4, 0x1230, 0x123F)]
    [InlineData(0xFFFF, 15, 0x8000, 0xFFFF)]
    [InlineData(0x7FFF, 15, 0, 0x7FFF)]
    public void An_index_and_a_mask_name_an_aligned_run(ushort index, int mask, int first, int last)
    {
        VtdBench bench = Bench();
        bench.Submit(QueuedDescriptor.Entries(index, mask));
        Assert.Equal([Range(first, last)], bench.Steps);
        Assert.Empty(bench.Seen());
        Assert.Equal(16u, bench.Read(Iqh));
    }

    [Fact]
    public void A_global_invalidation_names_the_whole_unit_and_no_other()
    {
        VtdBench bench = new VtdBench(unit: 5).EnableQueue();
        bench.Submit(QueuedDescriptor.AllEntries);
        Assert.Equal([CookieRange.AllOf(5)], bench.Steps);
        Assert.Empty(bench.Seen());
    }

    [Fact]
    public void What_concerns_caches_that_are_not_there_is_done_without_effect()
    {
        VtdBench bench = Bench();
        bench.Submit(QueuedDescriptor.ContextCache, QueuedDescriptor.Iotlb, QueuedDescriptor.DeviceTlb(Nic),
            new(0x00000008_00030031, 0), new(0x00010032, 0xFFFFF000 | 0x47), new(0x00000310_001F0003, 0xFFFFF001));
        Assert.Equal(6, bench.Steps.Count);
        Assert.All(bench.Steps, range => Assert.True(range.IsEmpty));
        Assert.Empty(bench.Seen());
        Assert.Equal((96u, 0u), (bench.Read(Iqh), bench.Read(Fsts)));
    }

    [Fact]
    public void A_status_is_written_in_the_step_after_the_invalidation_it_waits_for()
    {
        VtdBench bench = Bench();
        bench.Memory.Put(Queue, QueuedDescriptor.Entries(8, 2).Low, 0);
        QueuedDescriptor wait = QueuedDescriptor.Wait(Status, 0xCAFE, fence: true);
        bench.Memory.Put(Queue + 16, wait.Low, wait.High);
        bench.Put(Iqt, 32);
        Assert.True(bench.Unit.TryStep(bench.Memory, bench.Events, out CookieRange invalidated));
        Assert.Equal(Range(8, 11), invalidated);
        Assert.Empty(bench.Effects());
        Assert.True(bench.Unit.TryStep(bench.Memory, bench.Events, out invalidated));
        Assert.True(invalidated.IsEmpty);
        Assert.Equal([Written(Status, 0xCAFE)], bench.Effects());
        Assert.False(bench.Unit.TryStep(bench.Memory, bench.Events, out _));
        Assert.Equal(0u, bench.Read(Ics));
    }

    [Fact]
    public void A_wait_signals_its_interrupt_once_until_it_is_served()
    {
        VtdBench bench = Bench();
        bench.Submit(QueuedDescriptor.WaitInterrupt);
        Assert.Equal([Message(0x7_FEE02000, 0x35)], bench.Effects());
        Assert.Equal(1u, bench.Read(Ics));
        bench.Submit(QueuedDescriptor.WaitInterrupt);
        Assert.Empty(bench.Effects());
        bench.Write(Ics, 0);
        Assert.Equal(1u, bench.Read(Ics));
        bench.Write(Ics, 1);
        Assert.Equal(0u, bench.Read(Ics));
        bench.Submit(QueuedDescriptor.WaitInterrupt);
        Assert.Equal([Message(0x7_FEE02000, 0x35)], bench.Effects());
    }

    [Fact]
    public void A_wait_may_write_its_status_and_signal_too()
    {
        VtdBench bench = Bench();
        bench.Submit(QueuedDescriptor.Wait(Status, 1, interrupt: true));
        Assert.Equal([Written(Status, 1), Message(0x7_FEE02000, 0x35)], bench.Effects());
    }

    [Fact]
    public void A_masked_completion_event_stays_pending_until_unmask_or_service()
    {
        VtdBench bench = Bench();
        bench.Write(Iectl, Masked);
        bench.Submit(QueuedDescriptor.WaitInterrupt);
        Assert.Equal(Masked | Pending, bench.Read(Iectl));
        Assert.Empty(bench.Effects());
        bench.Write(Iectl, 0);
        Assert.Equal([Message(0x7_FEE02000, 0x35)], bench.Effects());
        Assert.Equal(0u, bench.Read(Iectl));

        bench.Write(Ics, 1);
        bench.Write(Iectl, Masked);
        bench.Submit(QueuedDescriptor.WaitInterrupt);
        bench.Write(Ics, 1);
        Assert.Equal(Masked, bench.Read(Iectl));
        bench.Write(Iectl, 0);
        Assert.Empty(bench.Effects());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void The_queue_wraps_at_its_size(int size)
    {
        VtdBench bench = new VtdBench().EnableQueue(size);
        int entries = 256 << size;
        for (int i = 0; i < entries + 3; i++)
        {
            bench.Forget();
            bench.Submit(QueuedDescriptor.Entries((ushort)i));
            Assert.Equal([Range(i, i)], bench.Steps);
        }
        Assert.Equal((48u, 48u), (bench.Read(Iqh), bench.Read(Iqt)));
        // From the middle past the end to before the head.
        bench.Forget();
        bench.Write(Iqt, 32);
        Assert.Equal(entries - 1, bench.Steps.Count);
        Assert.Equal(32u, bench.Read(Iqh));
    }

    [Fact]
    public void The_largest_queue_is_bounded()
    {
        var memory = new BenchMemory(0x80000);
        var bench = new VtdBench();
        for (ulong at = 0; at < 0x80000; at += 16)
            memory.Put(at, QueuedDescriptor.AllEntries.Low, 0);
        bench.Write64(Iqa, 7);
        bench.Command(QIE);
        bench.Put(Iqt, uint.MaxValue);
        int steps = 0;
        while (bench.Unit.TryStep(memory, bench.Events, out _))
            steps++;
        Assert.Equal((32767, 0x7FFF0u), (steps, bench.Read(Iqh)));
    }

    public static TheoryData<string, ulong, ulong, int> Bad => new()
    {
        { "type 0", 0, 0, 3 },
        { "type 6", 6, 0, 3 },
        { "type 15", 15, 0, 3 },
        { "a type of seven bits", 0x204, 0, 3 },
        { "context cache without granularity", 0x1, 0, 4 },
        { "context cache, reserved bit 6", 0x51, 0, 4 },
        { "context cache, reserved bit 50", 0x11 | 1ul << 50, 0, 4 },
        { "context cache, upper word", 0x11, 1, 4 },
        { "IOTLB without granularity", 0x2, 0, 4 },
        { "IOTLB, reserved bit 32", 0x12 | 1ul << 32, 0, 4 },
        { "IOTLB, reserved bit 71", 0x12, 1 << 7, 4 },
        { "device TLB, reserved bit 21", 0x3 | 1 << 21, 0, 4 },
        { "device TLB, reserved bit 65", 0x3, 2, 4 },
        { "IEC, reserved bit 5", 0x4 | 1 << 5, 0, 4 },
        { "IEC, reserved bit 26", 0x4 | 1 << 26, 0, 4 },
        { "IEC, reserved bit 48", 0x4 | 1ul << 48, 0, 4 },
        { "IEC, upper word", 0x14, 1ul << 63, 4 },
        { "IEC, mask above MHMV", 0x14 | 16ul << 27, 0, 4 },
        { "wait, page request drain", 0x25 | 1 << 7, Status, 4 },
        { "wait, reserved bit 31", 0x25 | 1ul << 31, Status, 4 },
        { "wait, address not aligned", 0x25, Status | 2, 4 },
    };

    [Theory, MemberData(nameof(Bad))]
    public void A_bad_descriptor_stops_the_queue_at_it(string what, ulong low, ulong high, int info)
    {
        VtdBench bench = Bench().Unmask(Fectl, 0xFEE03000, 0x36);
        bench.Forget();
        bench.Submit(QueuedDescriptor.Entries(1), new(low, high), QueuedDescriptor.Entries(2));
        Assert.Equal([Range(1, 1), CookieRange.Empty], bench.Steps);
        Assert.Equal((Iqe, 16u, (ulong)info), (bench.Read(Fsts), bench.Read(Iqh), bench.Read64(Iqercd)));
        Assert.True(bench.Effects() is [var sent] && sent == Message(0xFEE03000, 0x36), what);

        // A tail alone moves nothing; nor does IQE cleared over the same descriptor, which only faults again.
        bench.Forget();
        bench.Write(Iqt, 64);
        Assert.Empty(bench.Steps);
        bench.Write(Fsts, Iqe);
        Assert.Equal((Iqe, 16u), (bench.Read(Fsts), bench.Read(Iqh)));
        Assert.Equal([Message(0xFEE03000, 0x36)], bench.Effects());

        // Replaced by a good one, it goes on.
        bench.Forget();
        bench.Write(Iqt, 48);
        bench.Memory.Put(Queue + 16, QueuedDescriptor.Entries(7).Low, 0);
        bench.Write(Fsts, Iqe);
        Assert.Equal([Range(7, 7), Range(2, 2)], bench.Steps);
        Assert.Equal((0u, 48u), (bench.Read(Fsts), bench.Read(Iqh)));
    }

    [Fact]
    public void A_tail_beyond_the_queue_stops_it_and_a_good_tail_lets_it_go_on()
    {
        VtdBench bench = Bench();
        bench.Memory.Put(Queue, QueuedDescriptor.Entries(1).Low, 0);
        bench.Write(Iqt, 0x1000);
        Assert.Equal((Iqe, 0u, 1ul), (bench.Read(Fsts), bench.Read(Iqh), bench.Read64(Iqercd)));
        bench.Forget();
        bench.Write(Iqt, 16);
        Assert.Empty(bench.Steps);
        bench.Write(Fsts, Iqe);
        Assert.Equal([Range(1, 1)], bench.Steps);
    }

    [Theory]
    [InlineData(MemoryBytes)]
    [InlineData(0xFFFFFFFFF000)]
    public void A_queue_outside_memory_stops_at_its_first_descriptor(ulong queue)
    {
        VtdBench bench = new VtdBench().EnableQueue(7, queue);
        bench.Write(Iqt, 0x2000);
        Assert.Equal((Iqe, 0u, 2ul), (bench.Read(Fsts), bench.Read(Iqh), bench.Read64(Iqercd)));
        Assert.Equal(Masked | Pending, bench.Read(Fectl));
        bench.Write(Fsts, Iqe);
        Assert.Equal(Masked | Pending, bench.Read(Fectl));
        bench.Command(QIE, false);
        bench.Write(Fsts, Iqe);
        Assert.Equal((0u, Masked), (bench.Read(Fsts), bench.Read(Fectl)));
    }

    [Fact]
    public void Disabling_the_queue_rewinds_its_head_and_enabling_takes_the_new_address()
    {
        VtdBench bench = Bench();
        bench.Submit(QueuedDescriptor.Entries(1), default);
        Assert.Equal((16u, Iqe), (bench.Read(Iqh), bench.Read(Fsts)));
        bench.Command(QIE, false);
        Assert.Equal((0u, 32u), (bench.Read(Iqh), bench.Read(Iqt)));
        bench.Write(Fsts, Iqe);
        bench.Write(Iqt, 0);
        bench.Write64(Iqa, Queue + 0x2000);
        bench.Command(QIE);
        bench.Forget();
        bench.Submit(QueuedDescriptor.Entries(9));
        Assert.Equal([Range(9, 9)], bench.Steps);
    }

    [Fact]
    public void An_address_written_to_a_running_queue_waits_until_it_is_enabled_again()
    {
        VtdBench bench = Bench();
        bench.Memory.Put(Queue, QueuedDescriptor.Entries(1).Low, 0);
        bench.Memory.Put(Queue + 0x1000, QueuedDescriptor.Entries(2).Low, 0);
        bench.Write64(Iqa, Queue + 0x1000);
        bench.Write(Iqt, 16);
        Assert.Equal([Range(1, 1)], bench.Steps);
    }

    [Fact]
    public void A_queue_that_is_off_does_nothing()
    {
        var bench = new VtdBench();
        bench.Write64(Iqa, Queue);
        bench.Write(Iqt, 64);
        Assert.Empty(bench.Steps);
        Assert.Equal(0, bench.Memory.Reads);
        // A driver resets the tail before; what it forgets there is worked on.
        bench.Memory.Put(Queue, QueuedDescriptor.Entries(1).Low, 0);
        bench.Write(Iqt, 16);
        bench.Command(QIE);
        Assert.Equal([CookieRange.Empty, Range(1, 1)], bench.Steps);
    }

    [Fact]
    public void An_error_beside_a_pending_fault_is_no_new_interrupt()
    {
        VtdBench bench = Bench().Unmask(Fectl, 0xFEE03000, 0x36);
        bench.Blocked(Handle(1));
        bench.Forget();
        bench.Submit(default(QueuedDescriptor));
        Assert.Equal(Iqe | Ppf, bench.Read(Fsts));
        Assert.Empty(bench.Effects());
        // And the other way round.
        bench.ClearRecord(0);
        bench.Blocked(Handle(2));
        Assert.Empty(bench.Effects());
    }
}
