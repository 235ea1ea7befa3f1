using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.State;
using Wirq.Xen;
using static Wirq.Tests.Xen.PirqWorld;

namespace Wirq.Tests.Xen;

/// <summary>PIRQs: what physdev_op answers to dom0, and their state.</summary>
public class PirqTests
{
    // --- what dom0 maps for a guest

    [Fact]
    public void A_mapping_gets_the_first_free_PIRQ_from_16_on_and_the_same_again()
    {
        var xen = new PirqWorld();
        Assert.Equal(XenError.None, xen.Map(Dom0, Guest, 20, -1, out int pirq));
        Assert.Equal(16, pirq);
        Assert.Equal(XenError.None, xen.Map(Dom0, Guest, 20, -1, out pirq));
        Assert.Equal(16, pirq);
        Assert.Equal(XenError.None, xen.Map(Dom0, Guest, 21, -1, out pirq));
        Assert.Equal(17, pirq);
        Assert.Equal(XenError.None, xen.Unmap(Dom0, Guest, 16));
        Assert.Equal(XenError.None, xen.Map(Dom0, Guest, 22, -1, out pirq));
        Assert.Equal(16, pirq);
    }

    [Fact]
    public void A_mapping_of_a_GSI_that_has_a_PIRQ_to_another_exists_already()
    {
        var xen = new PirqWorld();
        xen.Map(Dom0, Guest, 20, -1);
        Assert.Equal(XenError.Exists, xen.Map(Dom0, Guest, 20, 30));
        Assert.Equal(XenError.None, xen.Map(Dom0, Guest, 20, 16));
        Assert.Equal(16, xen.Pirqs.PirqOf(Guest, 20));
    }

    [Fact]
    public void A_PIRQ_that_is_another_GSIs_keeps_it_without_an_error()
    {
        var xen = new PirqWorld();
        xen.Map(Dom0, Guest, 20, 16);
        Assert.Equal(XenError.None, xen.Map(Dom0, Guest, 21, 16));
        Assert.Equal(16, xen.Pirqs.PirqOf(Guest, 20));
        Assert.Equal(0, xen.Pirqs.PirqOf(Guest, 21));
        Assert.False(xen.Pirqs.HasAccess(Guest, 21));
    }

    [Theory]
    [InlineData(Guest, 24, -1, XenError.Invalid)]
    [InlineData(Guest, -1, -1, XenError.Invalid)]
    [InlineData(Guest, int.MaxValue, -1, XenError.Invalid)]
    [InlineData(Guest, 20, 64, XenError.Invalid)]
    [InlineData(Guest, 20, int.MaxValue, XenError.Invalid)]
    [InlineData(Nobody, 20, -1, XenError.NoSuchDomain)]
    [InlineData(Nobody, 99, -1, XenError.NoSuchDomain)]
    // Interrupt 0 is the hypervisor's own, to which nobody has access.
    [InlineData(Guest, 0, -1, XenError.NotPermitted)]
    [InlineData(Guest, 1, -1, XenError.None)]
    public void A_mapping_is_refused_outside_the_ranges(ushort domain, int gsi, int pirq, XenError answer) =>
        Assert.Equal(answer, new PirqWorld().Map(Dom0, domain, gsi, pirq));

    [Theory]
    [InlineData(MapPirqType.Unknown)]
    [InlineData((MapPirqType)4)]
    [InlineData((MapPirqType)99)]
    public void There_is_no_mapping_of_another_type(MapPirqType type) =>
        Assert.Equal(XenError.Invalid, new PirqWorld().Map(Dom0, Guest, 20, -1, out _, type));

    [Fact]
    public void When_no_PIRQ_of_a_GSI_is_free_one_from_the_top_is_taken_and_then_none()
    {
        var xen = new PirqWorld(pirqs: 26);
        var got = new List<int>();
        for (int gsi = 1; gsi <= 10; gsi++)
        {
            Assert.Equal(XenError.None, xen.Map(Dom0, Guest, gsi, -1, out int pirq));
            got.Add(pirq);
        }
        Assert.Equal([16, 17, 18, 19, 20, 21, 22, 23, 25, 24], got);
        Assert.Equal(XenError.NoSpace, xen.Map(Dom0, Guest, 11, -1));
    }

