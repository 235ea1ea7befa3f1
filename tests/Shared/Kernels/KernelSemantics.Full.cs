using Wirq.Routing;

namespace Wirq.Tests.Shared.Kernels;

// The I/OAPIC and the 8259 pair in the kernel.
public abstract partial class KernelSemantics
{
    private const int Line = 20;
    // ioapic.h, IOAPIC_SUCCESSIVE_IRQ_MAX_COUNT.
    private const int SuccessiveEois = 10000;
    // KVM waits HZ / 100 ticks, 10 ms. The first tick may be over at once, and a tick is up to 4 ms (HZ 250): 2 ticks are
    // at least 4 ms.
    private static readonly TimeSpan s_brake = TimeSpan.FromMilliseconds(3);

    private static (EventFd Trigger, EventFd Resample) Resampled(IKernelBench bench, int gsi = Line)
    {
        EventFd trigger = bench.CreateEventFd(), resample = bench.CreateEventFd();
        bench.Bind(gsi, trigger, resample);
        return (trigger, resample);
    }

    private static void TakeAndEnd(IKernelBench bench, int times = 1)
    {
        for (int i = 0; i < times; i++)
        {
            Assert.Equal(Vector, bench.Take(0));
            bench.Eoi(0);
        }
        bench.Settle();
    }

    /// <summary>The interrupt of an eventfd is taken and ended, and each of these resample eventfds is signalled once.</summary>
    private static void WriteAndEnd(IKernelBench bench, EventFd trigger, params ReadOnlySpan<EventFd> resamples)
    {
        bench.Write(trigger);
        bench.Settle();
        TakeAndEnd(bench);
        foreach (EventFd resample in resamples)
            Assert.Equal(1ul, bench.Read(resample));
    }

    /// <summary>A line goes up, and is ended so often in a row that the next interrupt is delayed.</summary>
    private static void Brake(IKernelBench bench)
    {
        bench.SetIoApicEntry(Line, Pin());
        bench.SetIrqLine(Line, true);
        TakeAndEnd(bench, SuccessiveEois);
    }

    [Fact]
    public void An_EOI_signals_the_resample_eventfd_and_lowers_the_line()
    {
        using IKernelBench bench = OpenFull(BenchNeeds.Guest);
        bench.SetIoApicEntry(Line, Pin());
        (EventFd trigger, EventFd resample) = Resampled(bench);
        for (int i = 0; i < 3; i++)
        {
            bench.Write(trigger);
            bench.Settle();
            Assert.True(bench.IoApicEntry(Line).RemoteIrr);
            Assert.False(bench.IsReadable(resample));
            TakeAndEnd(bench);
            Assert.Equal(1ul, bench.Read(resample));
            Assert.False(bench.IoApicEntry(Line).RemoteIrr);
            Assert.Equal(-1, bench.Take(0));
        }
    }

    [Fact]
    public void Three_writes_before_the_EOI_are_one_interrupt()
    {
        using IKernelBench bench = OpenFull(BenchNeeds.Guest);
        bench.SetIoApicEntry(Line, Pin());
        (EventFd trigger, EventFd resample) = Resampled(bench);
        for (int i = 0; i < 3; i++)
        {
            bench.Write(trigger);
            bench.Settle();
        }
        TakeAndEnd(bench);
        Assert.Equal(1ul, bench.Read(resample));
        Assert.Equal(-1, bench.Take(0));
    }

    [Fact]
    public void Every_EOI_signals_every_resample_eventfd_of_the_GSI()
    {
        using IKernelBench bench = OpenFull(BenchNeeds.Guest);
        bench.SetIoApicEntry(Line, Pin());
        (EventFd first, EventFd firstResample) = Resampled(bench);
        (EventFd second, EventFd secondResample) = Resampled(bench);
        foreach (EventFd trigger in new[] { first, second })
            WriteAndEnd(bench, trigger, firstResample, secondResample);
    }

    [Fact]
    public void The_line_stays_up_while_one_resample_irqfd_is_left_and_falls_with_the_last()
    {
        using IKernelBench bench = OpenFull(BenchNeeds.Guest);
        bench.SetIoApicEntry(Line, Pin(masked: true));
        (EventFd first, _) = Resampled(bench);
        (EventFd second, _) = Resampled(bench);
        bench.Write(first);
        bench.Settle();
        bench.Unbind(Line, first);
        bench.SetIoApicEntry(Line, Pin());
        Assert.True(Came(bench), "the line fell with the first of two");
        bench.SetIoApicEntry(Line, Pin(masked: true));
        bench.Unbind(Line, second);
        bench.GuestWritesEntry(Line, Pin(level: false));
        bench.GuestWritesEntry(Line, Pin());
        Assert.False(Came(bench), "the line outlived the last");
    }

