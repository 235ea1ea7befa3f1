namespace Wirq.Tests.HostIrq;

/// <summary>A kernel with all handlers threaded, above the machine's I/OAPIC, does what Linux 6.1 does on a real one.</summary>
public class ThreadedGuestTests
{
    private static readonly VectorFiles s_logs = new("WIRQ_THREADED_LOGS", ThreadedLog.FirstParting);

    [Fact]
    public void A_threaded_kernel_masks_ends_serves_and_unmasks_in_this_order() =>
        Assert.Equal("rises, delivered, masked, EOI, Remote IRR clears, falls, unmasked, ack", new ThreadedGuest(threaded: true).Interrupt());

    [Fact]
    public void A_plain_kernel_serves_before_its_EOI_and_masks_nothing() =>
        Assert.Equal("rises, delivered, falls, EOI, Remote IRR clears, ack", new ThreadedGuest(threaded: false).Interrupt());

    /// <summary>So an ack at the EOI is early: the device still asserts.</summary>
    [Fact]
    public void An_ack_at_the_EOI_comes_before_the_device_is_served() =>
        Assert.Equal("rises, delivered, masked, EOI, Remote IRR clears, ack, falls, unmasked", new ThreadedGuest(threaded: true, AckPolicy.Eoi).Interrupt());

    /// <summary>Two for each interrupt, and none of a plain kernel.</summary>
    [Theory]
    [InlineData(true, 2 * 161)]
    [InlineData(false, 0)]
    public void What_the_threads_cost_in_writes_of_the_entry(bool threaded, int writes)
    {
        var guest = new ThreadedGuest(threaded);
        for (int i = 0; i < 161; i++)
            guest.Interrupt();
        Assert.Equal(writes, guest.EntryWrites);
    }

    /// <summary><c>WIRQ_THREADED_LOGS=DIR</c> names a directory of logs of QEMU's events <c>ioapic_*</c>, of guests with all handlers
    /// threaded.</summary>
    [Fact]
    public void Each_interrupt_of_named_logs_has_the_order_of_ours() => s_logs.AgreesWithNamedDirectory();

    private static readonly string[] s_one =
    [
        "1@5.000001:ioapic_mem_write ioapic mem write addr 0x0 regsel: 0x10 size 0x4 val 0x3a", "1@5.000002:ioapic_mem_write ioapic mem write addr 0x10 regsel: 0x3a size 0x4 val 0x8822",
        "1@6.000001:ioapic_set_irq vector: 21 level: 1", "1@6.000002:ioapic_set_remote_irr set remote irr for pin 21",
        "1@6.000003:ioapic_mem_write ioapic mem write addr 0x10 regsel: 0x3a size 0x4 val 0x18822", "1@6.000004:ioapic_eoi_broadcast EOI broadcast for vector 34",
        "1@6.000005:ioapic_clear_remote_irr clear remote irr for pin 21 vector 34", "1@6.000006:ioapic_set_irq vector: 21 level: 0",
        "1@6.000007:ioapic_mem_write ioapic mem write addr 0x10 regsel: 0x3a size 0x4 val 0x8822",
    ];

    [Fact]
    public void A_log_in_that_order_agrees() => Assert.Equal("", s_logs.PartingsOf(("one.log", Text(s_one))));

    [Fact]
    public void A_log_in_another_order_parts_at_its_line()
    {
        // The EOI of a plain kernel; an unmask before the device is served; nothing at all.
        Assert.Contains("plain.log, line 4: pin 21: Linux says \"rises, delivered, falls, EOI, Remote IRR clears\"",
            s_logs.PartingsOf(("plain.log", Text([.. s_one[..4], s_one[7], s_one[5], s_one[6], s_one[2], s_one[3]]))), StringComparison.Ordinal);
        Assert.Contains("early.log, line 4: pin 21: Linux says \"rises, delivered, masked, EOI, Remote IRR clears, unmasked\"",
            s_logs.PartingsOf(("early.log", Text([.. s_one[..7], s_one[8], s_one[7]]))), StringComparison.Ordinal);
        Assert.Contains("empty.log has no interrupt", s_logs.PartingsOf(("empty.log", Text(s_one[..3]))), StringComparison.Ordinal);
    }

    private static string Text(string[] lines) => string.Join('\n', lines) + "\n";
}
