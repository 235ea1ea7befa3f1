using Wirq.Xen;
using static Wirq.Tests.Xen.XenBench;

namespace Wirq.Tests.Xen;

/// <summary>The FIFO ABI: control blocks, the event array, priorities, and the words that a guest changes.</summary>
public class FifoTests
{
    private const uint Pending = EventWord.PendingBit, Masked = EventWord.MaskedBit, Linked = EventWord.LinkedBit, Busy = EventWord.BusyBit;

    [Theory]
    [InlineData(4, 0, 5, XenError.NoSuchEntry)]
    [InlineData(0, 4, 5, XenError.Invalid)]
    [InlineData(0, 4032, 5, XenError.Invalid)]
    [InlineData(0, 4024, 64, XenError.Invalid)]
    [InlineData(0, 4024, 5, XenError.None)]
    public void A_control_block_lies_in_one_page_aligned_to_8(uint vcpu, uint offset, uint frame, XenError answer)
    {
        var xen = new XenBench();
        Assert.Equal(answer, xen.InitControl(Guest, frame, vcpu, offset));
        // What failed left the 2-level ABI as it was (XSA-188).
        Assert.Equal(answer == XenError.None ? XenError.None : XenError.NotSupported, xen.Expand(Guest, 6));
        Assert.Equal(answer == XenError.None ? XenError.Invalid : XenError.None, xen.InitControl(Guest, frame < 64 ? frame : 5, 0));
    }

    [Fact]
    public void The_array_has_128_pages()
    {
        var xen = new XenBench();
        Assert.Equal(XenError.NotSupported, xen.Expand(Guest, 0));
        Assert.Equal(XenError.None, xen.InitControl(Guest, 0, 0));
        for (uint page = 0; page < 128; page++)
        {
            Assert.Equal(XenError.Invalid, xen.Expand(Guest, 64));
            Assert.Equal(XenError.None, xen.Expand(Guest, page % 64));
        }
        Assert.Equal(XenError.NoSpace, xen.Expand(Guest, 64));
    }

