using Wirq.Xen;
using static Wirq.Tests.Xen.XenBench;

namespace Wirq.Tests.Xen;

/// <summary>EVTCHNOP_reset, SCHEDOP_poll and VCPUOP_register_vcpu_info.</summary>
public class ResetAndPollTests
{
    [Fact]
    public void A_reset_closes_the_ports_of_the_guest_and_goes_back_to_2_level()
    {
        var xen = new XenBench();
        xen.UseFifo(Guest, 4);
        uint open = xen.Open(Guest, Dom0), timer = xen.Virq(Guest, VirtualInterrupt.Timer), far = xen.Connect(Dom0, Guest, open);
        Assert.Equal(XenError.None, xen.Channels.OpenForXen(Guest, 0, Dom0, out uint ofXen));
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.Reset, Self));
        Assert.Equal(1u, xen.Call(Dom0, EventChannelOperation.Status, Self, far, 0, 0, 0, 0).Words[2]);
        Assert.Equal(0u, xen.Call(Guest, EventChannelOperation.Status, Self, timer, 0, 0, 0, 0).Words[2]);
        Assert.Equal(1u, xen.Call(Guest, EventChannelOperation.Status, Self, ofXen, 0, 0, 0, 0).Words[2]);
        Assert.Equal(XenError.NotImplemented, xen.Answer(Guest, EventChannelOperation.SetPriority, open, 1));
        Assert.Equal(XenError.NotSupported, xen.Expand(Guest, 41));
        // All is as new: ports, virtual interrupts, control blocks.
        Assert.Equal((1u, 2u), (xen.Ipi(Guest, 0), xen.Virq(Guest, VirtualInterrupt.Timer)));
        xen.Effects();
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.Send, 1));
        Assert.True(xen.IsPending(Guest, 1));
        Assert.Equal(XenError.None, xen.InitControl(Guest, 3, 0));
    }

    [Fact]
    public void A_foreign_domain_is_reset_only_by_privilege_and_while_it_is_paused()
    {
        var xen = new XenBench();
        uint port = xen.Open(Guest);
        Assert.Equal(XenError.NotPermitted, xen.Answer(Guest, EventChannelOperation.Reset, Dom0));
        Assert.Equal(XenError.NoSuchDomain, xen.Answer(Guest, EventChannelOperation.Reset, 3));
        Assert.Equal(XenError.Invalid, xen.Answer(Dom0, EventChannelOperation.Reset, Guest));
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.Unmask, port));
        xen.Channels.SetPaused(Guest, true);
        Assert.Equal(XenError.None, xen.Answer(Dom0, EventChannelOperation.Reset, Guest));
        Assert.Equal(port, xen.Open(Guest));
        xen.Channels.SetPaused(Guest, false);
        Assert.Equal(XenError.Invalid, xen.Answer(Dom0, EventChannelOperation.Reset, Guest));
    }

    [Fact]
    public void A_reset_that_gives_way_goes_on_and_is_the_only_one()
    {
        var xen = new XenBench(resetBatch: 20);
        Assert.Equal(XenError.Busy, xen.Answer(Guest, EventChannelOperation.ContinueReset, Self));
        for (int i = 0; i < 50; i++)
            xen.Open(Guest);
        Assert.Equal(XenError.Restart, xen.Answer(Guest, EventChannelOperation.Reset, Self));
        Assert.Equal(XenError.Busy, xen.Answer(Guest, EventChannelOperation.Reset, Self));
        Assert.Equal(XenError.Restart, xen.Answer(Guest, EventChannelOperation.ContinueReset, Self));
        // Another vCPU opens a port that was closed already: the reset says so at its end.
        Assert.Equal(1u, xen.Open(Guest));
        Assert.Equal(XenError.Restart, xen.Answer(Guest, EventChannelOperation.ContinueReset, Self));
        Assert.Equal(XenError.TryAgain, xen.Answer(Guest, EventChannelOperation.ContinueReset, Self));
        Assert.Equal(XenError.Restart, xen.Answer(Guest, EventChannelOperation.Reset, Self));
        for (int i = 0; i < 2; i++)
            Assert.Equal(XenError.Restart, xen.Answer(Guest, EventChannelOperation.ContinueReset, Self));
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.ContinueReset, Self));
    }

    [Fact]
    public void A_poll_names_at_most_128_valid_ports()
    {
        var xen = new XenBench();
        Assert.Equal(new PollAnswer(XenError.Invalid, false), xen.Channels.Poll(Guest, 0, new uint[129], false));
        Assert.Equal(new PollAnswer(XenError.None, true), xen.Channels.Poll(Guest, 0, new uint[128], false));
        xen.Channels.EndPoll(Guest, 0);
        // XSA-221: a port that was never opened.
        Assert.Equal(new PollAnswer(XenError.Invalid, false), xen.Channels.Poll(Guest, 0, [64], false));
        Assert.False(xen.Channels.IsPolling(Guest, 0));
    }

    [Fact]
    public void A_poll_returns_at_once_for_a_pending_port_even_if_it_is_masked()
    {
        var xen = new XenBench();
        uint first = xen.Ipi(Guest, 0), second = xen.Ipi(Guest, 0);
        xen.Mask(Guest, second);
        xen.Answer(Guest, EventChannelOperation.Send, second);
        Assert.Equal([], xen.Effects());
        Assert.Equal(new PollAnswer(XenError.None, false), xen.Channels.Poll(Guest, 0, [first, second], true));
        Assert.Equal(new PollAnswer(XenError.None, true), xen.Channels.Poll(Guest, 0, [first], true));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_poll_returns_at_once_if_an_event_is_deliverable(bool enabled)
    {
        var xen = new XenBench();
        uint port = xen.Ipi(Guest, 0), other = xen.Ipi(Guest, 0);
        xen.Answer(Guest, EventChannelOperation.Send, port);
        Assert.Equal(!enabled, xen.Channels.Poll(Guest, 0, [other], enabled).Blocks);
        // A PV domain says by its mask whether an event is deliverable, and by nothing else.
        uint mine = xen.Ipi(Dom0, 0), its = xen.Ipi(Dom0, 0);
        xen.Answer(Dom0, EventChannelOperation.Send, mine);
        xen.Memory.SharedInfo(Dom0)[VcpuInfo.UpcallMask] = enabled ? (byte)0 : (byte)1;
        Assert.Equal(!enabled, xen.Channels.Poll(Dom0, 0, [its], !enabled).Blocks);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_event_wakes_who_polls_its_port_and_who_polls_several(bool fifo)
    {
        var xen = new XenBench();
        if (fifo)
            xen.UseFifo(Guest, 4);
        uint[] ports = [xen.Ipi(Guest, 0), xen.Ipi(Guest, 0), xen.Ipi(Guest, 0)];
        xen.Channels.Poll(Guest, 0, [ports[0]], false);
        xen.Channels.Poll(Guest, 1, [ports[1]], false);
        xen.Channels.Poll(Guest, 2, [ports[0], ports[1]], false);
        xen.Answer(Guest, EventChannelOperation.Send, ports[2]);
        // vCPU 2 wakes for a port that it did not name: which ones it named is not kept.
        Assert.Equal(["upcall 1.0", "woken 1.2"], xen.Effects());
        xen.Answer(Guest, EventChannelOperation.Send, ports[0]);
        Assert.Equal(["woken 1.0"], xen.Effects());
        Assert.Equal([false, true, false, false], [.. Enumerable.Range(0, 4).Select(vcpu => xen.Channels.IsPolling(Guest, vcpu))]);
        xen.Channels.EndPoll(Guest, 1);
        xen.Answer(Guest, EventChannelOperation.Send, ports[1]);
        Assert.Equal([], xen.Effects());
    }

    [Fact]
    public void An_event_that_is_pending_already_wakes_nobody()
    {
        var xen = new XenBench();
        uint port = xen.Ipi(Guest, 0), other = xen.Ipi(Guest, 0);
        xen.Answer(Guest, EventChannelOperation.Send, port);
        xen.Channels.Poll(Guest, 1, [other, 0], false);
        xen.Effects();
        xen.Answer(Guest, EventChannelOperation.Send, port);
        Assert.Equal([], xen.Effects());
        Assert.True(xen.Channels.IsPolling(Guest, 1));
    }

    [Theory]
    [InlineData(true, Layout64Selector, 8)]
    [InlineData(false, 4, 4)]
    public void A_registered_vcpu_info_takes_over_and_says_look_at_everything(bool is64Bit, int selector, int bytes)
    {
        var xen = new XenBench(new XenDomainOptions { Id = 1, Vcpus = 2, Is64Bit = is64Bit });
        xen.Memory.SharedInfo(1)[VcpuInfo.Size + 16] = 0x5A;
        Assert.Equal(XenError.NoSuchEntry, xen.Channels.RegisterVcpuInfo(1, 2, 5, 0));
        Assert.Equal(XenError.Invalid, xen.Channels.RegisterVcpuInfo(1, 1, 5, 4096 - 56));
        Assert.Equal(XenError.Invalid, xen.Channels.RegisterVcpuInfo(1, 1, 5, 4));
        Assert.Equal(XenError.Invalid, xen.Channels.RegisterVcpuInfo(1, 1, 64, 0));
        Assert.Equal(XenError.Invalid, xen.Channels.RegisterVcpuInfo(1, 1, ulong.MaxValue, 0));
        Assert.Equal([], xen.Effects());
        Assert.Equal(XenError.None, xen.Channels.RegisterVcpuInfo(1, 1, 5, 4096 - 64));
        Assert.Equal(XenError.Invalid, xen.Channels.RegisterVcpuInfo(1, 1, 6, 0));
        Assert.Equal(["upcall 1.1"], xen.Effects());
        Span<byte> info = xen.Memory.Page(1, 5)[^64..];
        Assert.Equal((1, 0x5A), (info[0], info[16]));
        Assert.Equal(-1, info.Slice(selector, bytes).IndexOfAnyExcept((byte)0xFF));
        // The old place is not written any more.
        info.Clear();
        xen.Memory.SharedInfo(1).Slice(VcpuInfo.Size, VcpuInfo.Size).Clear();
        xen.Answer(1, EventChannelOperation.Send, xen.Ipi(1, 1));
        Assert.Equal((1, 0, 1), (info[0], xen.Memory.SharedInfo(1)[VcpuInfo.Size], info[selector]));
    }

    private const int Layout64Selector = 8;

    [Fact]
    public void A_vCPU_from_32_on_gets_no_upcall_before_it_has_a_vcpu_info()
    {
        var xen = new XenBench(new XenDomainOptions { Id = 1, Vcpus = 40 });
        uint port = xen.Ipi(1, 33);
        byte[] before = xen.Memory.SharedInfo(1)[..Layout64.Pending].ToArray();
        xen.Answer(1, EventChannelOperation.Send, port);
        Assert.Equal([], xen.Effects());
        Assert.True(xen.IsPending(1, port));
        Assert.False(xen.Channels.IsUpcallPending(1, 33));
        Assert.Equal(before, xen.Memory.SharedInfo(1)[..Layout64.Pending].ToArray());
        Assert.Equal(XenError.None, xen.Channels.RegisterVcpuInfo(1, 33, 5, 64));
        Assert.Equal(["upcall 1.33"], xen.Effects());
        Assert.True(xen.Channels.IsUpcallPending(1, 33));
    }

    [Fact]
    public void A_domain_that_becomes_narrower_keeps_its_ports_without_words_for_them()
    {
        var xen = new XenBench(new XenDomainOptions { Id = 1 });
        for (int i = 0; i < 1100; i++)
            xen.Ipi(1, 0);
        xen.Channels.LatchWidth(1, is64Bit: false);
        byte[] before = xen.Memory.SharedInfo(1).ToArray();
        Assert.Equal(XenError.None, xen.Answer(1, EventChannelOperation.Send, 1024));
        Assert.Equal(XenError.None, xen.Answer(1, EventChannelOperation.Unmask, 1100));
        Assert.Equal(XenError.None, xen.Answer(1, EventChannelOperation.Close, 1099));
        Assert.Equal(before, xen.Memory.SharedInfo(1).ToArray());
        Assert.Equal(XenError.NoSpace, xen.Answer(1, EventChannelOperation.BindIpi, 0, 0));
        Assert.Equal(XenError.None, xen.Answer(1, EventChannelOperation.Send, 1023));
        Assert.Equal(1u << 31, GuestWords.U32(xen.Memory.SharedInfo(1), Layout32.Selector));
    }
}
