using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.Tests.Shared;
using Wirq.Xen;

namespace Wirq.Tests.Xen;

/// <summary>Random hypercalls with random arguments from two domains, while random words of their pages change. A third
/// domain, to which neither is connected, must not notice. <c>WIRQ_LONG=1</c> makes ten million of them, with a thread
/// of the guests that writes all the time.</summary>
public class XenFuzzTests(ITestOutputHelper output)
{
    private const int Usual = 200_000, Long = 10_000_000, Bystander = 3, Vcpus = 4;
    private static readonly bool s_long = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void No_hypercall_throws_loops_or_reaches_a_domain_that_it_must_not(int seed)
    {
        int calls = s_long ? Long / 2 : Usual / 2;
        output.WriteLine($"{calls} hypercalls; WIRQ_LONG=1 makes them {Long / 2}");
        var memory = new TouchedMemory();
        var xen = new EventChannels(new()
        {
            ResetBatch = 60,
            Domains =
            [
                new() { Id = 1, Vcpus = Vcpus, LargestPort = 5_000, Pirqs = 32 },
                new() { Id = 2, Vcpus = Vcpus, LargestPort = 5_000, Pirqs = 32, Is64Bit = false },
                new() { Id = Bystander, Vcpus = Vcpus },
            ],
        }, memory);
        byte[] open = [Bystander, 0, Bystander, 0, 0, 0, 0, 0];
        Assert.Equal(XenError.None, xen.Hypercall(Bystander, EventChannelOperation.AllocUnbound, open));
        byte[] untouched = memory.Pages[Bystander].ToArray();
        bool done = false;
        // Its bytes come from no clock, but how they fall among the calls does; so only the long run has it.
        Thread? guest = s_long ? new Thread(() => Scribble(memory.Pages, new Random(seed), ref done)) : null;
        guest?.Start();
        var random = new Random(seed);
        int upcalls = 0;
        var answers = new HashSet<(EventChannelOperation, XenError)>();
        try
        {
            for (int i = 0; i < calls; i++)
                upcalls += One(xen, memory, random, answers);
        }
        finally
        {
            Volatile.Write(ref done, true);
            guest?.Join();
        }
        Assert.Equal(untouched, memory.Pages[Bystander]);
        Assert.True(upcalls > calls / 1000, $"only {upcalls} upcalls");
        output.WriteLine($"{upcalls} upcalls, {answers.Count} kinds of answers");
        // It was no run along the errors: each operation also succeeded, and failed in several ways. A reset always gives way.
        EventChannelOperation[] operations = Enum.GetValues<EventChannelOperation>();
        Assert.Equal([], operations.Where(each => each != EventChannelOperation.Reset && !answers.Contains((each, XenError.None))));
        Assert.True(answers.Count > 45, $"only {answers.Count} kinds of answers");
    }

    private static int One(EventChannels xen, TouchedMemory memory, Random random, HashSet<(EventChannelOperation, XenError)> answers)
    {
        ushort caller = (ushort)random.Next(1, 3);
        if (random.Next(3) == 0)
            ScribbleOne(memory.Pages, random);
        var operation = (EventChannelOperation)random.Next(0, 15);
        // Rarely, as it closes everything.
        if (operation is EventChannelOperation.Reset or EventChannelOperation.Close && random.Next(50) != 0)
            operation = EventChannelOperation.Send;
        Span<uint> words = stackalloc uint[6];
        for (int i = 0; i < words.Length; i++)
            words[i] = Word(random);
        // A frame number has 64 bits.
        if (random.Next(8) != 0)
            words[1] = operation is EventChannelOperation.InitControl or EventChannelOperation.ExpandArray ? 0 : words[1];
        if (operation == EventChannelOperation.InitControl)
            words[2] = random.Next(3) == 0 ? words[2] : (uint)(random.Next(2) * random.Next(504)) * 8;
        int allowed = 1 << caller;
        if (operation == EventChannelOperation.Send)
            allowed |= Peer(xen, caller, words[0]);
        memory.Touched = 0;
        XenError answer = xen.Hypercall(caller, operation, MemoryMarshal.AsBytes(words)[..random.Next(random.Next(20) == 0 ? 0 : 24, 25)]);
        answers.Add((operation, answer));
        // What a hypervisor does next, unless another vCPU comes in between.
        if (answer == XenError.Restart && random.Next(2) == 0)
            answers.Add((EventChannelOperation.ContinueReset, xen.Hypercall(caller, EventChannelOperation.ContinueReset, MemoryMarshal.AsBytes(words))));
        // Whether a domain has a free port is told before whether the caller may open one there, so its words are read.
        int looked = operation == EventChannelOperation.AllocUnbound ? ~0 : allowed;
        Assert.True((memory.Touched & ~looked) == 0, $"{operation} of domain {caller} touched domains 0b{memory.Touched:b}");
        int upcalls = 0;
        while (xen.Events.TryTake(out Event effect))
        {
            Assert.Equal(EventKind.XenUpcall, effect.Kind);
            ushort told = XenUpcall.Of(effect).Domain;
            Assert.True((1 << told & allowed) != 0, $"{operation} of domain {caller} reached domain {told}");
            upcalls++;
        }
        return upcalls;
    }

