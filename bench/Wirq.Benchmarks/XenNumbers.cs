using System.Buffers.Binary;
using System.Globalization;
using Wirq.Events;
using Wirq.Host;
using Wirq.State;
using Wirq.Xen;

namespace Wirq.Benchmarks;

/// <summary>Xen: an event from the hypercall to the upcall by either ABI, beside a message in the same run; and how often
/// an entry of a vCPU looks at the flag.</summary>
internal static class XenNumbers
{
    private const string MessageRow = "xen-beside-msi-irr-take-eoi";

    internal static void Measure(TextWriter output)
    {
        var message = new PathMachine();
        Quick.Measure(output, MessageRow, "ns", () => message.Message());
        var wide = new Sender(fifo: false);
        Quick.Measure(output, "xen-send-to-upcall-2-level", "ns", wide.Send);
        var fifo = new Sender(fifo: true);
        Quick.Measure(output, "xen-send-to-upcall-fifo", "ns", fifo.Send);
        foreach (CallbackPolicy policy in Enum.GetValues<CallbackPolicy>())
            CountLooks(output, policy);
    }

    /// <summary>A million exits of a vCPU. At each hundredth an event comes; its handler takes twenty exits to clear the
    /// flag, and signals its EOI at the next one.</summary>
    private static void CountLooks(TextWriter output, CallbackPolicy policy)
    {
        const int Exits = 1_000_000, Period = 100, Handling = 20, Pin = 21;
        var memory = new Pages();
        var channels = new EventChannels(new() { Domains = [new() { Id = 1 }] }, memory);
        channels.Hypercall(1, EventChannelOperation.BindIpi, new byte[8]);
        var machine = new PathMachine();
        var callback = new XenCallback(machine.Fabric, channels, 1, null, policy, new StateArena());
        callback.SetVia(CallbackVia.OfGsi(Pin));
        var ports = new FabricPorts { Acks = callback };
        int looks = 0, interrupts = 0;
        for (int exit = 0; exit < Exits; exit++)
        {
            if (exit % Period == 0)
            {
                channels.Send(1, 1);
                while (channels.Events.TryTake(out Event effect))
                    callback.Upcall(XenUpcall.Of(effect).Vcpu);
            }
            if (exit % Period == Handling)
                memory.Clear();
            if (exit % Period == Handling + 1)
                machine.Fabric.TryWrite(0, ApicBase.DefaultPage + (uint)ApicRegister.Eoi, 4, 0);
            machine.Fabric.Drain(ports);
            looks += callback.Enter(0) ? 1 : 0;
            interrupts += callback.Take(0) >= 0 ? 1 : 0;
        }
        string name = policy.ToString().ToLowerInvariant();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"xen-entries-that-look-of-1000000-by-{name} {looks}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"xen-interrupts-by-{name} {interrupts}"));
    }

    /// <summary>A domain that sends itself events, and takes them as cheaply as a guest can.</summary>
    private sealed class Sender
    {
        private readonly Pages _pages = new();
        private readonly EventChannels _channels;
        private readonly byte[] _argument;

        internal Sender(bool fifo)
        {
            _channels = new(new() { Domains = [new() { Id = 1 }] }, _pages);
            var argument = new byte[8];
            _channels.Hypercall(1, EventChannelOperation.BindIpi, argument);
            _argument = argument[4..];
            if (fifo)
            {
                _channels.Hypercall(1, EventChannelOperation.InitControl, new byte[24]);
                _channels.Hypercall(1, EventChannelOperation.ExpandArray, [1, 0, 0, 0, 0, 0, 0, 0]);
            }
        }

        internal void Send()
        {
            _channels.Hypercall(1, EventChannelOperation.Send, _argument);
            _channels.Events.TryTake(out Event effect);
            if (effect.Kind != EventKind.XenUpcall)
                throw new InvalidOperationException("there was no upcall");
            _pages.Clear();
        }
    }

    /// <summary>The shared-info page, the page of a control block and one of event words.</summary>
    private sealed class Pages : IXenPages
    {
        private readonly byte[] _bytes = GC.AllocateArray<byte>(3 * IXenPages.PageSize, pinned: true);

        public Span<byte> SharedInfo(ushort domain) => _bytes.AsSpan(2 * IXenPages.PageSize);

        public Span<byte> Page(ushort domain, ulong frame) =>
            frame < 2 ? _bytes.AsSpan((int)frame * IXenPages.PageSize, IXenPages.PageSize) : [];

        /// <summary>The guest takes what came to port 1: flag, selector and pending bit, or ready bits and event
        /// word.</summary>
        internal void Clear()
        {
            const int Selector = 8, Pending = 0x800, Port = 1;
            Span<byte> shared = SharedInfo(1);
            shared[0] = 0;
            BinaryPrimitives.WriteUInt64LittleEndian(shared[Selector..], 0);
            BinaryPrimitives.WriteUInt64LittleEndian(shared[Pending..], 0);
            BinaryPrimitives.WriteUInt32LittleEndian(_bytes, 0);
            BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(IXenPages.PageSize + Port * sizeof(uint)), 0);
        }
    }
}
