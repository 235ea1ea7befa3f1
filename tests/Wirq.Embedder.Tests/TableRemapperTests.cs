using Wirq.Events;
using Wirq.Remapping;
using Wirq.Routing;
using Wirq.State;
using Wirq.Tests.Shared.Remapping;
using static Wirq.Embedder.Tests.TwoUnits;

namespace Wirq.Embedder.Tests;

/// <summary>A remapping unit from outside Wirq and a VT-d unit in one machine, which knows neither by name.</summary>
public sealed class TableRemapperTests
{
    private const byte One = 0x53, Two = 0x52, Other = 0x61;

    [Fact]
    public void The_library_gives_this_assembly_no_internals() =>
        Assert.DoesNotContain(typeof(Fabric).Assembly.GetCustomAttributes(inherit: false)
                .OfType<System.Runtime.CompilerServices.InternalsVisibleToAttribute>(),
            friend => friend.AssemblyName == typeof(TableRemapperTests).Assembly.GetName().Name);

    [Fact]
    public void Its_interrupts_are_cached_and_the_kernel_serves_them_alone()
    {
        var machine = new TwoUnits();
        machine.Put(3, One, cpu: 1);
        VirqHandle nic = machine.Register(Nic, Row(3));
        Assert.Equal(To(1, One), machine.Signal(nic));
        Assert.Equal((VirqState.Hot, 0, 1), (machine.StateOf(nic), machine.Kernel.Served, machine.Unit.Translations));
        VirqReport report = Assert.Single(machine.Machine.RouteCache!.Explain());
        Assert.Equal((new RouteCookie(Table, 0x0418_0003), To(1, One)), (report.Cookie, report.Translation));
        Assert.Equal(To(1, One), machine.Signal(nic));
        Assert.Equal((1, 1), (machine.Kernel.Served, machine.Unit.Translations));
        machine.LawsHold();
    }

    [Fact]
    public void An_invalidation_by_its_cookie_ends_one_route_and_no_other()
    {
        var machine = new TwoUnits();
        machine.Put(3, One, cpu: 0);
        machine.Put(4, Two, cpu: 0);
        machine.Guest!.Put(3, Other, cpu: 1);
        VirqHandle nic3 = machine.Register(Nic, Row(3)), nic4 = machine.Register(Nic, Row(4)), disk3 = machine.Register(Disk, Row(3)),
            foreign = machine.Register(RemappedGuest.Requester, RemappedGuest.Handle(3));
        VirqHandle[] all = [nic3, nic4, disk3, foreign];
        Assert.Equal([To(0, One), To(0, Two), To(0, One), To(1, Other)], all.Select(virq => machine.Signal(virq)!.Value));
        Assert.All(all, virq => Assert.Equal(VirqState.Hot, machine.StateOf(virq)));

        machine.Put(3, Two, cpu: 1);
        machine.Forget(Nic, 3);
        Assert.Equal([VirqState.Stale, VirqState.Hot, VirqState.Hot, VirqState.Hot], all.Select(machine.StateOf));
        Event done = Assert.Single(machine.Seen, e => e.Kind == EventKind.RemapInvalidationDone && e.Unit == Table);
        Assert.Equal((1u, 0x0418_0003ul, 0x0418_0003ul), (done.Index, done.A, done.B));
        Assert.Equal(To(1, Two), machine.Signal(nic3));
        machine.LawsHold();
    }

    /// <summary>Asking translates, and that no event tells of it.</summary>
    [Fact]
    public void To_ask_what_holds_a_message_tells_nobody()
    {
        var machine = new TwoUnits();
        machine.Put(3, One, cpu: 0);
        VirqHandle nic = machine.Register(Nic, Row(3));
        machine.Drain();
        UInt128 before = machine.Machine.Identity();
        int asked = machine.Unit.Translations;
        Assert.Equal(Gate.NotKnown, machine.Machine.Explain(nic).Roads[0].Gate);
        Assert.Equal((asked + 1, before), (machine.Unit.Translations, machine.Machine.Identity()));
        Assert.True(machine.Machine.Events.Observing);
    }

