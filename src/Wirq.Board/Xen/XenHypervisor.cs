using System.Runtime.InteropServices;
using Wirq.Board.Machine;
using Wirq.Board.Memory;
using Wirq.Board.Timing;
using Wirq.Host;
using Wirq.Linux;
using Wirq.Xen;

namespace Wirq.Board.Xen;

/// <summary>The hypervisor of a board: the machine is an HVM domain with event channels, whose memory and parameters are
/// here.</summary>
/// <remarks>Its state is guarded by the lock of the interrupt system, which a vCPU takes once for each hypercall
/// (<see cref="Call"/>).</remarks>
internal sealed class XenHypervisor : ITimedDevice, IXenPort, IDisposable
{
    /// <summary>The id of the guest. 0 would be the domain that is in charge.</summary>
    internal const ushort Domain = 1;

    // Xen puts such pages right below the firmware too.
    private const ulong StoreAddress = 0xFEFFC000;
    private const long HzPerKiloHertz = 1000;

    private readonly XenGuestOptions _options;
    private readonly int _cpus;
    private readonly BoardClock _clock;
    private readonly Mapping _store = Mapping.Anonymous(IXenPages.PageSize);
    private readonly Wait[] _waits;
    private FabricHost? _host;
    private BoardChips? _chips;
    private BoardPort? _port;
    private XenMachine? _machine;
    private XenParameters? _parameters;

    internal XenHypervisor(XenGuestOptions options, int cpus, BoardMemory memory, KvmVm vm, BoardClock clock)
    {
        (_options, _cpus, _clock) = (options, cpus, clock);
        Pages = new XenPages(memory);
        vm.MapMemory(memory.Ranges.Count, StoreAddress, _store);
        _waits = new Wait[cpus];
        Array.Fill(_waits, new Wait(long.MaxValue, false));
    }

    /// <inheritdoc/>
    public event Action? DeadlineMoved;

    /// <summary>The options of the machine.</summary>
    internal XenOptions Machine => new()
    {
        Channels = new EventChannelOptions { Domains = [new() { Id = Domain, Vcpus = _cpus }] },
        Domain = Domain,
        Policy = _options.Callback,
    };

    internal XenPages Pages { get; }
    internal EventChannels Channels => _machine!.Channels;
    internal XenCallback Callback => _machine!.Callback;
    internal XenParameters Parameters => _parameters!;

    /// <summary>The MSR of the page of hypercalls.</summary>
    internal uint Msr => XenCpuid.MsrOf(_options.Viridian);

    /// <summary>Where console_io goes.</summary>
    internal Action<byte>? Console => _options.Console;

    /// <summary>The leaves of a CPU.</summary>
    internal KvmCpuidLeaf[] CpuidOf(ReadOnlySpan<KvmCpuidLeaf> leaves, int cpu, long tscHz) =>
        XenCpuid.Of(leaves, cpu, Domain, (uint)(tscHz / HzPerKiloHertz), _options.Viridian);

    /// <summary>Connects it to the machine, before any vCPU runs.</summary>
    internal void Connect(FabricHost host, BoardChips chips, BoardPort port)
    {
        (_host, _chips, _port) = (host, chips, port);
        host.Do(fabric =>
        {
            _machine = fabric.Xen;
            // The toolstack opens the port of xenstore, for a domain in charge that does not exist here.
            var open = new byte[8];
            BitConverter.TryWriteBytes(open, XenDomainOptions.SelfId);
            Channels.Hypercall(Domain, EventChannelOperation.AllocUnbound, open);
            _parameters = new XenParameters(StoreAddress / IXenPages.PageSize, BitConverter.ToUInt32(open, 4));
        });
        _clock.Add(this);
    }

    /// <summary>A vCPU calls the hypervisor: under the lock, with the effects behind it.</summary>
    internal T Call<TArguments, T>(int cpu, TArguments arguments, Func<XenHypervisor, TArguments, T> call) =>
        _chips!.Call(cpu, (Me: this, arguments, call), static (_, a, _) => a.call(a.Me, a.arguments));

