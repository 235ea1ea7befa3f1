using Wirq.Events;
using Wirq.Laws;
using Wirq.State;
using Wirq.Tests.Laws;
using Wirq.Xen;
using static Wirq.Tests.Xen.PirqWorld;

namespace Wirq.Tests.Xen;

/// <summary>The way of a device from a PVH dom0 to a guest: as it was merged, with steps left out, and by the designs that were
/// discussed before.</summary>
public class PassthroughDesignTests
{
    private const int NicGsi = 20, DiskGsi = 16, OddGsi = 21;
    private static readonly PassedDevice s_nic = new(2, PciInterruptPin.A, 5), s_disk = new(3, PciInterruptPin.A, 6),
        s_odd = new(4, PciInterruptPin.A, 7), s_pinless = new(3, null, 8), s_unknown = new(9, PciInterruptPin.B, 8);

    [Fact]
    public void The_whole_way_answers_0_at_each_step_and_keeps_the_law()
    {
        var lab = new Lab();
        Assert.Equal(
        [
            (PassthroughStep.Take, XenError.None), (PassthroughStep.AskGsi, XenError.None), (PassthroughStep.Map, XenError.None),
            (PassthroughStep.Bind, XenError.None), (PassthroughStep.MapAgain, XenError.None), (PassthroughStep.Permit, XenError.None),
            (PassthroughStep.Assign, XenError.None),
        ], lab.Dom0.Pass(s_nic, Guest));
        Assert.Equal(16, lab.Xen.Pirqs.PirqOf(Guest, NicGsi));
        Assert.Equal("PermittedBeforeMapped holds", lab.Verdict());
        Assert.True(lab.Reaches());
        // dom0 never unmasked the pin, and has nothing there.
        Assert.Equal(0, lab.Xen.Pirqs.PirqOf(Dom0, NicGsi));
    }

    [Theory]
    // The rest answers 0, and nothing arrives: only the law sees it.
    [InlineData(PassthroughStep.Take, XenError.None, false, "domain 0 bound GSI 20 for domain 1, and nobody had set up its pin")]
    [InlineData(PassthroughStep.AskGsi, XenError.None, true, "PermittedBeforeMapped holds")]
    [InlineData(PassthroughStep.Map, XenError.NotPermitted, false, "PermittedBeforeMapped holds")]
    [InlineData(PassthroughStep.Bind, XenError.None, false, "PermittedBeforeMapped holds")]
    [InlineData(PassthroughStep.MapAgain, XenError.None, true, "PermittedBeforeMapped holds")]
    [InlineData(PassthroughStep.Permit, XenError.None, true, "PermittedBeforeMapped holds")]
    [InlineData(PassthroughStep.Assign, XenError.None, true, "PermittedBeforeMapped holds")]
    public void Without_a_step_the_next_fails_or_nothing_arrives(PassthroughStep step, XenError last, bool reaches, string law)
    {
        var lab = new Lab();
        Assert.Equal(last, lab.Dom0.Pass(s_nic, Guest, step)[^1].Answer);
        Assert.Equal(law, lab.Verdict());
        Assert.Equal(reaches, lab.Reaches());
    }

    [Fact]
    public void Under_Xen_4_17_the_first_call_of_the_way_does_not_exist()
    {
        var lab = new Lab(version: XenVersion.Xen417);
        Assert.Equal([(PassthroughStep.Take, XenError.NotImplemented)], lab.Dom0.Pass(s_nic, Guest));
        Assert.Equal((PassthroughStep.Map, XenError.NotImplemented), lab.Dom0.Pass(s_nic, Guest, PassthroughStep.Take)[^1]);
        Assert.Equal((PassthroughStep.Permit, XenError.NotImplemented),
            lab.Dom0.Pass(s_nic, Guest, PassthroughStep.Take, PassthroughStep.Map, PassthroughStep.Bind, PassthroughStep.MapAgain)[^1]);
    }

    [Fact]
    public void A_second_device_on_the_GSI_finds_the_pin_set_up_and_goes_on()
    {
        var lab = new Lab();
        Assert.Equal(XenError.None, lab.Dom0.SetUp(new PinRouting(NicGsi, Level: true, ActiveLow: true)));
        Assert.Equal(XenError.Exists, lab.Dom0.SetUp(new PinRouting(NicGsi, Level: true, ActiveLow: true)));
        Assert.Equal(XenError.None, lab.Dom0.Pass(s_nic, Guest)[^1].Answer);
        Assert.True(lab.Reaches());
    }

