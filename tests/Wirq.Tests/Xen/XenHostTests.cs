using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Tests.Shared;
using Wirq.Tests.State;
using Wirq.Xen;

namespace Wirq.Tests.Xen;

/// <summary>A domain of Xen whose machine threads drive: a guest, a device on the line of its callback, and another domain
/// that sends.</summary>
public class XenHostTests
{
    private const ushort Own = 1, Other = 2;
    private const int Gsi = 21;
    private const byte LineVector = 0x51;
    private static readonly int s_events = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? 200_000 : 4_000;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(CallbackPolicy.Ack)]
    [InlineData(CallbackPolicy.Poll)]
    public void No_lock_is_held_while_the_line_moves(CallbackPolicy policy)
    {
        var answered = new List<bool>();
        FabricHost? host = null;
        var cpus = new Wakes(_ =>
        {
            // Another thread gets through while this one is in the port.
            Task other = Task.Run(() => host!.HasInterrupt(0));
            answered.Add(other.Wait(s_patience));
        });
        var machine = new Machine(policy, cpus);
        host = machine.Host;
        host.Xen!.SetVia(CallbackVia.OfGsi(Gsi));
        Assert.Equal(XenError.None, host.Xen.Send(Own, machine.Ipi));
        Assert.Equal(LineVector, host.Take(0));
        Assert.Equal([true], answered);
    }

    [Theory]
    [InlineData(CallbackPolicy.Ack)]
    [InlineData(CallbackPolicy.Poll)]
    public async Task Events_of_another_domain_and_a_device_on_the_same_line_lose_nothing(CallbackPolicy policy)
    {
        var machine = new Machine(policy, new Wakes(_ => { }));
        FabricHost host = machine.Host;
        host.Xen!.SetVia(CallbackVia.OfGsi(Gsi));
        int wanted = 0, served = 0, sent = 0, seen = 0;
        using HostSource disk = host.Connect(Gsi, "disk");
        Task sender = Task.Run(() =>
        {
            for (int i = 0; i < s_events; i++)
            {
                Volatile.Write(ref sent, i + 1);
                Assert.Equal(XenError.None, host.Xen.Send(Other, machine.Sender));
            }
        }, TestContext.Current.CancellationToken);
        Task device = Task.Run(() =>
        {
            for (int i = 0; i < s_events / 10; i++)
            {
                Volatile.Write(ref wanted, i + 1);
                disk.Raise();
                Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref served) > i, s_patience), $"request {i} of the device was not served");
            }
        }, TestContext.Current.CancellationToken);
        Task guest = Task.Run(() =>
        {
            while (!sender.IsCompleted || !device.IsCompleted || seen != Volatile.Read(ref sent))
            {
                host.Xen.Enter(0);
                if (!host.HasInterrupt(0))
                    continue;
                Assert.Equal(LineVector, host.Take(0));
                // The event's number is read after its bit is cleared: what comes later sets the bit again.
                if (machine.TakeEvent())
                    seen = Volatile.Read(ref sent);
                if (Volatile.Read(ref wanted) != served)
                {
                    disk.Lower();
                    Volatile.Write(ref served, served + 1);
                }
                host.Xen.Enter(0);
                host.TryWrite(0, ApicBase.DefaultPage + (uint)ApicRegister.Eoi, 4, 0);
            }
        }, TestContext.Current.CancellationToken);
        await Task.WhenAll(sender, device, guest).WaitAsync(s_patience * 2, TestContext.Current.CancellationToken);
        Assert.Equal((s_events, s_events / 10), (seen, served));
        host.Xen.Enter(0);
        Assert.False(host.Do(fabric => fabric.Lines.IsAsserted(Gsi)));
        Assert.All(machine.Laws.Laws, law => Assert.Equal($"{law.Name} holds", law.Describe()));
        Assert.True(machine.Laws.Laws.Single(law => law.Name == "UpcallMatchesLine").Judgements > 0);
    }

    /// <summary>The control: a device that leaves the line drops the callback too, as where the last writer wins.</summary>
    [Fact]
    public void A_device_that_drops_the_callback_is_caught()
    {
        var machine = new Machine(CallbackPolicy.Poll, new Wakes(_ => { }));
        FabricHost host = machine.Host;
        host.Xen!.SetVia(CallbackVia.OfGsi(Gsi));
        using HostSource disk = host.Connect(Gsi, "disk");
        disk.Raise();
        Assert.Equal(XenError.None, host.Xen.Send(Other, machine.Sender));
        disk.Lower();
        host.Do(fabric => fabric.SetOwnSource(fabric.Xen!.Callback.Slots.Line, false));
        Law law = machine.Laws.Laws.Single(law => law.Name == "UpcallMatchesLine");
        Assert.EndsWith("fell, though the flag was seen set", law.Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_inputs_are_those_of_the_event_channels()
    {
        var machine = new Machine(CallbackPolicy.Ack, new Wakes(_ => { }));
        HostXen xen = machine.Host.Xen!;
        byte[] virq = new byte[12];
        virq[0] = VirtualInterrupt.Debug;
        Assert.Equal(XenError.None, xen.Hypercall(Own, EventChannelOperation.BindVirq, virq));
        Assert.Equal(XenError.None, xen.SetVector(0, 0x41));
        xen.RaiseVirq(Own, 0, VirtualInterrupt.Debug);
        Assert.Equal(0x41, machine.Host.Take(0));
        Assert.Equal(XenError.None, xen.RegisterVcpuInfo(Own, 0, 5, 0));
        Assert.Equal(new PollAnswer(XenError.None, true), xen.Poll(Own, 0, [9], interruptsEnabled: false));
        xen.EndPoll(Own, 0);
        xen.RaisePirq(Own, 3);
        Assert.False(xen.Enter(0));
        Assert.Throws<InvalidOperationException>(() => xen.Route(0, 5));
        Assert.Null(new FabricHost(new Fabric(FabricOptions.Pc()), null).Xen);
    }

    private sealed class Machine
    {
        private readonly XenMemory _memory = new(3);

        internal Machine(CallbackPolicy policy, ICpuPort cpus)
        {
            var options = FabricOptions.Pc() with
            {
                Xen = new()
                {
                    Channels = new() { Domains = [new() { Id = Own, LargestPort = 63 }, new() { Id = Other, LargestPort = 63 }] },
                    Domain = Own,
                    Policy = policy,
                },
            };
            LawSet? laws = null;
            Host = new FabricHostBuilder(options).UseXen(_memory).UseCpus(cpus)
                .Observe(fabric => new LawFeeder(laws = new LawSet(fabric.Options, fabric.Gsis, fabric.Arena))).Build().Host;
            Laws = laws!;
            (Ipi, uint offered) = Host.Do(fabric =>
            {
                var calls = new XenBench(fabric.Xen!.Channels, _memory);
                fabric.TryWrite(0, ApicBase.DefaultPage + (uint)ApicRegister.SpuriousVector, 4, 0x1FF);
                fabric.IoApics[0].WriteEntry(Gsi, RedirectionEntry.Create(LineVector, 0, level: true), fabric.Events);
                return (calls.Ipi(Own, 0), calls.Open(Own, Other));
            });
            Sender = Host.Do(fabric => new XenBench(fabric.Xen!.Channels, _memory).Connect(Other, Own, offered));
            Offered = offered;
        }

        internal FabricHost Host { get; }
        internal LawSet Laws { get; }
        internal uint Ipi { get; }
        /// <summary>The port by which the other domain sends, and where it comes out.</summary>
        internal uint Sender { get; }
        private uint Offered { get; }

        /// <summary>The guest takes its event, as a guest does: flag, selector, then the pending bit.</summary>
        internal bool TakeEvent()
        {
            Span<byte> shared = _memory.SharedInfo(Own);
            Volatile.Write(ref shared[0], 0);
            ref uint selector = ref GuestWords.U32(shared, 8), pending = ref GuestWords.U32(shared, Layout64.Pending);
            if (Interlocked.Exchange(ref selector, 0) == 0)
                return false;
            return (Interlocked.And(ref pending, ~(1u << (int)Offered)) >> (int)Offered & 1) != 0;
        }
    }

    private sealed class Wakes(Action<int> then) : ICpuPort
    {
        public void Interrupt(int cpu) => then(cpu);
        public void Nmi(int cpu) { }
        public void Smi(int cpu) { }
        public void Init(int cpu) { }
        public void StartUp(int cpu, byte vector) { }
    }
}
