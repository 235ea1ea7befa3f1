using System.Buffers.Binary;
using Wirq.Events;
using Wirq.Xen;

namespace Wirq.Tests.Xen;

/// <summary>Domains 0 (PV, privileged) and 1 (HVM), unless told otherwise, and hypercalls by their fields.</summary>
internal sealed class XenBench
{
    internal const ushort Dom0 = 0, Guest = 1, Self = XenDomainOptions.SelfId;

    internal XenBench(params XenDomainOptions[] domains) : this(XenDomainOptions.MaxPorts, domains) { }

    internal XenBench(int resetBatch, params XenDomainOptions[] domains)
    {
        if (domains.Length == 0)
            domains = [new() { Id = Dom0, Vcpus = 2, IsHvm = false, IsPrivileged = true }, new() { Id = Guest, Vcpus = 4 }];
        Memory = new XenMemory(domains.Max(domain => domain.Id) + 1);
        Channels = new EventChannels(new() { Domains = domains, ResetBatch = resetBatch }, Memory);
    }

    /// <summary>The event channels of a machine.</summary>
    internal XenBench(EventChannels channels, XenMemory memory) => (Channels, Memory) = (channels, memory);

    internal XenMemory Memory { get; }
    internal EventChannels Channels { get; }

    /// <summary>A hypercall whose argument is these words of 32 bits.</summary>
    internal (XenError Answer, uint[] Words) Call(ushort domain, EventChannelOperation operation, params uint[] words)
    {
        var bytes = new byte[words.Length * sizeof(uint)];
        Buffer.BlockCopy(words, 0, bytes, 0, bytes.Length);
        XenError answer = Channels.Hypercall(domain, operation, bytes);
        var result = new uint[words.Length];
        Buffer.BlockCopy(bytes, 0, result, 0, bytes.Length);
        return (answer, result);
    }

    internal XenError Answer(ushort domain, EventChannelOperation operation, params uint[] words) => Call(domain, operation, words).Answer;

    internal uint Open(ushort domain, ushort remote = Self) => Port(domain, EventChannelOperation.AllocUnbound, 1, Self | (uint)remote << 16, 0);

    internal uint Ipi(ushort domain, uint vcpu) => Port(domain, EventChannelOperation.BindIpi, 1, vcpu, 0);

    internal uint Virq(ushort domain, uint virq, uint vcpu = 0) => Port(domain, EventChannelOperation.BindVirq, 2, virq, vcpu, 0);

    internal uint Connect(ushort domain, ushort remote, uint port) => Port(domain, EventChannelOperation.BindInterdomain, 2, remote, port, 0);

    private uint Port(ushort domain, EventChannelOperation operation, int place, params uint[] words)
    {
        (XenError answer, uint[] result) = Call(domain, operation, words);
        Assert.Equal(XenError.None, answer);
        return result[place];
    }

    internal XenError InitControl(ushort domain, uint frame, uint vcpu, uint offset = 0) =>
        Answer(domain, EventChannelOperation.InitControl, frame, 0, offset, vcpu, 0, 0);

    internal XenError Expand(ushort domain, uint frame) => Answer(domain, EventChannelOperation.ExpandArray, frame, 0);

    /// <summary>Puts a domain into the FIFO ABI: vCPU N has its control block in page N, and the words are in page
    /// 40.</summary>
    internal void UseFifo(ushort domain, int vcpus)
    {
        for (uint vcpu = 0; vcpu < vcpus; vcpu++)
            Assert.Equal(XenError.None, InitControl(domain, vcpu, vcpu));
        Assert.Equal(XenError.None, Expand(domain, 40));
    }

    internal ref uint Word(ushort domain, uint port) => ref GuestWords.U32(Memory.Page(domain, 40), (int)port * sizeof(uint));

    internal uint Ready(ushort domain, uint vcpu) => BinaryPrimitives.ReadUInt32LittleEndian(Memory.Page(domain, vcpu));

    internal uint Head(ushort domain, uint vcpu, int queue) =>
        BinaryPrimitives.ReadUInt32LittleEndian(Memory.Page(domain, vcpu)[ControlBlock.HeadOf(queue)..]);

    /// <summary>The guest takes all that is ready at a vCPU, as a guest does: queue by queue, in the order of their
    /// priorities. A masked port is unlinked only.</summary>
    internal List<uint> Take(ushort domain, uint vcpu)
    {
        List<uint> taken = [];
        Memory.SharedInfo(domain)[(int)vcpu * VcpuInfo.Size] = 0;
        ref uint ready = ref GuestWords.U32(Memory.Page(domain, vcpu), ControlBlock.Ready);
        uint queues = Interlocked.Exchange(ref ready, 0);
        for (int queue = 0; queue < ControlBlock.Queues; queue++)
        {
            uint port = (queues >> queue & 1) != 0 ? Head(domain, vcpu, queue) : 0;
            while (port != 0)
            {
                ref uint word = ref Word(domain, port);
                uint linked = Interlocked.And(ref word, ~(EventWord.LinkedBit | EventWord.LinkMask));
                if ((linked & EventWord.PendingBit) != 0 && (linked & EventWord.MaskedBit) == 0)
                {
                    Interlocked.And(ref word, ~EventWord.PendingBit);
                    taken.Add(port);
                }
                port = linked & EventWord.LinkMask;
            }
        }
        return taken;
    }

    internal void Mask(ushort domain, uint port, bool masked = true)
    {
        byte bit = (byte)(1 << (int)(port % 8));
        ref byte mask = ref Memory.SharedInfo(domain)[Layout64.Mask + (int)port / 8];
        mask = (byte)(masked ? mask | bit : mask & ~bit);
    }

    internal bool IsPending(ushort domain, uint port) => GuestWords.Test(Memory.SharedInfo(domain), Layout64.Pending, port);

    /// <summary>The guest takes its flag, selector and pending bits away.</summary>
    internal void Consume(ushort domain)
    {
        Span<byte> shared = Memory.SharedInfo(domain);
        shared[..Layout64.Mask].Clear();
    }

    /// <summary>The effects since the last call, in words.</summary>
    internal List<string> Effects()
    {
        List<string> told = [];
        while (Channels.Events.TryTake(out Event effect))
        {
            told.Add(effect.Kind switch
            {
                EventKind.XenUpcall => $"upcall {XenUpcall.Of(effect).Domain}.{XenUpcall.Of(effect).Vcpu}",
                EventKind.XenPollerWoken => $"woken {XenPollerWoken.Of(effect).Domain}.{XenPollerWoken.Of(effect).Vcpu}",
                EventKind.XenConsumerTold => $"told {XenConsumerTold.Of(effect).Domain} port {XenConsumerTold.Of(effect).Port}",
                _ => effect.ToString(),
            });
        }
        return told;
    }
}