    /// <summary>The domain at the other end of a port, as its own domain sees it.</summary>
    private static int Peer(EventChannels xen, ushort caller, uint port)
    {
        Span<uint> status = stackalloc uint[6];
        (status[0], status[1]) = (XenDomainOptions.SelfId, port);
        return xen.Hypercall(caller, EventChannelOperation.Status, MemoryMarshal.AsBytes(status)) == XenError.None && status[2] == 2
            ? 1 << (ushort)status[4] : 0;
    }

    private static uint Word(Random random) => random.Next(10) switch
    {
        0 => (uint)random.NextInt64(1L << 32),
        1 => (uint)random.Next(0, 6000),
        2 => random.Next(2) == 0 ? XenDomainOptions.SelfId | (uint)random.Next(0, 4) << 16 : 0x7FF0_0000 | (uint)random.Next(0, 4),
        3 => (uint)(random.Next(0, 4) | random.Next(0, 4) << 16),
        4 => (uint)random.Next(0, 40) * 8,
        _ => (uint)random.Next(0, 70),
    };

    private static void Scribble(byte[][] pages, Random random, ref bool done)
    {
        while (!Volatile.Read(ref done))
            ScribbleOne(pages, random);
    }

    private static void ScribbleOne(byte[][] pages, Random random)
    {
        byte[] its = pages[random.Next(1, 3)];
        // A guest that takes what came: its flags and selectors, its pending bits, its control blocks and event words.
        if (random.Next(4) == 0)
        {
            its.AsSpan(XenMemory.Frames * IXenPages.PageSize, Layout64.Pending + 32).Clear();
            for (int frame = 0; frame < XenMemory.Frames; frame++)
                its.AsSpan(frame * IXenPages.PageSize, 320).Clear();
        }
        int at = random.Next(its.Length / sizeof(uint));
        // Mostly words of which the hypervisor's way depends.
        if (random.Next(3) != 0)
            at = (random.Next(2) == 0 ? XenMemory.Frames : random.Next(XenMemory.Frames)) * 1024 + random.Next(80);
        Unsafe.As<byte, uint>(ref its[at * sizeof(uint)]) = random.Next(3) switch { 0 => 0, 1 => (uint)random.NextInt64(1L << 32), _ => 1u << random.Next(32) };
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Sending_allocates_nothing(bool fifo)
    {
        var xen = new XenBench();
        if (fifo)
            xen.UseFifo(XenBench.Guest, 1);
        uint port = xen.Ipi(XenBench.Guest, 0);
        byte[] argument = BitConverter.GetBytes(port);
        int upcalls = 0;
        Assert.Equal(0, Allocations.Of(1000, () =>
        {
            xen.Channels.Hypercall(XenBench.Guest, EventChannelOperation.Send, argument);
            while (xen.Channels.Events.TryTake(out _))
                upcalls++;
            xen.Memory.SharedInfo(XenBench.Guest)[..Layout64.Mask].Clear();
            xen.Memory.Page(XenBench.Guest, 0).Clear();
            xen.Memory.Page(XenBench.Guest, 40).Clear();
        }));
        Assert.True(upcalls >= 1000);
    }

    /// <summary>Notes whose pages were asked for.</summary>
    private sealed class TouchedMemory : IXenPages
    {
        private readonly XenMemory _memory = new(Bystander + 1);

        internal int Touched { get; set; }
        internal byte[][] Pages => _memory.Pages;

        public Span<byte> SharedInfo(ushort domain)
        {
            Touched |= 1 << domain;
            return _memory.SharedInfo(domain);
        }

        public Span<byte> Page(ushort domain, ulong frame)
        {
            Touched |= 1 << domain;
            return _memory.Page(domain, frame);
        }
    }
}