    /// <summary>A vCPU is about to enter its guest: the line of the callback is looked at, if that is to be done now.</summary>
    internal void Enter(int cpu)
    {
        if (_host!.Xen!.Enter(cpu))
            _chips!.Changed(cpu);
    }

    /// <summary>Whether the global vector is offered to a vCPU, and is this one.</summary>
    internal bool OffersGlobal(int cpu, int vector) =>
        _host!.Ask((cpu, vector), static (fabric, a) => fabric.Xen!.Callback is var callback && callback.Via.Vector == a.vector && callback.OffersGlobal(a.cpu));

    /// <summary>Whether the global vector is offered to a vCPU, and nothing else.</summary>
    internal bool OffersGlobalAlone(int cpu) =>
        _host!.Ask(cpu, static (fabric, asking) => fabric.Xen!.Callback.OffersGlobal(asking) && !fabric.HasInterruptOfChips(asking));

    // --- vCPUs that wait

    /// <summary>A vCPU makes SCHEDOP_poll.</summary>
    /// <param name="cpu">The vCPU.</param>
    /// <param name="ports">The ports.</param>
    /// <param name="deadline">Until when it waits, in ns of the board's clock; <see cref="long.MaxValue"/> for ever.</param>
    /// <param name="interruptsEnabled">Whether it would take an interrupt.</param>
    internal PollAnswer Poll(int cpu, ReadOnlyMemory<byte> ports, long deadline, bool interruptsEnabled)
    {
        PollAnswer answer = Call(cpu, (cpu, ports, deadline, interruptsEnabled), static (me, a) =>
        {
            PollAnswer found = me.Channels.Poll(Domain, a.cpu, MemoryMarshal.Cast<byte, uint>(a.ports.Span), a.interruptsEnabled);
            me._waits[a.cpu] = new Wait(found.Blocks ? a.deadline : long.MaxValue, false);
            return found;
        });
        if (answer.Blocks && deadline != long.MaxValue)
            DeadlineMoved?.Invoke();
        return answer;
    }

    /// <summary>Whether a vCPU that waits was woken.</summary>
    internal bool IsWoken(int cpu) => Volatile.Read(ref _waits[cpu].Woken);

    /// <summary>A vCPU waits no longer, for whichever reason.</summary>
    internal void EndWait(int cpu) => Call(cpu, cpu, static (me, waiting) =>
    {
        me._waits[waiting] = new Wait(long.MaxValue, false);
        me.Channels.EndPoll(Domain, waiting);
        return true;
    });

    /// <inheritdoc/>
    public long NextDeadline
    {
        get
        {
            long next = long.MaxValue;
            for (int cpu = 0; cpu < _waits.Length; cpu++)
                next = Math.Min(next, Volatile.Read(ref _waits[cpu].Deadline));
            return next;
        }
    }

    /// <inheritdoc/>
    public void Advance(long now)
    {
        for (int cpu = 0; cpu < _waits.Length; cpu++)
        {
            if (Volatile.Read(ref _waits[cpu].Deadline) <= now)
                PollerWoken(Domain, cpu);
        }
    }

    public void Dispose()
    {
        Pages.Dispose();
        _store.Dispose();
    }

    /// <inheritdoc/>
    /// <remarks>If the vCPU has begun another wait meanwhile, that ends for nothing, as a wait may.</remarks>
    public void PollerWoken(ushort domain, int vcpu)
    {
        Volatile.Write(ref _waits[vcpu].Deadline, long.MaxValue);
        Volatile.Write(ref _waits[vcpu].Woken, true);
        _chips!.Changed(vcpu);
        _port!.Kick(vcpu);
    }

    /// <inheritdoc/>
    public void Upcall(ushort domain, int vcpu) { }

    /// <inheritdoc/>
    public void ConsumerTold(ushort domain, uint port) { }

    private struct Wait(long deadline, bool woken)
    {
        internal long Deadline = deadline;
        internal bool Woken = woken;
    }
}
