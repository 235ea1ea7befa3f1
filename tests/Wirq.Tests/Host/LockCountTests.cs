using Wirq.Events;
using Wirq.Host;
using Wirq.Routing;

namespace Wirq.Tests.Host;

/// <summary>How often an exit of a CPU takes the host's lock: once, if no effect leaves the fabric.</summary>
public sealed class LockCountTests
{
    private const byte Vector = 0x51;
    private const int Pin = 20;
    private const ulong IoApicAt = IoApicOptions.DefaultAddress, ApicAt = ApicBase.DefaultPage;

    private readonly Fabric _fabric;
    private readonly FabricHost _host;
    private readonly HostSource _source;

    public LockCountTests()
    {
        _fabric = new Fabric(FabricOptions.Pc());
        _fabric.Events.WakeUps = false;
        _host = new FabricHost(_fabric);
        _host.TryWrite(0, ApicAt + (uint)ApicRegister.SpuriousVector, 4, 0x1FF);
        RedirectionEntry entry = RedirectionEntry.Create(Vector, 0, level: true);
        _host.TryWrite(0, IoApicAt + IoApic.SelectOffset, 4, IoApic.EntryIndex(Pin));
        _host.TryWrite(0, IoApicAt + IoApic.WindowOffset, 4, entry.Low);
        _source = _host.Connect(Pin, "device");
    }

    public static TheoryData<string> Accesses => [.. s_accesses.Keys];

    private static readonly Dictionary<string, Func<Fabric, bool>> s_accesses = new()
    {
        ["register of the local APIC"] = fabric => fabric.TryRead(0, ApicAt + (uint)ApicRegister.Version, 4, out _),
        ["IPI to itself"] = fabric => fabric.TryWrite(0, ApicAt + (uint)ApicRegister.CommandLow, 4, 0x40033),
        ["entry that has its pin send"] = fabric => fabric.TryWrite(0, IoApicAt + IoApic.WindowOffset, 4, Vector | 1u << 15),
        ["port of the 8259s"] = fabric => fabric.TryWritePort(0, PicPair.MasterData, 1, 0xFF),
        ["MSR"] = fabric => fabric.ReadMsr(0, ApicMsr.Base, out _) == MsrResult.Done,
        ["what is no register"] = fabric => !fabric.TryRead(0, 0xD0000000, 4, out _),
    };

    [Theory]
    [MemberData(nameof(Accesses))]
    public void An_access_takes_it_once(string access)
    {
        _source.Raise();
        long before = _host.Lock.Acquisitions;
        Assert.True(_host.Exit(0, now: 1_000, 0, (fabric, _) => s_accesses[access](fabric), out CpuOutlook outlook));
        Assert.Equal(1, _host.Lock.Acquisitions - before);
        Assert.Equal(1_000, _fabric.Now);
        Assert.Equal((_fabric.HasInterrupt(0), _fabric.ReadCr8(0), _fabric.NextDeadline), (outlook.HasInterrupt, outlook.Cr8, outlook.NextDeadline));
    }

    /// <summary>The EOI reaches the I/OAPIC, the line still holds, the pin sends again and the local APIC has it: all of it
    /// before the CPU looks.</summary>
    [Fact]
    public void An_EOI_with_all_that_follows_takes_it_once()
    {
        _source.Raise();
        Assert.Equal(Vector, _host.Take(0));
        long before = _host.Lock.Acquisitions;
        _host.Exit(0, 0, 0, static (fabric, _) => fabric.TryWrite(0, ApicAt + (uint)ApicRegister.Eoi, 4, 0), out CpuOutlook outlook);
        Assert.Equal(1, _host.Lock.Acquisitions - before);
        Assert.True(outlook.HasInterrupt);
        Assert.Equal(Vector, _host.Take(0));
    }