    [Fact]
    public void A_device_without_a_pin_goes_on_without_an_interrupt()
    {
        var lab = new Lab();
        Assert.Equal([(PassthroughStep.Take, XenError.NoSuchEntry), (PassthroughStep.AskGsi, XenError.NoSuchEntry), (PassthroughStep.Assign, XenError.None)],
            lab.Dom0.Pass(s_pinless, Guest));
        Assert.Equal(XenError.NoSuchEntry, lab.Dom0.Enable(s_pinless));
        Assert.Equal((XenError.NoSuchEntry, XenError.NoSuchEntry), lab.Dom0.Return(s_pinless, Guest));
        // A pin of which ACPI says nothing is another matter.
        Assert.Equal([(PassthroughStep.Take, XenError.NoSuchEntry)], lab.Dom0.Pass(s_unknown, Guest));
    }

    [Fact]
    public void Teardown_is_unbind_and_unmap_and_the_way_can_be_gone_again()
    {
        var lab = new Lab();
        lab.Dom0.Pass(s_nic, Guest);
        Assert.Equal((XenError.None, XenError.None), lab.Dom0.Return(s_nic, Guest));
        Assert.Equal((XenError.NotPermitted, XenError.Invalid), lab.Dom0.Return(s_nic, Guest));
        Assert.Equal(XenError.Exists, lab.Dom0.SetUp(new PinRouting(NicGsi, Level: true, ActiveLow: true)));
        Assert.False(lab.Reaches());
        Assert.Equal(XenError.Busy, lab.Dom0.Pass(s_nic, Guest)[^1].Answer);
        Assert.True(lab.Reaches());
        Assert.Equal("PermittedBeforeMapped holds", lab.Verdict());
    }

    [Fact]
    public void What_ACPI_says_is_followed()
    {
        var lab = new Lab();
        // A link device that is edge and high.
        lab.Dom0.Pass(s_odd, Guest);
        Assert.True(lab.Xen.Pirqs.IsSetUp(OddGsi, out bool level, out bool low));
        Assert.Equal((false, false), (level, low));
        // A static entry is level and low.
        lab.Dom0.Pass(s_nic, Guest);
        Assert.True(lab.Xen.Pirqs.IsSetUp(NicGsi, out level, out low));
        Assert.Equal((true, true), (level, low));
    }

    [Fact]
    public void A_device_of_dom0_and_one_that_is_passed_on_share_a_GSI()
    {
        var lab = new Lab();
        Assert.Equal(XenError.None, lab.Dom0.Enable(s_nic));
        Assert.Equal(NicGsi, lab.Xen.Pirqs.PirqOf(Dom0, NicGsi));
        Assert.Equal(XenError.None, lab.Dom0.Pass(s_nic, Guest)[^1].Answer);
        Assert.True(lab.Reaches());
        Assert.Equal("PermittedBeforeMapped holds", lab.Verdict());
    }

    // --- links

    [Fact]
    public void A_link_stays_where_firmware_led_it_or_goes_where_the_fewest_are()
    {
        var acpi = new AcpiRouting(
            [new(1, PciInterruptPin.A, 0, 0), new(1, PciInterruptPin.B, 0, 1), new(1, PciInterruptPin.C, 0, 2), new(1, PciInterruptPin.D, 0, 3), new(2, PciInterruptPin.A, 19)],
            [new([10, 11], Current: 10), new([10, 11]), new([10, 11], Current: 5), new([10, 11], Level: false, ActiveLow: false)], new StateArena());
        Assert.Equal(new PinRouting(10, Level: true, ActiveLow: true), acpi.Look(1, PciInterruptPin.A));
        Assert.Equal(11, acpi.Look(1, PciInterruptPin.B)?.Gsi);
        // Firmware's choice is not possible. Of two that are used as often, the last.
        Assert.Equal(11, acpi.Look(1, PciInterruptPin.C)?.Gsi);
        Assert.Equal(new PinRouting(10, Level: false, ActiveLow: false), acpi.Look(1, PciInterruptPin.D));
        Assert.Equal(11, acpi.Look(1, PciInterruptPin.B)?.Gsi);
        Assert.Equal(new PinRouting(19, Level: true, ActiveLow: true), acpi.Look(2, PciInterruptPin.A));
        Assert.Null(acpi.Look(3, PciInterruptPin.A));
        Assert.Throws<ArgumentException>(() => new AcpiRouting([new(1, PciInterruptPin.A, 0, 1)], [], new StateArena()));
        Assert.Throws<ArgumentException>(() => new AcpiRouting([], [new([])], new StateArena()));
    }

    // --- EOI

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_EOI_at_a_masked_pin_ends_the_interrupt_and_did_not_before_2021(bool historic)
    {
        var lab = new Lab(historic: historic);
        lab.Dom0.Pass(s_nic, Guest);
        lab.Wire(NicGsi, false);
        lab.Xen.TakeAll();
        lab.Dom0.GuestEoi(Guest, lab.GuestGsi, masked: true);
        // It still asserts: if it ended, it is there again.
        Assert.Equal(historic ? [false] : [false, true], lab.Xen.Take(EventKind.XenGuestIntx).Select(e => XenGuestIntx.Of(e).Asserted));
        // Nothing else ends it later: the device is stuck.
        lab.Dom0.GuestEoi(Guest, lab.GuestGsi, masked: false);
        Assert.Equal(historic ? 0 : 2, lab.Xen.Take(EventKind.XenGuestIntx).Count);
    }

