using Wirq.Routing;

namespace Wirq.Linux.Tests.Differential;

/// <summary>Pin 8 of KVM's I/OAPIC, the real-time clock's: the behaviour that docs/profiles.md describes, and that
/// profile <c>kvm</c> does not model.</summary>
/// <remarks>Linux arch/x86/kvm/ioapic.c, rtc_irq_check_coalesced and rtc_irq_eoi.</remarks>
public sealed class ClockPinTests
{
    private const int Clock = 8, Other = 9;
    private const uint Eoi = 0xFEE000B0;
    private const byte Vector = 0x41;

    [Theory]
    [InlineData(Clock, 0, false)]
    [InlineData(Other, 1, true)]
    public void A_second_rise_of_the_clock_that_asks_for_its_status_is_forgotten_before_the_EOI(int pin, int answer, bool pending) =>
        OnClock((guest, vcpu) =>
        {
            Assert.Equal(1, Pulse(guest.Vm, pin));
            Take(vcpu);
            Assert.Equal(answer, Pulse(guest.Vm, pin));
            Assert.Equal(pending, vcpu.Irr() is [Vector]);
            Assert.Equal(0u, guest.Vm.GetIoApic().Requests);
            guest.WriteMemory(Eoi, 0);
            Assert.Equal(pending, vcpu.Irr() is [Vector]);
        });

    [Fact]
    public void A_rise_of_the_clock_that_was_forgotten_is_not_made_up_for_while_the_line_stays_high() => OnClock((guest, vcpu) =>
    {
        Assert.Equal(1, Pulse(guest.Vm, Clock));
        Take(vcpu);
        Assert.Equal(0, guest.Vm.SetIrqLineStatus(Clock, true));
        guest.WriteMemory(Eoi, 0);
        Assert.Empty(vcpu.Irr());
        // KVM has dropped the rise, so driving the line high again is a rise.
        Assert.Equal(1, guest.Vm.SetIrqLineStatus(Clock, true));
        Assert.Equal([Vector], vcpu.Irr());
    });

    [Fact]
    public void A_second_rise_of_the_clock_that_asks_for_no_status_is_pending() => OnClock((guest, vcpu) =>
    {
        guest.Vm.SetIrqLine(Clock, true);
        guest.Vm.SetIrqLine(Clock, false);
        Take(vcpu);
        guest.Vm.SetIrqLine(Clock, true);
        Assert.Equal([Vector], vcpu.Irr());
    });

    [Fact]
    public void A_second_rise_of_the_clock_by_an_irqfd_is_pending() => OnClock((guest, vcpu) =>
    {
        Assert.Equal(1, Pulse(guest.Vm, Clock));
        Take(vcpu);
        using EventFdHandle trigger = EventFdHandle.Create();
        guest.Vm.AssignIrqfd(Clock, trigger, EventFd.None);
        trigger.Write();
        // KVM flushes deferred injections before it returns.
        guest.Vm.DeassignIrqfd(Clock, trigger);
        Assert.Equal([Vector], vcpu.Irr());
    });

    [Fact]
    public void Setting_a_local_APIC_has_the_clocks_vector_counted_as_if_it_came_by_the_pin() => OnClock((guest, vcpu) =>
    {
        Assert.True(guest.Vm.SignalMsi(new(MsiAddress.For(0), MsiData.For(Vector))));
        vcpu.GetLapic(out LapicState state);
        vcpu.SetLapic(state);
        Assert.Equal(0, Pulse(guest.Vm, Clock));
        Take(vcpu);
        guest.WriteMemory(Eoi, 0);
        Assert.Equal(1, Pulse(guest.Vm, Clock));
    });

    private static void OnClock(Action<AccessGuest, KvmVcpu> test) => KvmHost.Run(system =>
    {
        using var guest = new AccessGuest(system, cpus: 1);
        guest.Vm.SetGsiRouting([new KvmRoutingEntry(Clock, KvmChip.IoApic, Clock), new KvmRoutingEntry(Other, KvmChip.IoApic, Other)]);
        KvmVcpu vcpu = guest.Vm.Vcpus[0];
        vcpu.WriteLapic(ApicRegister.SpuriousVector, 0x1FF);
        KvmIoApicState chip = guest.Vm.GetIoApic();
        chip.Entries[Clock] = RedirectionEntry.Create(Vector, 0);
        chip.Entries[Other] = RedirectionEntry.Create(Vector, 0);
        guest.Vm.SetIoApic(chip);
        guest.Settle();
        test(guest, vcpu);
    });

    /// <summary>Up and down.</summary>
    /// <returns>The result of the rise.</returns>
    private static int Pulse(KvmVm vm, int pin)
    {
        int answer = vm.SetIrqLineStatus(pin, true);
        vm.SetIrqLineStatus(pin, false);
        return answer;
    }

    /// <summary>The vector goes from IRR to ISR.</summary>
    private static void Take(KvmVcpu vcpu)
    {
        vcpu.GetLapic(out LapicState state);
        Assert.True(state.Has(ApicRegister.Request, Vector));
        state.Set(ApicRegister.Request, Vector, false);
        state.Set(ApicRegister.InService, Vector, true);
        vcpu.SetLapic(state);
    }
}