    [Fact]
    public void Who_is_not_privileged_maps_for_nobody_but_the_domain_that_it_serves_and_only_what_it_has()
    {
        var xen = new PirqWorld();
        Assert.Equal(XenError.NotPermitted, xen.Map(Pv, Guest, 20, -1));
        Assert.Equal(XenError.NotPermitted, xen.Map(Model, Pvh, 20, -1));
        // It names the interrupt by its own PIRQ, and has none.
        Assert.Equal(XenError.Invalid, xen.Map(Model, Guest, 20, -1));
        Assert.Equal(XenError.None, xen.Map(Dom0, Model, 20, 18));
        Assert.Equal(XenError.None, xen.Map(Model, Guest, 18, -1, out int pirq));
        Assert.Equal(pirq, xen.Pirqs.PirqOf(Guest, 20));
    }

    [Fact]
    public void A_mapping_gives_the_target_access_and_needs_that_of_the_caller()
    {
        var xen = new PirqWorld();
        Assert.False(xen.Pirqs.HasAccess(Guest, 20));
        Assert.Equal(XenError.None, xen.Map(Dom0, Guest, 20, -1));
        Assert.True(xen.Pirqs.HasAccess(Guest, 20));
        Assert.Equal(XenError.None, xen.Permit(Dom0, Dom0, 21, grant: false));
        Assert.Equal(XenError.NotPermitted, xen.Map(Dom0, Guest, 21, -1));
        Assert.Equal(0, xen.Pirqs.PirqOf(Guest, 21));
    }

    [Fact]
    public void Unmapping_takes_the_access_and_is_done_once()
    {
        var xen = new PirqWorld();
        xen.Map(Dom0, Guest, 20, -1);
        Assert.Equal(XenError.None, xen.Unmap(Dom0, Guest, 16));
        Assert.False(xen.Pirqs.HasAccess(Guest, 20));
        Assert.Equal(XenError.Invalid, xen.Unmap(Dom0, Guest, 16));
    }

    [Theory]
    [InlineData(Dom0, Guest, -1, XenError.Invalid)]
    [InlineData(Dom0, Guest, 64, XenError.Invalid)]
    [InlineData(Dom0, Nobody, 16, XenError.NoSuchDomain)]
    [InlineData(Pv, Guest, 16, XenError.NotPermitted)]
    // A guest that has nothing to unmap gets no error.
    [InlineData(Guest, Guest, 16, XenError.None)]
    [InlineData(Guest, Guest, -5, XenError.None)]
    public void Unmapping_is_refused_as_by_Xen(ushort caller, ushort domain, int pirq, XenError answer) =>
        Assert.Equal(answer, new PirqWorld().Unmap(caller, domain, pirq));

    [Fact]
    public void Calls_are_reported_with_domain_GSI_PIRQ_and_answer()
    {
        var xen = new PirqWorld();
        xen.SetUp(Dom0, 20);
        xen.Map(Dom0, Guest, 20, -1);
        xen.Map(Dom0, Guest, 20, 30);
        xen.Unmap(Dom0, Guest, 16);
        Assert.Equal(
        [
            new XenGsiSetUp(Dom0, 20, Level: true, ActiveLow: true, XenError.None).ToEvent(),
            new XenAccessChanged(Guest, 20, Granted: true, Dom0, XenError.None, ByMapping: true).ToEvent(),
            new XenPirqMapped(new(Guest, 20, 16, Dom0, XenError.None)).ToEvent(),
            new XenPirqMapped(new(Guest, 20, 30, Dom0, XenError.Exists)).ToEvent(),
            new XenAccessChanged(Guest, 20, Granted: false, Dom0, XenError.None, ByMapping: true).ToEvent(),
            new XenPirqUnmapped(new(Guest, 20, 16, Dom0, XenError.None)).ToEvent(),
        ], xen.TakeAll());
    }

    // --- which operations a domain has