    // --- the designs that were not merged

    [Fact]
    public void Unmask_in_pciback_sets_the_pin_up_as_its_entry_happens_to_be_and_leaves_it_to_dom0_alone()
    {
        var lab = new Lab(PassthroughDesign.UnmaskInPciback);
        Assert.Equal((PassthroughStep.Bind, XenError.Busy), lab.Dom0.Pass(s_nic, Guest)[^1]);
        Assert.True(lab.Xen.Pirqs.IsSetUp(NicGsi, out bool level, out bool low));
        Assert.Equal((false, false), (level, low));
        Assert.Equal(NicGsi, lab.Xen.Pirqs.PirqOf(Dom0, NicGsi));
    }

    [Fact]
    public void Map_on_any_write_needs_a_write_that_dom0_never_makes_and_then_the_pin_is_not_set_up()
    {
        var lab = new Lab(PassthroughDesign.MapOnAnyWrite);
        Assert.Equal((PassthroughStep.Permit, XenError.NotPermitted), lab.Dom0.Pass(s_nic, Guest)[^1]);
        lab = new Lab(PassthroughDesign.MapOnAnyWrite);
        lab.Dom0.WriteEntry(NicGsi, RedirectionEntry.Reset);
        Assert.Equal(XenError.None, lab.Dom0.Pass(s_nic, Guest)[^1].Answer);
        NotSetUp(lab);
    }

    [Fact]
    public void Map_at_bind_takes_a_PIRQ_for_a_GSI_and_the_pin_is_not_set_up()
    {
        var lab = new Lab(PassthroughDesign.MapAtBind);
        // GSI 20 has the guest's PIRQ 16 already. Who means GSI 16 gets GSI 20.
        Assert.Equal(XenError.None, lab.Dom0.Map(Guest, NicGsi, -1, out int pirq));
        Assert.Equal(DiskGsi, pirq);
        Assert.Equal(XenError.None, lab.Dom0.Pass(s_disk, Guest, PassthroughStep.MapAgain, PassthroughStep.Permit, PassthroughStep.Assign)[^1].Answer);
        Assert.Equal(0, lab.Xen.Pirqs.PirqOf(Guest, DiskGsi));
        Assert.Equal(NicGsi, Assert.Single(lab.Events(), e => e.Kind == EventKind.XenPirqBound).Gsi);
        lab = new Lab(PassthroughDesign.MapAtBind);
        // And whether access can be given is asked before as ever.
        Assert.Equal((PassthroughStep.Permit, XenError.NotPermitted), lab.Dom0.Pass(s_nic, Guest)[^1]);
        NotSetUp(lab);
    }

    [Fact]
    public void Setting_up_while_masked_needs_a_write_that_dom0_never_makes_and_follows_what_means_nothing()
    {
        var lab = new Lab(PassthroughDesign.SetUpWhileMasked);
        lab.Dom0.Pass(s_nic, Guest, PassthroughStep.Permit);
        NotSetUp(lab);
        lab = new Lab(PassthroughDesign.SetUpWhileMasked);
        lab.Dom0.WriteEntry(NicGsi, RedirectionEntry.Create(0x30, 0, level: true, activeLow: true, masked: true));
        Assert.True(lab.Xen.Pirqs.IsSetUp(NicGsi, out bool level, out bool low));
        Assert.Equal((true, true), (level, low));
        // A driver that clears the entry, while another passes the device on.
        lab.Dom0.WriteEntry(NicGsi, RedirectionEntry.Reset);
        lab.Xen.Pirqs.IsSetUp(NicGsi, out level, out low);
        Assert.Equal((false, false), (level, low));
    }

    [Fact]
    public void Enabling_the_device_in_pciback_works_and_dom0_has_the_interrupt_too()
    {
        var lab = new Lab(PassthroughDesign.EnableDeviceInPciback);
        Assert.Equal(XenError.None, lab.Dom0.Pass(s_nic, Guest)[^1].Answer);
        Assert.Equal("PermittedBeforeMapped holds", lab.Verdict());
        Assert.True(lab.Xen.Pirqs.IsSetUp(NicGsi, out bool level, out bool low));
        Assert.Equal((true, true), (level, low));
        lab.Wire(NicGsi, false);
        Assert.Contains(new XenGuestGsi(Dom0, NicGsi, true).ToEvent(), lab.Xen.TakeAll());
        // The guest is done, and the interrupt waits for dom0, which has no driver.
        lab.Dom0.GuestEoi(Guest, lab.GuestGsi, masked: false);
        Assert.Empty(lab.Xen.Take(EventKind.XenIrqEnded));
        lab.Dom0.GuestEoi(Dom0, NicGsi, masked: false);
        Assert.NotEmpty(lab.Xen.Take(EventKind.XenIrqEnded));
    }