    /// <summary>A timer that was due before the access is in what the CPU finds; no time goes back.</summary>
    [Fact]
    public void What_is_due_comes_before_the_access()
    {
        Write(ApicRegister.DivideConfiguration, 0xB);
        Write(ApicRegister.Timer, 0x61);
        Write(ApicRegister.InitialCount, 500);
        ulong count = _host.Exit(0, 2_000, 0, static (fabric, _) =>
            fabric.TryRead(0, ApicAt + (uint)ApicRegister.CurrentCount, 4, out ulong left) ? left : 9, out CpuOutlook outlook);
        Assert.Equal((0ul, true, long.MaxValue), (count, outlook.HasInterrupt, outlook.NextDeadline));
        _host.Exit(0, 1_000, 0, static (fabric, _) => fabric.Now, out _);
        Assert.Equal(2_000, _fabric.Now);
    }

    /// <summary>Each effect that leaves the fabric lets the lock go once.</summary>
    [Fact]
    public void An_effect_outside_takes_it_once_more()
    {
        var woken = new List<int>();
        var fabric = new Fabric(FabricOptions.Pc(2));
        var host = new FabricHost(fabric, new FabricPorts { Cpus = new Cpus(woken) });
        host.TryWrite(1, ApicAt + (uint)ApicRegister.SpuriousVector, 4, 0x1FF);
        host.TryWrite(0, ApicAt + (uint)ApicRegister.SpuriousVector, 4, 0x1FF);
        host.TryWrite(0, ApicAt + (uint)ApicRegister.CommandHigh, 4, 1u << 24);
        long before = host.Lock.Acquisitions;
        host.Exit(0, 0, 0, static (fabric, _) => fabric.TryWrite(0, ApicAt + (uint)ApicRegister.CommandLow, 4, 0x33), out CpuOutlook outlook);
        Assert.Equal(2, host.Lock.Acquisitions - before);
        Assert.Equal([1], woken);
        Assert.False(outlook.HasInterrupt);
        Assert.True(host.Look(1).HasInterrupt);
    }

    /// <summary>There is an observer, but it does not observe this event: the lock is not released for it.</summary>
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 3)]
    public void An_event_that_nobody_wants_does_not_cost_the_lock(bool wanted, int acquisitions)
    {
        var observer = new Observer(wanted);
        var fabric = new Fabric(FabricOptions.Pc());
        fabric.Events.WakeUps = false;
        var host = new FabricHost(fabric, new FabricPorts { Observer = observer });
        host.TryWrite(0, ApicAt + (uint)ApicRegister.SpuriousVector, 4, 0x1FF);
        host.TryWrite(0, IoApicAt + IoApic.SelectOffset, 4, IoApic.EntryIndex(Pin));
        using HostSource source = host.Connect(Pin, "device");
        source.Raise();
        (long before, int heard) = (host.Lock.Acquisitions, observer.Heard);
        // The route has changed, and the pin sends.
        host.Exit(0, 0, 0, static (at, _) => at.TryWrite(0, IoApicAt + IoApic.WindowOffset, 4, Vector | 1u << 15), out CpuOutlook outlook);
        Assert.True(outlook.HasInterrupt);
        Assert.Equal(acquisitions, host.Lock.Acquisitions - before);
        Assert.Equal(wanted ? 2 : 0, observer.Heard - heard);
    }

    [Fact]
    public void A_CPU_of_a_kernel_finds_the_deadline_alone()
    {
        var kernel = new FakeKernel();
        var host = new FabricHost(new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions { Kernel = kernel.Limits } }),
            new FabricPorts { Kernel = kernel, EventFds = kernel });
        Assert.False(host.Exit(0, 5, 0, static (fabric, _) => fabric.TryRead(0, 0xD0000000, 4, out ulong _), out CpuOutlook outlook));
        Assert.Equal(new CpuOutlook(false, 0, long.MaxValue), outlook);
    }

    private void Write(ApicRegister register, uint value) => _host.TryWrite(0, ApicAt + (uint)register, 4, value);

    private sealed class Observer(bool wants) : IEventObserver
    {
        internal int Heard { get; private set; }

        public bool Observes(in Event happened) => wants;
        public void Observe(in Event happened) => Heard++;
    }

    private sealed class Cpus(List<int> woken) : ICpuPort
    {
        public void Interrupt(int cpu) => woken.Add(cpu);
        public void Nmi(int cpu) { }
        public void Smi(int cpu) { }
        public void Init(int cpu) { }
        public void StartUp(int cpu, byte vector) { }
    }
}
