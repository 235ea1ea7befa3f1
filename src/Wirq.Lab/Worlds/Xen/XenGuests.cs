using System.Runtime.CompilerServices;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Scenarios.Reading;
using Wirq.State;
using Wirq.Xen;

namespace Wirq.Lab.Worlds;

/// <summary>The guests of a world's hypervisor: their pages, what they ask for, and what they know of their event
/// channels.</summary>
internal sealed partial class XenGuests
{
    private readonly World _world;
    private readonly XenMachine _machine;
    private readonly GuestPages _pages;
    private readonly GuestDomain[] _domains;
    private readonly Block<NamedPort> _names;
    private readonly Block<ExitState> _exits;
    private readonly PvhDom0? _dom0;

    internal XenGuests(World world, StateArena arena)
    {
        (_world, _machine) = (world, world.Fabric.Xen!);
        _pages = new GuestPages(world.Spec.Xen, arena);
        world.Fabric.XenPages = _pages;
        _domains = [.. world.Spec.Xen.Select(domain => new GuestDomain(domain, _pages, arena))];
        _names = arena.Reserve<NamedPort>(Math.Max(1, world.Scenario.PortNames.Count));
        _exits = arena.Reserve<ExitState>(world.Spec.Cpus);
        if (world.Spec.Passthrough is not { } passed)
            return;
        var passthrough = new Passthrough(_machine.Pirqs!, _machine);
        _dom0 = new PvhDom0(_machine.Pirqs!, passthrough, new AcpiRouting(passed.Entries, passed.Links, arena), passed.Design, arena) { MaskedEoiEndsNothing = passed.MaskedEoiEndsNothing };
    }

    internal GuestMemory Memory => _pages.Memory;

    private EventChannels Channels => _machine.Channels;
    private GuestDomain Own => _domains[0];

    internal uint PortOf(PortRef port) => port.Name < 0 ? port.Number : _names[port.Name].Port;

    /// <summary>A port as the scenario names it.</summary>
    internal string Describe(uint port)
    {
        for (int name = 0; name < _world.Scenario.PortNames.Count; name++)
        {
            if (_names[name].Port == port && port != 0)
                return _world.Scenario.PortNames[name];
        }
        return $"port {port}";
    }

    // --- the CPUs

    internal bool IsPolling(int cpu) => cpu < Own.Vcpus && Channels.IsPolling(Own.Id, cpu);

    /// <summary>A CPU takes an interrupt: it waits no longer.</summary>
    internal void EndPoll(int cpu)
    {
        if (IsPolling(cpu))
            Channels.EndPoll(Own.Id, cpu);
    }

    /// <summary>A CPU left its guest. If something looks at the flag then, that is when it enters again.</summary>
    internal void LeftGuest(int cpu)
    {
        if (_world.Spec.Fabric.Xen!.Policy == CallbackPolicy.Poll)
            _exits[cpu].IsOutside = 1;
    }

    /// <summary>Whether the hypervisor looks at the flag before a CPU goes on.</summary>
    internal bool Looks(int cpu) => _exits[cpu].IsOutside != 0 && _machine.Callback is var callback && callback.IsAsserted && callback.Profile.LooksAtEntryOf(cpu);

    /// <summary>A CPU enters its guest.</summary>
    internal void Enter(int cpu)
    {
        _exits[cpu].IsOutside = 0;
        _machine.Callback.Enter(cpu);
    }

    /// <summary>Whether a CPU is about to begin to handle its events.</summary>
    internal bool IsBeginning(int cpu) => Own.UpcallOf(cpu).Phase == UpcallPhase.Begin;

    /// <summary>A CPU handles its events, by one access or, if it cannot be interrupted there, to the end.</summary>
    /// <returns>Whether it has ended.</returns>
    internal bool Handle(int cpu, bool wholly)
    {
        while (true)
        {
            UpcallHandler.Outcome outcome = Step(Own, cpu, cpu);
            if (outcome == UpcallHandler.Outcome.Ends || !wholly)
                return outcome == UpcallHandler.Outcome.Ends;
            _world.SpendUpcall();
        }
    }

    private UpcallHandler.Outcome Step(GuestDomain domain, int vcpu, int handler)
    {
        UpcallHandler.Outcome outcome = UpcallHandler.Step(domain, vcpu, out uint port);
        string who = domain == Own ? $"cpu{vcpu}" : $"{domain.Spec.Name} vCPU {vcpu}";
        if (outcome == UpcallHandler.Outcome.Handled)
            _world.NoteHandled(handler, port, $"{who} handles {Describe(port)}");
        else if (outcome == UpcallHandler.Outcome.Lost)
            _world.FailHandling($"{who} finds a queue ready, and at its head {(port == 0 ? "no port" : $"port {port}, which has no word")}");
        return outcome;
    }

    // --- words as registers

    internal ulong Read(RegisterName register)
    {
        (int vcpu, int queue) = ((int)(register.Number & ushort.MaxValue), (int)(register.Number >> RegisterReader.QueueShift));
        uint port = (XenWord)register.Unit is XenWord.Pending or XenWord.Mask or XenWord.Event ? PortOf(PortRef.Of(register.Number)) : 0;
        switch ((XenWord)register.Unit)
        {
            case XenWord.Upcall:
                return Own.ReadFlag(vcpu) ? 1u : 0;
            case XenWord.Selector:
                return Own.ReadSelector(vcpu);
            case XenWord.Pending:
                return Own.IsPending(port) ? 1u : 0;
            case XenWord.Mask:
                return Own.IsMasked(port) ? 1u : 0;
            case XenWord.Event:
                ref uint word = ref Own.EventWordOf(port);
                return Unsafe.IsNullRef(ref word) ? 0 : word;
            default:
                int at = (XenWord)register.Unit == XenWord.Ready ? ControlBlock.Ready : ControlBlock.HeadOf(queue);
                return Own.ControlOf(vcpu) is { IsEmpty: false } control ? GuestWords.U32(control, at) : 0;
        }
    }

    internal void Write(RegisterName register, ulong value)
    {
        (int vcpu, int queue) = ((int)(register.Number & ushort.MaxValue), (int)(register.Number >> RegisterReader.QueueShift));
        uint port = (XenWord)register.Unit is XenWord.Pending or XenWord.Mask or XenWord.Event ? PortOf(PortRef.Of(register.Number)) : 0;
        switch ((XenWord)register.Unit)
        {
            case XenWord.Upcall:
                Own.WriteFlag(vcpu, (byte)value);
                break;
            case XenWord.Selector:
                Own.WriteSelector(vcpu, value);
                break;
            case XenWord.Pending:
                Own.SetPending(port, value != 0);
                break;
            case XenWord.Mask:
                Own.SetMasked(port, value != 0);
                break;
            case XenWord.Event:
                ref uint word = ref Own.EventWordOf(port);
                if (!Unsafe.IsNullRef(ref word))
                    word = (uint)value;
                break;
            default:
                int at = (XenWord)register.Unit == XenWord.Ready ? ControlBlock.Ready : ControlBlock.HeadOf(queue);
                Span<byte> control = Own.ControlOf(vcpu);
                if (!control.IsEmpty)
                    GuestWords.U32(control, at) = (uint)value;
                break;
        }
    }
}