    [Fact]
    public void A_default_of_level_and_low_is_wrong_where_ACPI_says_otherwise()
    {
        var lab = new Lab(PassthroughDesign.DefaultLevelLow);
        lab.Dom0.Pass(s_nic, Guest, PassthroughStep.Permit);
        Assert.True(lab.Reaches());
        Assert.Equal("PermittedBeforeMapped holds", lab.Verdict());
        // The other device is high when it asserts, and its wire is low at rest: its interrupt is there before it is.
        lab = new Lab(PassthroughDesign.DefaultLevelLow);
        lab.Wire(OddGsi, false);
        lab.Dom0.Pass(s_odd, Guest, PassthroughStep.Permit);
        Assert.Contains(EventKind.XenGuestIntx, lab.Xen.TakeAll().Select(e => e.Kind));
        lab = new Lab();
        lab.Wire(OddGsi, false);
        lab.Dom0.Pass(s_odd, Guest);
        Assert.DoesNotContain(EventKind.XenGuestIntx, lab.Xen.TakeAll().Select(e => e.Kind));
    }

    [Fact]
    public void Mapping_without_setup_passes_the_permission_and_the_pin_is_not_set_up()
    {
        var lab = new Lab(PassthroughDesign.MapWithoutSetup);
        Assert.Equal(XenError.None, lab.Dom0.Pass(s_nic, Guest)[^1].Answer);
        NotSetUp(lab);
    }

    [Fact]
    public void An_operation_of_the_device_model_does_not_set_the_pin_up_and_access_is_given_by_PIRQ_still()
    {
        var lab = new Lab(PassthroughDesign.DeviceModelOperation);
        Assert.Equal((PassthroughStep.Permit, XenError.NotPermitted), lab.Dom0.Pass(s_nic, Guest)[^1]);
        NotSetUp(lab);
    }

    /// <summary>Everything answered 0, nothing arrives, and the law says why.</summary>
    private static void NotSetUp(Lab lab)
    {
        Assert.False(lab.Xen.Pirqs.IsSetUp(NicGsi, out _, out _));
        Assert.Equal("domain 0 bound GSI 20 for domain 1, and nobody had set up its pin", lab.Verdict());
        Assert.False(lab.Reaches());
    }

    private sealed class Lab
    {
        private readonly LawSet _laws = new(PermittedBeforeMappedHistories.Machine, new GsiMap(PermittedBeforeMappedHistories.Machine), new StateArena(), [nameof(PermittedBeforeMapped)]);
        private List<Event> _seen = [];

        internal Lab(PassthroughDesign design = PassthroughDesign.SetUpInPciback, XenVersion version = XenVersion.Current, bool historic = false)
        {
            Xen = new PirqWorld(version);
            // PCI wires are high at rest.
            for (int gsi = DiskGsi; gsi < 24; gsi++)
                Wire(gsi, true);
            var acpi = new AcpiRouting([new(2, PciInterruptPin.A, NicGsi), new(3, PciInterruptPin.A, DiskGsi), new(4, PciInterruptPin.A, 0, 0)],
                [new([OddGsi], Level: false, ActiveLow: false)], Xen.Arena);
            Dom0 = new PvhDom0(Xen.Pirqs, Xen.Passthrough, acpi, design, Xen.Arena) { MaskedEoiEndsNothing = historic };
        }

        internal PirqWorld Xen { get; }
        internal PvhDom0 Dom0 { get; }
        internal int GuestGsi { get; } = XenPciLines.GsiOf(s_nic.GuestDevice, PciInterruptPin.A);

        internal void Wire(int gsi, bool high) => Xen.Pirqs.SetWire(gsi, high);

        internal List<Event> Events() => _seen = [.. _seen, .. Xen.TakeAll()];

        internal string Verdict()
        {
            foreach (Event e in Xen.TakeAll())
            {
                _seen.Add(e);
                _laws.Observe(e);
            }
            return Assert.Single(_laws.Laws).Describe();
        }

        /// <summary>Whether an interrupt of the network card reaches the guest's line.</summary>
        internal bool Reaches()
        {
            Verdict();
            Wire(NicGsi, false);
            bool reached = Xen.Take(EventKind.XenGuestIntx).Any(e => XenGuestIntx.Of(e).Asserted);
            Wire(NicGsi, true);
            Dom0.GuestEoi(Guest, GuestGsi, masked: false);
            Dom0.GuestEoi(PirqWorld.Dom0, NicGsi, masked: false);
            Xen.TakeAll();
            return reached;
        }
    }
}
