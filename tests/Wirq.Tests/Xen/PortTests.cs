using Wirq.Xen;
using static Wirq.Tests.Xen.XenBench;

namespace Wirq.Tests.Xen;

/// <summary>Opening and closing ports: limits, permissions, the order of checks.</summary>
public class PortTests
{
    [Fact]
    public void Port_0_is_never_given_out_and_the_lowest_free_one_is()
    {
        var xen = new XenBench();
        Assert.Equal((1u, 2u, 3u), (xen.Open(Guest), xen.Ipi(Guest, 1), xen.Open(Guest)));
        Assert.Equal(XenError.Invalid, xen.Answer(Guest, EventChannelOperation.Close, 0));
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.Close, 2));
        Assert.Equal(2u, xen.Open(Guest));
    }

    [Theory]
    [InlineData(true, 4096)]
    [InlineData(false, 1024)]
    public void The_2_level_ABI_limits_the_ports_by_its_width(bool is64Bit, int ports)
    {
        var xen = new XenBench(new XenDomainOptions { Id = 1, Is64Bit = is64Bit, LargestPort = 20_000 });
        for (uint port = 1; port < ports; port++)
            Assert.Equal(port, xen.Open(1));
        Assert.Equal(XenError.NoSpace, xen.Answer(1, EventChannelOperation.AllocUnbound, Self | (uint)Self << 16, 0));
        Assert.Equal(XenError.NoSpace, xen.Answer(1, EventChannelOperation.BindIpi, 0, 0));
        Assert.Equal(XenError.NoSpace, xen.Answer(1, EventChannelOperation.BindVirq, 0, 0, 0));
        Assert.Equal(XenError.NoSpace, xen.Answer(1, EventChannelOperation.BindPirq, 9, 0, 0));
        Assert.Equal(XenError.NoSpace, xen.Answer(1, EventChannelOperation.BindInterdomain, 1, 1, 0));
        xen.UseFifo(1, 1);
        Assert.Equal((uint)ports, xen.Open(1));
    }

    [Fact]
    public void A_domain_has_a_limit_of_its_own()
    {
        var xen = new XenBench(new XenDomainOptions { Id = 1, LargestPort = 100 });
        for (uint port = 1; port <= 100; port++)
            Assert.Equal(port, xen.Ipi(1, 0));
        Assert.Equal(XenError.NoSpace, xen.Answer(1, EventChannelOperation.BindIpi, 0, 0));
        Assert.Equal(XenError.None, xen.Answer(1, EventChannelOperation.Send, 100));
    }

    [Fact]
    public void The_FIFO_ABI_has_131072_ports()
    {
        var xen = new XenBench(new XenDomainOptions { Id = 1, LargestPort = XenDomainOptions.MaxPorts - 1 });
        xen.UseFifo(1, 1);
        for (uint port = 1; port < XenDomainOptions.MaxPorts; port++)
            Assert.Equal(port, xen.Ipi(1, 0));
        Assert.Equal(XenError.NoSpace, xen.Answer(1, EventChannelOperation.BindIpi, 0, 0));
    }

    [Fact]
    public void No_space_is_told_before_a_missing_permission()
    {
        var xen = new XenBench(new XenDomainOptions { Id = 1, LargestPort = 1 }, new XenDomainOptions { Id = 2 });
        Assert.Equal(XenError.NotPermitted, xen.Answer(2, EventChannelOperation.AllocUnbound, 1, 0));
        xen.Ipi(1, 0);
        Assert.Equal(XenError.NoSpace, xen.Answer(2, EventChannelOperation.AllocUnbound, 1, 0));
        Assert.Equal(XenError.NoSuchDomain, xen.Answer(2, EventChannelOperation.AllocUnbound, 3, 0));
        Assert.Equal(XenError.NoSuchDomain, xen.Answer(2, EventChannelOperation.AllocUnbound, 0x7FF1, 0));
    }

    [Fact]
    public void Only_the_domain_that_a_port_waits_for_connects_and_it_finds_an_event()
    {
        var xen = new XenBench();
        uint open = xen.Open(Guest, Dom0);
        Assert.Equal(XenError.Invalid, xen.Answer(Guest, EventChannelOperation.BindInterdomain, Guest, open, 0));
        Assert.Equal(XenError.NoSuchDomain, xen.Answer(Dom0, EventChannelOperation.BindInterdomain, 9, open, 0));
        Assert.Equal(XenError.Invalid, xen.Answer(Dom0, EventChannelOperation.BindInterdomain, Guest, 4000, 0));
        uint other = xen.Connect(Dom0, Guest, open);
        Assert.True(xen.IsPending(Dom0, other));
        Assert.Equal(["upcall 0.0"], xen.Effects());
        Assert.Equal([(uint)Dom0, open, 2, 0, Guest, other], Fields(xen.Call(Dom0, EventChannelOperation.Status, Dom0, other, 0, 0, 0, 0), other, open));

        static uint[] Fields((XenError Answer, uint[] Words) call, uint other, uint open)
        {
            Assert.Equal(XenError.None, call.Answer);
            Assert.Equal(open, call.Words[5]);
            return [call.Words[0], open, call.Words[2], call.Words[3], call.Words[4], other];
        }
    }

    [Fact]
    public void The_other_end_of_a_closed_port_waits_for_its_domain_again()
    {
        var xen = new XenBench();
        uint open = xen.Open(Guest, Dom0), other = xen.Connect(Dom0, Guest, open);
        xen.Effects();
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.Send, open));
        Assert.Equal(XenError.None, xen.Answer(Dom0, EventChannelOperation.Close, other));
        Assert.False(xen.IsPending(Dom0, other));
        Assert.Equal(1u, xen.Call(Guest, EventChannelOperation.Status, Self, open, 0, 0, 0, 0).Words[2]);
        // What nobody is there for is dropped.
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.Send, open));
        Assert.Equal(other, xen.Connect(Dom0, Guest, open));
    }

    [Theory]
    [InlineData(VirtualInterrupt.Timer, 1, XenError.None)]
    [InlineData(VirtualInterrupt.Debug, 4, XenError.NoSuchEntry)]
    [InlineData(VirtualInterrupt.Argo, 0, XenError.None)]
    [InlineData(VirtualInterrupt.Argo, 1, XenError.Invalid)]
    [InlineData(VirtualInterrupt.Console, 0, XenError.Busy)]
    [InlineData(VirtualInterrupt.Console, 1, XenError.Invalid)]
    [InlineData(24, 0, XenError.Invalid)]
    public void Virtual_interrupts_belong_to_a_vCPU_a_domain_or_domain_0(int virq, uint vcpu, XenError answer)
    {
        var xen = new XenBench();
        Assert.Equal(answer, xen.Answer(Guest, EventChannelOperation.BindVirq, (uint)virq, vcpu, 0));
        if (answer == XenError.None)
            Assert.Equal(XenError.Exists, xen.Answer(Guest, EventChannelOperation.BindVirq, (uint)virq, vcpu, 0));
    }

    [Fact]
    public void A_virtual_interrupt_that_was_moved_and_closed_can_be_bound_again()
    {
        var xen = new XenBench();
        uint port = xen.Virq(Dom0, VirtualInterrupt.Console);
        Assert.Equal(XenError.None, xen.Answer(Dom0, EventChannelOperation.BindVcpu, port, 1));
        xen.Channels.RaiseVirq(Dom0, 0, VirtualInterrupt.Console);
        Assert.Equal(["upcall 0.1"], xen.Effects());
        Assert.Equal(XenError.None, xen.Answer(Dom0, EventChannelOperation.Close, port));
        Assert.Equal(port, xen.Virq(Dom0, VirtualInterrupt.Console));
    }

    [Fact]
    public void Ports_of_a_vCPU_stay_there_and_others_move()
    {
        var xen = new XenBench();
        Assert.Equal(XenError.Invalid, xen.Answer(Guest, EventChannelOperation.BindVcpu, xen.Ipi(Guest, 1), 2));
        Assert.Equal(XenError.Invalid, xen.Answer(Guest, EventChannelOperation.BindVcpu, xen.Virq(Guest, VirtualInterrupt.Timer), 2));
        Assert.Equal(XenError.Invalid, xen.Answer(Guest, EventChannelOperation.BindVcpu, 9, 2));
        Assert.Equal(XenError.NoSuchEntry, xen.Answer(Guest, EventChannelOperation.BindVcpu, 9, 4));
        foreach (uint port in new[] { xen.Open(Guest), xen.Virq(Guest, VirtualInterrupt.Argo) })
            Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.BindVcpu, port, 2));
    }

    [Fact]
    public void A_PV_domain_without_privilege_binds_no_PIRQ_and_an_HVM_one_does()
    {
        var xen = new XenBench(new XenDomainOptions { Id = 1, Pirqs = 20 }, new XenDomainOptions { Id = 2, IsHvm = false, Pirqs = 20 });
        Assert.Equal(XenError.Invalid, xen.Answer(1, EventChannelOperation.BindPirq, 20, 0, 0));
        Assert.Equal(XenError.None, xen.Answer(1, EventChannelOperation.BindPirq, 19, 0, 0));
        Assert.Equal(XenError.Exists, xen.Answer(1, EventChannelOperation.BindPirq, 19, 0, 0));
        Assert.Equal(XenError.Invalid, xen.Answer(2, EventChannelOperation.BindPirq, 20, 0, 0));
        Assert.Equal(XenError.NotPermitted, xen.Answer(2, EventChannelOperation.BindPirq, 19, 0, 0));
        xen.Channels.RaisePirq(1, 19);
        Assert.Equal(["upcall 1.0"], xen.Effects());
        Assert.Equal(XenError.None, xen.Answer(1, EventChannelOperation.Close, 1));
        xen.Channels.RaisePirq(1, 19);
        Assert.Equal([], xen.Effects());
    }

    [Fact]
    public void What_the_hypervisor_consumes_the_guest_neither_closes_sends_nor_moves()
    {
        var xen = new XenBench();
        Assert.Equal(XenError.None, xen.Channels.OpenForXen(Guest, 2, Dom0, out uint port));
        foreach (EventChannelOperation operation in new[] { EventChannelOperation.Close, EventChannelOperation.Send })
            Assert.Equal(XenError.Invalid, xen.Answer(Guest, operation, port));
        Assert.Equal(XenError.Invalid, xen.Answer(Guest, EventChannelOperation.BindVcpu, port, 1));
        uint other = xen.Connect(Dom0, Guest, port);
        xen.Effects();
        Assert.Equal(XenError.None, xen.Answer(Dom0, EventChannelOperation.Send, other));
        Assert.Equal([$"told 1 port {port}"], xen.Effects());
        xen.Consume(Dom0);
        xen.Channels.SendFromXen(Guest, port);
        Assert.Equal(["upcall 0.0"], xen.Effects());
        Assert.Equal(XenError.None, xen.Channels.CloseForXen(Guest, port));
        Assert.Equal(XenError.Invalid, xen.Channels.CloseForXen(Guest, port));
    }

    [Fact]
    public void The_status_of_another_domain_needs_privilege()
    {
        var xen = new XenBench();
        Assert.Equal(XenError.NotPermitted, xen.Answer(Guest, EventChannelOperation.Status, Dom0, 0, 0, 0, 0, 0));
        Assert.Equal(XenError.Invalid, xen.Answer(Guest, EventChannelOperation.Status, Dom0, 64, 0, 0, 0, 0));
        Assert.Equal(XenError.NoSuchDomain, xen.Answer(Guest, EventChannelOperation.Status, 5, 64, 0, 0, 0, 0));
        Assert.Equal(XenError.None, xen.Answer(Dom0, EventChannelOperation.Status, Guest, 63, 0, 0, 0, 0));
    }

    [Fact]
    public void An_argument_that_is_too_short_and_an_operation_that_does_not_exist_are_refused()
    {
        var xen = new XenBench();
        foreach (EventChannelOperation operation in Enum.GetValues<EventChannelOperation>())
            Assert.Equal(XenError.Fault, xen.Channels.Hypercall(Guest, operation, []));
        Assert.Equal(XenError.NotImplemented, xen.Answer(Guest, (EventChannelOperation)15, 0));
        Assert.Equal(XenError.NotImplemented, xen.Answer(Guest, (EventChannelOperation)uint.MaxValue, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => xen.Answer(7, EventChannelOperation.Send, 0));
    }

    [Fact]
    public void Options_outside_their_ranges_are_refused()
    {
        Assert.Equal("Domains[1].Id", Refused(new() { Id = 1 }, new() { Id = 1 }));
        Assert.Equal("Domains[0].Id", Refused(new XenDomainOptions { Id = XenDomainOptions.SelfId }));
        Assert.Equal("Domains[0].Vcpus", Refused(new XenDomainOptions { Id = 1, Vcpus = 0 }));
        Assert.Equal("Domains[0].LargestPort", Refused(new XenDomainOptions { Id = 1, LargestPort = XenDomainOptions.MaxPorts }));
        Assert.Equal("Domains[0].Pirqs", Refused(new XenDomainOptions { Id = 1, Pirqs = -1 }));
        Assert.Equal("Domains.Count", Refused());

        static string Refused(params XenDomainOptions[] domains) =>
            Assert.Throws<OptionException>(() => new EventChannels(new() { Domains = domains }, new XenMemory(1))).Field;
    }
}