    [Fact]
    public void A_reset_of_the_machine_resets_it_and_ends_its_routes()
    {
        var machine = new TwoUnits();
        machine.Put(3, One, cpu: 0);
        VirqHandle nic = machine.Register(Nic, Row(3));
        machine.Signal(nic);
        machine.Machine.Reset();
        machine.Drain();
        Assert.Equal(VirqState.Stale, machine.StateOf(nic));
        // Its rows are empty, and so its next interrupt is blocked.
        Assert.Null(machine.Signal(nic));
        Assert.Equal(VirqState.Faulted, machine.StateOf(nic));
        machine.LawsHold();
    }

    [Fact]
    public void A_whole_unit_is_invalidated_and_the_other_is_not()
    {
        var machine = new TwoUnits();
        machine.Put(3, One, cpu: 0);
        machine.Guest!.Put(3, Other, cpu: 1);
        VirqHandle nic = machine.Register(Nic, Row(3)), foreign = machine.Register(RemappedGuest.Requester, RemappedGuest.Handle(3));
        machine.Signal(nic);
        machine.Signal(foreign);
        machine.ForgetAll();
        Assert.Equal((VirqState.Stale, VirqState.Hot), (machine.StateOf(nic), machine.StateOf(foreign)));
        machine.Signal(nic);
        Assert.Equal(VirqState.Hot, machine.StateOf(nic));
        Assert.True(machine.Guest.InvalidateAll());
        machine.Drain();
        Assert.Equal((VirqState.Hot, VirqState.Stale), (machine.StateOf(nic), machine.StateOf(foreign)));
        machine.LawsHold();
    }

    [Fact]
    public void A_fault_is_due_when_the_interrupt_happens()
    {
        var machine = new TwoUnits();
        VirqHandle nic = machine.Register(Nic, Row(3), prefault: true);
        Assert.Equal((VirqState.Cold, 0ul), (machine.StateOf(nic), machine.Faults));
        Assert.Null(machine.Signal(nic));
        Assert.Equal((VirqState.Faulted, 1ul), (machine.StateOf(nic), machine.Faults));
        Assert.Equal(RefusalReason.RemappingFault, Assert.Single(machine.Seen, e => e.Kind == EventKind.VirqAnswered).Reason);
        Assert.Equal(RefusalReason.RemappingFault, machine.Machine.Send(Row(9), Disk));
        machine.Drain();
        Assert.Equal(2ul, machine.Faults);
        machine.Put(3, One, cpu: 0);
        Assert.Equal(To(0, One), machine.Signal(nic));
        Assert.Equal(2ul, machine.Faults);
        machine.LawsHold();
    }