    [Fact]
    public void What_was_pending_before_comes_with_the_page_of_its_word()
    {
        var xen = new XenBench();
        uint early = xen.Ipi(Guest, 1), quiet = xen.Ipi(Guest, 1);
        xen.Answer(Guest, EventChannelOperation.Send, early);
        xen.Consume(Guest);
        xen.Answer(Guest, EventChannelOperation.Send, early);
        for (uint vcpu = 0; vcpu < 2; vcpu++)
            xen.InitControl(Guest, vcpu, vcpu);
        uint late = xen.Ipi(Guest, 1);
        xen.Memory.SharedInfo(Guest)[..(VcpuInfo.Size * 4)].Clear();
        xen.Effects();
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.Send, late));
        Assert.Equal([], xen.Effects());
        Assert.Equal(XenError.None, xen.Expand(Guest, 40));
        Assert.Equal(["upcall 1.1"], xen.Effects());
        Assert.Equal([early, late], xen.Take(Guest, 1));
        Assert.Equal(0u, xen.Word(Guest, quiet));
    }

    [Fact]
    public void An_event_for_a_vCPU_without_control_block_is_dropped()
    {
        var xen = new XenBench();
        xen.UseFifo(Guest, 1);
        uint port = xen.Ipi(Guest, 1);
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.Send, port));
        Assert.Equal(0u, xen.Word(Guest, port));
        Assert.Equal(XenError.None, xen.InitControl(Guest, 1, 1));
        Assert.Equal([], xen.Effects());
    }

    [Fact]
    public void Queues_are_taken_by_priority_and_each_in_its_order()
    {
        var xen = new XenBench();
        xen.UseFifo(Guest, 2);
        uint[] ports = [.. Enumerable.Range(0, 6).Select(_ => xen.Ipi(Guest, 1))];
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.SetPriority, ports[2], 0));
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.SetPriority, ports[4], 15));
        foreach (uint port in new[] { ports[4], ports[5], ports[0], ports[2], ports[1], ports[5] })
            xen.Answer(Guest, EventChannelOperation.Send, port);
        Assert.Equal(["upcall 1.1"], xen.Effects());
        Assert.Equal(1u | 1 << 7 | 1 << 15, xen.Ready(Guest, 1));
        Assert.Equal([ports[2], ports[5], ports[0], ports[1], ports[4]], xen.Take(Guest, 1));
    }

    [Fact]
    public void Only_a_new_head_of_a_queue_that_was_not_ready_makes_an_upcall()
    {
        var xen = new XenBench();
        xen.UseFifo(Guest, 1);
        uint first = xen.Ipi(Guest, 0), second = xen.Ipi(Guest, 0);
        xen.Answer(Guest, EventChannelOperation.Send, first);
        Assert.Equal(["upcall 1.0"], xen.Effects());
        // The guest has cleared its flag and not yet looked at ready.
        xen.Memory.SharedInfo(Guest)[0] = 0;
        xen.Answer(Guest, EventChannelOperation.Send, second);
        Assert.Equal([], xen.Effects());
        Assert.Equal(Pending | Linked | second, xen.Word(Guest, first));
        Assert.Equal([first, second], xen.Take(Guest, 0));
        // The queue is empty, but ready is still set: no upcall, and the head is new.
        GuestWords.U32(xen.Memory.Page(Guest, 0), ControlBlock.Ready) = 1 << 7;
        xen.Answer(Guest, EventChannelOperation.Send, second);
        Assert.Equal([], xen.Effects());
        Assert.Equal(second, xen.Head(Guest, 0, 7));
    }

    [Fact]
    public void A_masked_event_is_pending_and_not_linked_until_it_is_unmasked()
    {
        var xen = new XenBench();
        xen.UseFifo(Guest, 1);
        uint port = xen.Ipi(Guest, 0);
        xen.Word(Guest, port) = Masked;
        xen.Answer(Guest, EventChannelOperation.Send, port);
        Assert.Equal([], xen.Effects());
        Assert.Equal(Masked | Pending, xen.Word(Guest, port));
        xen.Answer(Guest, EventChannelOperation.Unmask, port);
        Assert.Equal(["upcall 1.0"], xen.Effects());
        Assert.Equal([port], xen.Take(Guest, 0));
        // What is not pending is only unmasked.
        xen.Word(Guest, port) = Masked;
        xen.Answer(Guest, EventChannelOperation.Unmask, port);
        Assert.Equal((0u, 0), (xen.Word(Guest, port), xen.Effects().Count));
    }

    [Fact]
    public void A_port_that_moves_while_it_is_linked_stays_in_its_queue_and_the_next_event_takes_the_new_one()
    {
        var xen = new XenBench();
        xen.UseFifo(Guest, 3);
        uint moved = xen.Virq(Guest, VirtualInterrupt.Argo), other = xen.Ipi(Guest, 0);
        xen.Channels.RaiseVirq(Guest, 0, VirtualInterrupt.Argo);
        xen.Answer(Guest, EventChannelOperation.BindVcpu, moved, 2);
        xen.Answer(Guest, EventChannelOperation.SetPriority, moved, 3);
        xen.Channels.RaiseVirq(Guest, 0, VirtualInterrupt.Argo);
        Assert.Equal(["upcall 1.0"], xen.Effects());
        Assert.Equal([moved], xen.Take(Guest, 0));
        xen.Channels.RaiseVirq(Guest, 0, VirtualInterrupt.Argo);
        Assert.Equal(["upcall 1.2"], xen.Effects());
        Assert.Equal((1u << 3, moved), (xen.Ready(Guest, 2), xen.Head(Guest, 2, 3)));
        // The former tail of vCPU 0 is linked at vCPU 2 now: what comes to vCPU 0 must not be appended behind it.
        xen.Answer(Guest, EventChannelOperation.Send, other);
        Assert.Equal(["upcall 1.0"], xen.Effects());
        Assert.Equal([other], xen.Take(Guest, 0));
        Assert.Equal([moved], xen.Take(Guest, 2));
    }

    [Fact]
    public void A_port_that_is_closed_while_it_is_linked_is_not_handed_out_again()
    {
        var xen = new XenBench();
        xen.UseFifo(Guest, 2);
        uint port = xen.Ipi(Guest, 0);
        xen.Answer(Guest, EventChannelOperation.Send, port);
        xen.Answer(Guest, EventChannelOperation.Close, port);
        Assert.Equal(Linked, xen.Word(Guest, port));
        uint next = xen.Ipi(Guest, 0);
        Assert.NotEqual(port, next);
        Assert.Equal([], xen.Take(Guest, 0));
        uint again = xen.Ipi(Guest, 1);
        Assert.Equal(port, again);
        // It was the tail of vCPU 0; as a port of vCPU 1 it must not draw that vCPU's events into vCPU 0's queue.
        xen.Answer(Guest, EventChannelOperation.Send, again);
        xen.Answer(Guest, EventChannelOperation.Send, next);
        Assert.Equal([next], xen.Take(Guest, 0));
        Assert.Equal([again], xen.Take(Guest, 1));
    }

    [Fact]
    public void A_new_owner_of_a_port_begins_with_the_usual_priority()
    {
        var xen = new XenBench();
        xen.UseFifo(Guest, 1);
        uint port = xen.Ipi(Guest, 0);
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.SetPriority, port, 2));
        Assert.Equal(XenError.Invalid, xen.Answer(Guest, EventChannelOperation.SetPriority, port, 16));
        xen.Answer(Guest, EventChannelOperation.Close, port);
        Assert.Equal(XenError.NoAccess, xen.Answer(Guest, EventChannelOperation.SetPriority, port, 16));
        Assert.Equal(XenError.Invalid, xen.Answer(Guest, EventChannelOperation.SetPriority, 64, 2));
        xen.Ipi(Guest, 0);
        xen.Answer(Guest, EventChannelOperation.Send, port);
        Assert.Equal(1u << 7, xen.Ready(Guest, 0));
    }

    [Fact]
    public void A_guest_that_unlinks_the_tail_gets_a_new_head_and_is_free_to_unmask()
    {
        var xen = new XenBench();
        xen.UseFifo(Guest, 1);
        uint first = xen.Ipi(Guest, 0), second = xen.Ipi(Guest, 0);
        xen.Answer(Guest, EventChannelOperation.Send, first);
        // A guest that clears linked, and leaves nonsense in the word.
        xen.Word(Guest, first) = Pending | Busy | 77;
        xen.Answer(Guest, EventChannelOperation.Send, second);
        Assert.Equal(second, xen.Head(Guest, 0, 7));
        Assert.Equal(77u, xen.Word(Guest, first) & EventWord.LinkMask);
    }

    [Theory]
    [InlineData(1u << 29 | 5)]
    [InlineData(uint.MaxValue)]
    [InlineData(1u << 29)]
    public void A_link_that_the_guest_wrote_is_never_followed(uint word)
    {
        var xen = new XenBench();
        xen.UseFifo(Guest, 1);
        uint first = xen.Ipi(Guest, 0), second = xen.Ipi(Guest, 0);
        xen.Answer(Guest, EventChannelOperation.Send, first);
        xen.Word(Guest, first) = word;
        xen.Answer(Guest, EventChannelOperation.Send, second);
        // It is appended behind the tail that the hypervisor knows, and the link that was there is gone.
        Assert.Equal(word & ~(Busy | EventWord.LinkMask) | second, xen.Word(Guest, first));
    }

    [Fact]
    public void Words_in_a_page_that_vanished_are_as_before_the_page_came()
    {
        var xen = new XenBench();
        Assert.Equal(XenError.None, xen.InitControl(Guest, 0, 0));
        Assert.Equal(XenError.None, xen.Expand(Guest, 40));
        uint port = xen.Ipi(Guest, 0);
        xen.Memory.Missing = 40;
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.Send, port));
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.Unmask, port));
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.Close, port));
        xen.Memory.Missing = 0;
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.Send, xen.Ipi(Guest, 0)));
        Assert.Equal([], xen.Effects());
        xen.Memory.Missing = -1;
        Assert.Equal(XenError.None, xen.Answer(Guest, EventChannelOperation.Send, port));
        Assert.Equal(["upcall 1.0"], xen.Effects());
    }

    /// <summary>A thread of the guest takes, masks and unmasks while events are sent: each one that was sent last is
    /// found in the end, and no queue is broken.</summary>
    [Fact]
    public void Nothing_is_lost_while_a_guest_consumes_and_masks()
    {
        var xen = new XenBench();
        xen.UseFifo(Guest, 1);
        uint[] ports = [.. Enumerable.Range(0, 8).Select(_ => xen.Ipi(Guest, 0))];
        const int Rounds = 20_000;
        bool done = false;
        var guest = new Thread(() =>
        {
            var random = new Random(5);
            while (!Volatile.Read(ref done))
            {
                xen.Take(Guest, 0);
                Interlocked.Or(ref xen.Word(Guest, ports[random.Next(ports.Length)]), Masked);
            }
        });
        guest.Start();
        var sent = new Random(6);
        for (int i = 0; i < Rounds; i++)
        {
            uint port = ports[sent.Next(ports.Length)];
            xen.Answer(Guest, EventChannelOperation.Send, port);
            xen.Answer(Guest, EventChannelOperation.Unmask, port);
        }
        Volatile.Write(ref done, true);
        guest.Join();
        xen.Take(Guest, 0);
        foreach (uint port in ports)
        {
            xen.Answer(Guest, EventChannelOperation.Unmask, port);
            xen.Answer(Guest, EventChannelOperation.Send, port);
        }
        Assert.Equal(ports.Order(), xen.Take(Guest, 0).Order());
        Assert.Equal([], xen.Take(Guest, 0));
        Assert.All(ports, port => Assert.Equal(0u, xen.Word(Guest, port) & ~EventWord.LinkMask));
    }
}