    [Theory]
    [InlineData(XenVersion.Current, Dom0, PhysdevOperation.SetupGsi, XenError.Fault)]
    [InlineData(XenVersion.Current, Dom0, PhysdevOperation.MapPirq, XenError.Fault)]
    [InlineData(XenVersion.Current, Dom0, PhysdevOperation.UnmapPirq, XenError.Fault)]
    [InlineData(XenVersion.Current, Dom0, PhysdevOperation.Eoi, XenError.NotImplemented)]
    [InlineData(XenVersion.Current, Dom0, PhysdevOperation.IrqStatusQuery, XenError.NotImplemented)]
    [InlineData(XenVersion.Current, Dom0, PhysdevOperation.GetFreePirq, XenError.NotImplemented)]
    [InlineData(XenVersion.Xen417, Dom0, PhysdevOperation.SetupGsi, XenError.NotImplemented)]
    [InlineData(XenVersion.Xen417, Dom0, PhysdevOperation.MapPirq, XenError.NotImplemented)]
    [InlineData(XenVersion.Xen417, Dom0, PhysdevOperation.UnmapPirq, XenError.NotImplemented)]
    [InlineData(XenVersion.Xen417, Guest, PhysdevOperation.MapPirq, XenError.Fault)]
    [InlineData(XenVersion.Current, Guest, PhysdevOperation.Eoi, XenError.Fault)]
    [InlineData(XenVersion.Current, Guest, PhysdevOperation.SetupGsi, XenError.NotImplemented)]
    [InlineData(XenVersion.Current, Pvh, PhysdevOperation.Eoi, XenError.NotImplemented)]
    [InlineData(XenVersion.Current, Pv, PhysdevOperation.SetupGsi, XenError.Fault)]
    [InlineData(XenVersion.Current, Guest, (PhysdevOperation)4, XenError.NotImplemented)]
    [InlineData(XenVersion.Current, Pv, (PhysdevOperation)uint.MaxValue, XenError.NotImplemented)]
    public void A_domain_has_the_operations_of_its_kind_and_version(XenVersion version, ushort caller, PhysdevOperation operation, XenError answer) =>
        Assert.Equal(answer, new PirqWorld(version).Pirqs.Hypercall(caller, operation, []));

    [Fact]
    public void The_argument_of_a_mapping_has_the_layout_of_the_mode()
    {
        var xen = new PirqWorld();
        byte[] bytes = new byte[40];
        MemoryMarshal.Write(bytes, new MapPirqArgument32 { DomainId = Guest, MapType = 1, Gsi = 20, PirqNumber = -1 });
        Assert.Equal(XenError.Fault, xen.Pirqs.Hypercall(Dom0, PhysdevOperation.MapPirq, bytes.AsSpan(0, 36)));
        Assert.Equal(XenError.None, xen.Pirqs.Hypercall(Dom0, PhysdevOperation.MapPirq, bytes.AsSpan(0, 36), is64Bit: false));
        Assert.Equal(16, MemoryMarshal.Read<MapPirqArgument32>(bytes).PirqNumber);
        Assert.Equal(XenError.Fault, xen.Pirqs.Hypercall(Dom0, PhysdevOperation.MapPirq, bytes.AsSpan(0, 35), is64Bit: false));
    }