    [Fact]
    public void Userspace_holds_the_line_apart_from_the_resampler()
    {
        using IKernelBench bench = OpenFull(BenchNeeds.Guest);
        bench.SetIoApicEntry(Line, Pin());
        (EventFd trigger, EventFd resample) = Resampled(bench);
        bench.SetIrqLine(Line, true);
        WriteAndEnd(bench, trigger, resample);
        // Userspace still holds the line: it is delivered again at once, and its EOI signals the resampler too.
        TakeAndEnd(bench);
        Assert.Equal(1ul, bench.Read(resample));
        bench.SetIrqLine(Line, false);
        TakeAndEnd(bench);
        Assert.Equal(-1, bench.Take(0));
    }

    [Fact]
    public void The_10000th_EOI_in_a_row_whose_line_is_still_up_delays_the_next_interrupt()
    {
        using IKernelBench bench = OpenFull(BenchNeeds.Guest);
        Brake(bench);
        while (!IsPending(bench))
            Assert.True(bench.Wait(), "the interrupt does not come again");
        Assert.True(bench.SinceEoi >= s_brake, $"it came again after {bench.SinceEoi.TotalMilliseconds} ms");
        // The count begins anew.
        TakeAndEnd(bench);
        Assert.True(IsPending(bench));
    }

    [Fact]
    public void A_line_that_is_driven_up_again_ends_that_delay()
    {
        using IKernelBench bench = OpenFull(BenchNeeds.Guest);
        Brake(bench);
        bench.SetIrqLine(Line, true);
        Assert.True(IsPending(bench));
    }

    [Fact]
    public void The_EOI_of_a_vector_acknowledges_every_pin_that_bears_it()
    {
        using IKernelBench bench = OpenFull(BenchNeeds.Guest);
        bench.SetIoApicEntry(Line, Pin());
        (_, EventFd resample) = Resampled(bench);
        bench.SignalMsi(Edge());
        TakeAndEnd(bench);
        Assert.Equal(1ul, bench.Read(resample));
    }

    [Fact]
    public void A_plain_irqfd_pulses_a_level_pin_and_may_share_it_with_a_resampler()
    {
        using IKernelBench bench = OpenFull(BenchNeeds.Guest);
        bench.SetIoApicEntry(Line, Pin());
        (EventFd trigger, EventFd resample) = Resampled(bench);
        EventFd plain = Bound(bench, Line);
        WriteAndEnd(bench, plain);
        Assert.Equal(-1, bench.Take(0));
        Assert.Equal(1ul, bench.Read(resample));
        WriteAndEnd(bench, trigger, resample);
    }

    [Fact]
    public void A_resample_eventfd_of_an_edge_pin_fires_on_EOI()
    {
        using IKernelBench bench = OpenFull(BenchNeeds.Guest);
        bench.SetIoApicEntry(Line, Pin(level: false));
        (EventFd trigger, EventFd resample) = Resampled(bench);
        WriteAndEnd(bench, trigger, resample);
        WriteAndEnd(bench, trigger, resample);
    }

    [Fact]
    public void A_resample_eventfd_of_a_level_message_is_taken_and_never_fires()
    {
        using IKernelBench bench = OpenFull(BenchNeeds.Guest);
        bench.Commit(BenchRoute.To(Line, Level()));
        (EventFd trigger, EventFd resample) = Resampled(bench);
        WriteAndEnd(bench, trigger);
        Assert.False(bench.IsReadable(resample));
    }

    [Fact]
    public void An_entry_that_is_set_unmasked_with_its_line_up_injects()
    {
        using IKernelBench bench = OpenFull();
        bench.SetIoApicEntry(Line, Pin(masked: true));
        bench.SetIrqLine(Line, true);
        Assert.False(Came(bench));
        bench.SetIoApicEntry(Line, Pin());
        Assert.True(Came(bench));
    }