    [Fact]
    public void A_fork_has_the_unit_and_goes_its_own_way()
    {
        var machine = new TwoUnits();
        machine.Put(3, One, cpu: 0);
        VirqHandle nic = machine.Register(Nic, Row(3));
        machine.Signal(nic);
        TwoUnits fork = machine.Fork();
        Assert.NotSame(machine.Unit, fork.Unit);
        Assert.Equal(machine.Machine.Identity(), fork.Machine.Identity());
        Assert.Equal(VirqState.Hot, fork.StateOf(nic));

        fork.Put(3, Two, cpu: 1);
        fork.Forget(Nic, 3);
        Assert.Equal((VirqState.Hot, VirqState.Stale), (machine.StateOf(nic), fork.StateOf(nic)));
        Assert.NotEqual(machine.Machine.Identity(), fork.Machine.Identity());
        fork.Kernel.Write(fork.Machine.RouteCache!.TriggerOf(nic));
        fork.Machine.RouteCache.Readable(nic.Slot);
        fork.Drain();
        Assert.Equal(To(1, Two), Assert.Single(fork.Kernel.Injected));
        Assert.Equal(To(0, One), machine.Signal(nic));
        machine.LawsHold();
        fork.LawsHold();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_pins_message_is_the_units_business(bool level)
    {
        var machine = new TwoUnits(kernel: false, pins: 0x0400);
        machine.Put(3, One, cpu: 1);
        machine.Write(0xFEC00000, 4, 0x10 + 2 * 5);
        // An EOI ends what has its vector in the entry, so the entry has the vector that its row gives.
        machine.Write(0xFEC00010, 4, One | (level ? 1u << 15 : 0));
        Enable(machine);
        Source source = machine.Machine.Connect(5, "a device");
        source.Set(true);
        machine.Drain();
        Event accepted = Assert.Single(machine.Seen, e => e.Kind == EventKind.MessageAccepted);
        Assert.Equal((Origin.Pin(0, 5), One, 1u, level),
            (accepted.Origin, accepted.Message.Vector, accepted.Message.Destination, accepted.Message.Level));
        Assert.Equal(One, machine.Machine.Take(1));
        source.Set(false);
        machine.Drain();
        machine.Put(3, 0, cpu: 0, present: false);
        machine.Machine.TryWrite(1, 0xFEE000B0, 4, 0);
        machine.Drain();
        source.Set(true);
        machine.Drain();
        Assert.Equal(1ul, machine.Faults);
        machine.LawsHold();
    }

    /// <summary>The law detects a defect here too: the local APICs accepted another message than the unit's.</summary>
    [Fact]
    public void A_pins_message_that_is_not_what_the_unit_made_of_it_breaks_the_law()
    {
        FabricOptions options = OptionsOf(kernel: false, pins: 0x0400);
        var laws = new Laws.LawSet(options, new Fabric(options).Gsis, new StateArena(), ["FreshRoute"]);
        var origin = Origin.Pin(0, 5);
        laws.Observe(new Event(EventKind.EntryWritten, 0, 5, Other, Other));
        laws.Observe(new Event(EventKind.Deliver, 0, 5, 0xFEE00000, Other));
        laws.Observe(new Event(EventKind.RemapTranslated, Table, 0x0400, To(1, One).Bits, 3));
        laws.Observe(new Event(EventKind.MessageAccepted, 0, origin.Bits, To(0, Other).Bits));
        Assert.NotNull(Assert.Single(laws.Laws).Break);
    }

    [Fact]
    public void A_device_message_and_the_units_own_reach_the_local_APICs()
    {
        var machine = new TwoUnits(kernel: false);
        Enable(machine);
        machine.Put(3, One, cpu: 1);
        Assert.Equal(RefusalReason.None, machine.Machine.Send(Row(3), Nic));
        machine.Drain();
        Assert.Equal(One, machine.Machine.Take(1));
        machine.Write(machine.UnitOptions.Address + TableRemapper.FaultMessage, 8, (ulong)Two << 32 | 0xFEE00000);
        Assert.Equal(RefusalReason.RemappingFault, machine.Machine.Send(Row(4), Nic));
        machine.Drain();
        Assert.Equal(Two, machine.Machine.Take(0));
        Assert.Equal(Origin.RemappingUnit(Table), machine.Seen.Last(e => e.Kind == EventKind.MessageAccepted).Origin);
        machine.LawsHold();
    }

    [Fact]
    public void A_mistake_at_its_registers_has_no_effect_and_is_told_of()
    {
        var machine = new TwoUnits();
        machine.Put(0, One, cpu: 0);
        machine.Write(machine.UnitOptions.Address + 4, 4, 1);
        Assert.True(machine.Machine.TryRead(0, machine.UnitOptions.Address + 1, 1, out ulong value));
        machine.Drain();
        Assert.Equal(0ul, value);
        Assert.Equal([machine.UnitOptions.Address + 4, machine.UnitOptions.Address + 1],
            machine.Seen.Where(e => e.Kind == EventKind.GuestMisuse).Select(e => e.A));
    }

    [Fact]
    public void The_first_unit_whose_scope_has_a_requester_serves_it()
    {
        FabricOptions options = FabricOptions.Pc() with
        {
            Remappers =
            [
                new TableRemapperOptions { Address = 0xFEB00000, Scope = [new(0x0100, 0x01FF), new(0x0300, 0x0300)] },
                new TableRemapperOptions { Address = 0xFEB01000 },
                new TableRemapperOptions { Address = 0xFEB02000, Scope = [new(0x0100, 0x02FF)] },
                new TableRemapperOptions { Address = 0xFEB03000 },
            ],
        };
        var fabric = new Fabric(options);
        ushort[] requesters = [0x0100, 0x01FF, 0x0200, 0x0300, 0x0301, 0, 0xFFFF];
        foreach (ushort requester in requesters)
            fabric.Send(Row(0), requester);
        Assert.Equal([3, 3, 1, 0], fabric.Remappers.Cast<TableRemapper>().Select(unit => unit.Translations));
    }

    [Fact]
    public void A_requester_that_no_unit_serves_is_not_remapped()
    {
        FabricOptions options = FabricOptions.Pc() with { Remappers = [new TableRemapperOptions { Scope = [new(0x0100, 0x01FF)] }] };
        var fabric = new Fabric(options);
        fabric.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        Assert.Equal(RefusalReason.None, fabric.Send(new Msi(0xFEE00000, 0x41), 0x0200));
        fabric.Drain();
        Assert.Equal(0x41, fabric.Take(0));
        Assert.Equal(RefusalReason.RemappingFault, fabric.Send(new Msi(0xFEE00000, 0x41), 0x0100));
    }

    public static TheoryData<string, TableRemapperOptions[]> Wrong => new()
    {
        { "Remappers[0].Address is 0; expected an address above the first page", [new() { Address = 0 }] },
        { "Remappers[0].Registers is 0xfeb00010; expected a multiple of 0x1000 below 2^46", [new() { Address = 0xFEB00010 }] },
        { "Remappers[0].Registers is 0xfec00000; expected a page of its own; I/OAPIC 0 has its registers there",
            [new() { Address = 0xFEC00000 }] },
        { "Remappers[1].Registers is 0xfeb00000; expected a page of its own; remapping unit 0 has its registers there", [new(), new()] },
        { "Remappers[0].Scope[1] is 0x0002 to 0x0001; expected a last requester that is not below the first",
            [new() { Scope = [new(0, 0), new(2, 1)] }] },
    };

    [Theory, MemberData(nameof(Wrong))]
    public void A_unit_that_does_not_fit_the_machine_is_refused(string message, TableRemapperOptions[] units)
    {
        FabricOptions options = FabricOptions.Pc() with { Remappers = units };
        Assert.Equal(message, Assert.Throws<OptionException>(() => new Fabric(options)).Message);
    }

    [Fact]
    public void A_cookie_of_another_unit_is_a_mistake_that_is_named()
    {
        var fabric = new Fabric(FabricOptions.Pc() with { Remappers = [new StrayOptions()] });
        Assert.Contains("unit 0 translated by entry 1 of remapping unit 7",
            Assert.Throws<InvalidOperationException>(() => fabric.Send(Row(0))).Message, StringComparison.Ordinal);
        Assert.Contains("remapping unit 0 ended entry 0 of remapping unit 7",
            Assert.Throws<InvalidOperationException>(() => fabric.TryWrite(0, 0xFEB00000, 8, 0)).Message, StringComparison.Ordinal);
    }

    private static void Enable(TwoUnits machine)
    {
        for (int cpu = 0; cpu < 2; cpu++)
            machine.Machine.TryWrite(cpu, 0xFEE000F0, 4, 0x1FF);
        machine.Drain();
    }

    private sealed record StrayOptions : IRemapperOptions
    {
        public IReadOnlyList<RegisterPages> Registers => [new(0xFEB00000)];
        public IReadOnlyList<RequesterRange>? Scope => null;
        public MsiFormat OwnFormat => MsiFormat.Compatibility;
        public void Validate() { }
        public IRemapper Build(StateArena arena, int unit) => new Stray();
    }

    private sealed class Stray : IRemapper
    {
        public bool TryRead(ulong address, int size, out ulong value)
        {
            value = 0;
            return true;
        }

        public bool TryWrite(ulong address, int size, ulong value, EventBuffer events) => true;

        public void Reset(EventBuffer events) { }

        public bool TryStep(IGuestMemory memory, EventBuffer events, out CookieRange ended)
        {
            ended = CookieRange.AllOf(7);
            return true;
        }

        public RefusalReason Translate(Msi message, ushort requester, bool delivering, IGuestMemory memory, EventBuffer events,
            out InterruptMessage translated, out RouteCookie cookie)
        {
            (translated, cookie) = (To(0, One), new RouteCookie(7, 1));
            return RefusalReason.None;
        }
    }
}