    [Fact]
    public void A_domain_that_does_not_exist_is_the_owners_mistake() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PirqWorld().Pirqs.Hypercall(Nobody, PhysdevOperation.Eoi, new byte[8]));

    // --- pins of the machine

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void A_pin_is_set_up_once_with_any_trigger(bool level, bool low)
    {
        var xen = new PirqWorld();
        Assert.False(xen.Pirqs.IsSetUp(20, out _, out _));
        Assert.Equal(XenError.None, xen.SetUp(Dom0, 20, level, low));
        Assert.Equal(XenError.Exists, xen.SetUp(Dom0, 20, level, low));
        Assert.Equal(XenError.Exists, xen.SetUp(Dom0, 20, !level, !low));
        Assert.True(xen.Pirqs.IsSetUp(20, out bool isLevel, out bool isLow));
        Assert.Equal((level, low), (isLevel, isLow));
    }

    [Theory]
    [InlineData(Dom0, -1, XenError.Invalid)]
    [InlineData(Dom0, 24, XenError.Invalid)]
    [InlineData(Pv, 20, XenError.NotPermitted)]
    [InlineData(Pv, 24, XenError.Invalid)]
    public void A_pin_is_not_set_up_outside_the_range_or_by_anybody(ushort caller, int gsi, XenError answer) =>
        Assert.Equal(answer, new PirqWorld().SetUp(caller, gsi));

    [Fact]
    public void A_GSI_can_be_mapped_before_its_pin_is_set_up()
    {
        var xen = new PirqWorld();
        Assert.Equal(XenError.None, xen.Map(Dom0, Guest, 20, -1));
        Assert.False(xen.Pirqs.IsSetUp(20, out _, out _));
        // Nothing comes from there.
        xen.Port(Guest, 16);
        xen.Bind(Dom0, Guest, 16);
        xen.TakeAll();
        xen.Pirqs.SetWire(20, true);
        xen.Pirqs.SetWire(20, false);
        Assert.Empty(xen.TakeAll());
    }

    // --- messages of the machine's devices

    [Fact]
    public void PIRQs_of_messages_are_given_out_from_the_top_for_a_device_that_the_domain_has()
    {
        var xen = new PirqWorld();
        Assert.Equal(XenError.NoDevice, xen.MapMessage(Dom0, Guest, Nic, -1, out _));
        Assert.Equal(XenError.None, xen.Passthrough.Domctl(Dom0, Domctl.Assign(XenVersion.Current, Guest, new(Nic))));
        Assert.Equal(XenError.None, xen.MapMessage(Dom0, Guest, Nic, -1, out int pirq));
        Assert.Equal(63, pirq);
        Assert.Equal(XenError.None, xen.MapMessage(Dom0, Guest, Nic, 40, out pirq));
        Assert.Equal(40, pirq);
        Assert.Equal(XenError.NoDevice, xen.MapMessage(Dom0, Guest, 0x77, -1, out _));
        Assert.Equal(XenError.Invalid, xen.MapMessage(Dom0, Guest, Nic, 64, out _));
        Assert.Equal(XenError.Invalid, xen.MapMessage(Dom0, Guest, Nic, -1, out _, index: 5));
        Assert.Equal(XenError.NotPermitted, xen.MapMessage(Dom0, Guest, Nic, -1, out _, index: 27));
        // No room for more than four interrupts of messages.
        xen.MapMessage(Dom0, Guest, Nic, -1, out _);
        xen.MapMessage(Dom0, Guest, Nic, -1, out _);
        Assert.Equal(XenError.Invalid, xen.MapMessage(Dom0, Guest, Nic, -1, out _));
        Assert.Equal(XenError.None, xen.Unmap(Dom0, Guest, 63));
        Assert.Equal(XenError.None, xen.MapMessage(Dom0, Guest, Nic, -1, out pirq));
        Assert.Equal(63, pirq);
    }

    // --- state

    [Fact]
    public void A_copy_of_the_state_has_the_same_identity_and_goes_its_own_way()
    {
        PirqWorld xen = new(), copy = new();
        xen.SetUp(Dom0, 20);
        xen.Map(Dom0, Guest, 20, -1);
        xen.Bind(Dom0, Guest, 16);
        Assert.NotEqual(xen.Arena.Identity(0), copy.Arena.Identity(0));
        copy.Arena.CopyFrom(xen.Arena);
        Assert.Equal(xen.Arena.Identity(0), copy.Arena.Identity(0));
        Assert.Equal(XenError.None, copy.Unmap(Dom0, Guest, 16));
        Assert.True(xen.Pirqs.HasAccess(Guest, 20));
        Assert.False(copy.Pirqs.HasAccess(Guest, 20));
    }

    [Fact]
    public void Options_outside_their_ranges_are_refused_by_name()
    {
        var bad = new (PirqOptions Options, string Field)[]
        {
            (new() { Gsis = 15 }, "Gsis"),
            (new() { MessageIrqs = 0 }, "MessageIrqs"),
            (new() { Bindings = 0 }, "Bindings"),
            (new() { Profile = (XenProfile)9 }, "Profile"),
            (new() { Version = (XenVersion)9 }, "Version"),
            (new() { Devices = [new(1), new(1)] }, "Devices"),
            (new() { Domains = [new() { Id = 1 }, new() { Id = 1 }] }, "Domains[1].Id"),
            (new() { Domains = [new() { Id = 1, Gsis = 8 }] }, "Domains[0].Gsis"),
            (new() { Domains = [new() { Id = 1, IsHardware = true }, new() { Id = 2, IsHardware = true }] }, "Domains"),
        };
        foreach ((PirqOptions options, string field) in bad)
            Assert.Equal(field, Assert.Throws<OptionException>(options.Validate).Field);
    }
}