    [Fact]
    public void An_irqfd_of_a_pin_injects_from_the_work_queue_and_one_of_a_message_does_not()
    {
        using IKernelBench bench = OpenFull(BenchNeeds.HeldWork);
        bench.SetIoApicEntry(Line, Pin(level: false));
        bench.Commit(BenchRoute.To(Line, chip: 2, pin: Line), BenchRoute.To(Gsi, Edge(Other)));
        EventFd pin = Bound(bench, Line), message = Bound(bench);
        bench.Write(pin);
        bench.Write(message);
        Assert.False(IsPending(bench));
        Assert.True(IsPending(bench, Other));
        AssertConsumed(bench, pin);
        bench.Settle();
        Assert.True(IsPending(bench));
    }

    [Fact]
    public void Since_6_4_an_unmask_asks_the_resampler_instead_of_injecting()
    {
        using IKernelBench bench = Open(
            new BenchMachine { Chips = BenchChips.Full, Since = (6, 4) }, BenchNeeds.Guest);
        EventFd trigger = OneShot(bench, out EventFd resample);
        Assert.Equal(1ul, bench.Read(resample));
        Assert.Equal(-1, bench.Take(0));
        WriteAndEnd(bench, trigger, resample);
    }

    [Fact]
    public void Since_6_4_that_unmask_forgets_what_userspace_drives_until_it_drives_again()
    {
        using IKernelBench bench = Open(
            new BenchMachine { Chips = BenchChips.Full, Since = (6, 4) }, BenchNeeds.Guest);
        bench.SetIoApicEntry(Line, Pin(masked: true));
        (_, EventFd resample) = Resampled(bench);
        bench.SetIrqLine(Line, true);
        bench.GuestWritesEntry(Line, Pin());
        Assert.Equal(1ul, bench.Read(resample));
        Assert.Equal(-1, bench.Take(0));
        bench.SetIrqLine(Line, true);
        Assert.Equal(Vector, bench.Take(0));
    }

    [Fact]
    public void Before_6_4_an_unmask_injects_what_the_device_may_have_withdrawn()
    {
        using IKernelBench bench = Open(
            new BenchMachine { Chips = BenchChips.Full, Before = (6, 4) }, BenchNeeds.Guest);
        OneShot(bench, out EventFd resample);
        Assert.False(bench.IsReadable(resample));
        Assert.Equal(Vector, bench.Take(0));
    }

    /// <summary>A guest masks the pin, ends the interrupt, the device raises again, and the guest unmasks, like a Linux
    /// ONESHOT handler.</summary>
    private static EventFd OneShot(IKernelBench bench, out EventFd resample)
    {
        bench.SetIoApicEntry(Line, Pin());
        (EventFd trigger, resample) = Resampled(bench);
        bench.Write(trigger);
        bench.Settle();
        bench.GuestWritesEntry(Line, Pin(masked: true));
        TakeAndEnd(bench);
        Assert.Equal(1ul, bench.Read(resample));
        bench.Write(trigger);
        bench.Settle();
        Assert.Equal(-1, bench.Take(0));
        bench.GuestWritesEntry(Line, Pin());
        bench.Settle();
        return trigger;
    }

    [Fact]
    public void An_edge_of_the_8259_stays_latched_after_its_line_fell()
    {
        using IKernelBench bench = OpenFull();
        bench.SetIrqLine(3, true);
        bench.SetIrqLine(3, false);
        Assert.Equal(1 << 3, bench.PicRequests);
        bench.SetIrqLine(10, true);
        Assert.Equal(1 << 10, bench.PicRequests & 0xFF00);
    }

    [Fact]
    public void At_first_a_GSI_below_16_leads_to_both_chips_and_one_from_16_to_the_IOAPIC()
    {
        using IKernelBench bench = OpenFull();
        bench.SetIoApicEntry(3, Pin(0x43, level: false));
        bench.SetIoApicEntry(23, Pin(0x57, level: false));
        bench.SetIrqLine(3, true);
        bench.SetIrqLine(23, true);
        Assert.Equal(1 << 3, bench.PicRequests);
        Assert.True(IsPending(bench, 0x43));
        Assert.True(IsPending(bench, 0x57));
    }

    [Fact]
    public void Remote_IRR_waits_for_a_local_APIC_that_accepts()
    {
        using IKernelBench bench = OpenFull();
        bench.SetIoApicEntry(Line, RedirectionEntry.Create(Vector, 77, level: true));
        bench.SetIrqLine(Line, true);
        Assert.False(bench.IoApicEntry(Line).RemoteIrr);
        bench.SetIoApicEntry(Line, Pin());
        Assert.True(bench.IoApicEntry(Line).RemoteIrr);
        Assert.True(Came(bench));
    }
}
