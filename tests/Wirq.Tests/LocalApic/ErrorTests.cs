using Wirq.Events;
using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

/// <summary>The error status register: SDM vol. 3, 11.5.3.</summary>
public sealed class ErrorTests
{
    private const uint Sent = 1 << 5, Received = 1 << 6, Register = 1 << 7;

    [Fact]
    public void Errors_show_after_a_write_and_the_next_write_clears_them()
    {
        var bench = new ApicBench();
        bench.Send(0x05);
        bench.Read(0x40);
        Assert.Equal(0u, bench.Read(Esr));
        bench.Write(Esr, 0xFFFFFFFF);
        Assert.Equal(Received | Register, bench.Read(Esr));
        Assert.Equal(Received | Register, bench.Read(Esr));
        bench.Write(Esr, 0);
        Assert.Equal(0u, bench.Read(Esr));
    }

    [Fact]
    public void A_message_with_an_illegal_vector_is_the_receivers_error()
    {
        var bench = new ApicBench(2);
        Assert.Equal(RefusalReason.IllegalVector, bench.Send(0x0F, 0xFF));
        Assert.Equal(Received, bench.LatchedErrors(0));
        Assert.Equal(Received, bench.LatchedErrors(1));
        Assert.Empty(bench.Pending(0));
        Assert.Equal(RefusalReason.IllegalVector, bench.Send(0x0F, 0, DeliveryMode.LowestPriority));
        Assert.Equal(Received, bench.LatchedErrors(0) | bench.LatchedErrors(1));
    }

    [Fact]
    public void The_reason_that_says_most_is_given()
    {
        var bench = new ApicBench(2);
        bench.Write(Svr, 0xFF, cpu: 1);
        Assert.Equal(RefusalReason.IllegalVector, bench.Send(0x0F, 0xFF));
        Assert.Equal(RefusalReason.SoftwareDisabled, bench.Send(0x0F, 1));
        Assert.Equal(0u, bench.LatchedErrors(1));
    }

    [Fact]
    public void The_error_interrupt_is_raised_for_new_errors_only()
    {
        var bench = new ApicBench();
        bench.Write(ApicBench.Error, 0x0E3);
        bench.Read(0x40);
        Assert.Equal([0xE3], bench.Pending());
        bench.Take();
        bench.Write(Eoi, 0);
        bench.Read(0x50);
        Assert.Empty(bench.Pending());
        bench.Send(0x01);
        Assert.Equal([0xE3], bench.Pending());
        bench.Take();
        Assert.Equal(Received | Register, bench.LatchedErrors());
        bench.Read(0x40);
        Assert.Equal([0xE3], bench.Pending());
    }

    [Fact]
    public void A_masked_error_entry_raises_nothing_and_errors_are_recorded_all_the_same()
    {
        var bench = new ApicBench();
        bench.Write(ApicBench.Error, 0x100E3);
        bench.Read(0x40);
        Assert.Empty(bench.Pending());
        Assert.Equal(Register, bench.LatchedErrors());
    }

    [Fact]
    public void Each_error_is_observed_once_per_latch()
    {
        var bench = new ApicBench { Events = { Observing = true } };
        bench.Send(0x01);
        bench.Send(0x02);
        Assert.Equal([Received], bench.Drain().Where(e => e.Kind == EventKind.ApicError).Select(e => (uint)e.A));
        bench.Write(Esr, 0);
        bench.Send(0x02);
        Assert.Equal([Received], bench.Drain().Where(e => e.Kind == EventKind.ApicError).Select(e => (uint)e.A));
    }

    [Fact]
    public void An_error_interrupt_with_an_illegal_vector_ends_in_one_more_error()
    {
        // XSA-462: an error must not raise itself forever.
        foreach (bool x2Apic in (bool[])[false, true])
        {
            var bench = new ApicBench { Events = { Observing = true } };
            bench.Write(ApicBench.Error, 0x0F);
            if (x2Apic)
            {
                bench.ToX2Apic();
                bench.WriteX2(SelfIpi, 0x0F);
                bench.WriteX2(Esr, 0);
                Assert.Equal(Sent | Received, (uint)bench.ReadX2(Esr));
            }
            else
            {
                bench.Write(IcrLow, InterruptCommand.Create(0x0F, shorthand: DestinationShorthand.Self).Low);
                Assert.Equal(Sent | Received, bench.LatchedErrors());
            }
            Assert.Equal([Sent, Received],
                bench.Drain().Where(e => e.Kind == EventKind.ApicError).Select(e => (uint)e.A));
            Assert.Empty(bench.Pending());
        }
    }

    [Fact]
    public void A_received_error_with_an_illegal_error_vector_is_one_bit()
    {
        var bench = new ApicBench();
        bench.Write(ApicBench.Error, 0x00);
        bench.Send(0x00);
        Assert.Equal(Received, bench.LatchedErrors());
    }

    [Theory]
    [InlineData(LocalVector.Thermal, Thermal)]
    [InlineData(LocalVector.Performance, Performance)]
    [InlineData(LocalVector.Cmci, ApicBench.Cmci)]
    public void An_illegal_vector_in_an_entry_is_received(LocalVector entry, uint offset)
    {
        var bench = new ApicBench();
        bench.Write(offset, 0x0B);
        bench.Apics.RaiseLocal(0, entry, bench.Events);
        Assert.Equal(Received, bench.LatchedErrors());
        Assert.Empty(bench.Pending());
    }

    [Fact]
    public void Reset_clears_the_register_and_the_record()
    {
        var bench = new ApicBench();
        bench.Read(0x40);
        bench.Write(Esr, 0);
        bench.Send(0x01);
        bench.Apics.Init(0, bench.Events);
        Assert.Equal(0u, bench.Read(Esr));
        Assert.Equal(0u, bench.LatchedErrors());
    }
}
