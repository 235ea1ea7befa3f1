using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.Xen;
using static Wirq.Tests.Xen.PirqWorld;

namespace Wirq.Tests.Xen;

/// <summary>PIRQs that a guest maps of its own machine, and what comes of a GSI that has one.</summary>
public class GuestPirqTests
{
    // --- what a guest maps of its own machine

    [Fact]
    public void A_guest_maps_its_own_GSI_only_beside_the_global_vector()
    {
        var xen = new PirqWorld { Callback = CallbackVia.OfGsi(20) };
        Assert.Equal(XenError.Invalid, xen.Map(Guest, XenDomainOptions.SelfId, 30, -1));
        xen.Callback = CallbackVia.OfIntx(3, PciInterruptPin.A);
        Assert.Equal(XenError.Invalid, xen.Map(Guest, Guest, 30, -1));
        xen.Callback = default;
        Assert.Equal(XenError.Invalid, xen.Map(Guest, Guest, 30, -1));
        xen.Callback = CallbackVia.OfVector(0xF3);
        Assert.Equal(XenError.None, xen.Map(Guest, XenDomainOptions.SelfId, 30, -1, out int pirq));
        Assert.Equal(16, pirq);
        Assert.Equal(XenError.None, xen.Map(Guest, XenDomainOptions.SelfId, 30, -1, out _));
    }

    [Fact]
    public void QEMU_lets_a_guest_map_beside_any_callback()
    {
        var xen = new PirqWorld(profile: XenProfile.Qemu) { Callback = CallbackVia.OfGsi(20) };
        Assert.Equal(XenError.None, xen.Map(Guest, XenDomainOptions.SelfId, 30, -1));
    }

    [Theory]
    [InlineData(48, -1, MapPirqType.Gsi, XenError.Invalid)]
    [InlineData(-1, -1, MapPirqType.Gsi, XenError.Invalid)]
    [InlineData(30, 64, MapPirqType.Gsi, XenError.Invalid)]
    [InlineData(30, -1, MapPirqType.Msi, XenError.Invalid)]
    [InlineData(47, 63, MapPirqType.Gsi, XenError.None)]
    public void What_a_guest_maps_is_a_GSI_of_its_machine(int gsi, int pirq, MapPirqType type, XenError answer) =>
        Assert.Equal(answer, new PirqWorld().Map(Guest, Guest, gsi, pirq, out _, type));

    [Fact]
    public void A_guest_that_names_a_GSI_or_PIRQ_in_use_gets_no_error_and_nothing_changes()
    {
        var xen = new PirqWorld();
        xen.Map(Guest, Guest, 30, 20);
        Assert.Equal(XenError.None, xen.Map(Guest, Guest, 31, 20));
        Assert.Equal(XenError.None, xen.Map(Guest, Guest, 30, 21));
        uint port = xen.Port(Guest, 20);
        xen.Port(Guest, 21);
        Owner(xen).Rise(30);
        Assert.True(xen.Takes(Guest, port));
        Assert.False(Owner(xen).Owns(31));
        Assert.Equal(XenError.None, xen.Unmap(Guest, Guest, 20));
        Assert.False(Owner(xen).Owns(30));
    }

    [Fact]
    public void A_guest_that_maps_the_GSI_of_a_passed_through_device_gets_the_PIRQ_of_the_machine()
    {
        var xen = new PirqWorld();
        xen.SetUp(Dom0, 20);
        xen.Map(Dom0, Guest, 20, 18);
        xen.Bind(Dom0, Guest, 18, device: 5);
        Assert.Equal(XenError.None, xen.Map(Guest, Guest, XenPciLines.GsiOf(5, PciInterruptPin.A), -1, out int pirq));
        Assert.Equal(18, pirq);
    }

    [Fact]
    public void A_free_PIRQ_is_reserved_until_it_is_mapped()
    {
        var xen = new PirqWorld();
        Assert.Equal(XenError.None, xen.GetFree(Guest, MapPirqType.Msi, out int pirq));
        Assert.Equal(63, pirq);
        xen.GetFree(Guest, MapPirqType.Msi, out pirq);
        Assert.Equal(62, pirq);
        xen.GetFree(Guest, MapPirqType.Gsi, out pirq);
        Assert.Equal(16, pirq);
        Assert.Equal(XenError.None, xen.Map(Dom0, Guest, 20, -1, out pirq));
        Assert.Equal(17, pirq);
        // Who reserved it names it.
        Assert.Equal(XenError.None, xen.Map(Dom0, Guest, 21, 63, out _));
        var small = new PirqWorld(pirqs: 17);
        Assert.Equal(XenError.None, small.GetFree(Guest, MapPirqType.Gsi, out _));
        Assert.Equal(XenError.NoSpace, small.GetFree(Guest, MapPirqType.Gsi, out _));
        Assert.Equal(XenError.NoSpace, small.GetFree(Guest, MapPirqType.Msi, out _));
    }

    // --- events

    [Fact]
    public void A_level_from_16_on_that_still_asserts_at_its_EOI_is_sent_again()
    {
        var xen = new PirqWorld();
        xen.Map(Guest, Guest, 30, 20);
        xen.Map(Guest, Guest, 9, 21);
        uint port = xen.Port(Guest, 20), isa = xen.Port(Guest, 21);
        Assert.Equal(XenError.None, xen.Eoi(Guest, 20));
        Assert.False(xen.Takes(Guest, port));
        xen.Asserted.UnionWith([30, 9]);
        Assert.Equal(XenError.None, xen.Eoi(Guest, 20));
        Assert.True(xen.Takes(Guest, port));
        Assert.Equal(XenError.None, xen.Eoi(Guest, 21));
        Assert.False(xen.Takes(Guest, isa));
        Assert.Equal(XenError.Invalid, xen.Eoi(Guest, 64));
        Assert.Equal(XenError.Invalid, xen.Eoi(Guest, 40));
        // A PIRQ that only has a port is one.
        xen.Port(Guest, 40);
        Assert.Equal(XenError.None, xen.Eoi(Guest, 40));
    }

    [Fact]
    public void The_unmask_of_a_PIRQs_port_brings_what_came_while_it_was_masked()
    {
        var xen = new PirqWorld();
        xen.Map(Guest, Guest, 30, 20);
        uint port = xen.Port(Guest, 20);
        xen.Memory.SharedInfo(Guest)[0xA00] |= (byte)(1 << (int)port);
        xen.TakeAll();
        Owner(xen).Rise(30);
        Assert.Empty(xen.Take(EventKind.XenUpcall));
        byte[] a = new byte[4];
        MemoryMarshal.Write(a, port);
        Assert.Equal(XenError.None, xen.Channels.Hypercall(Guest, EventChannelOperation.Unmask, a));
        Assert.Single(xen.Take(EventKind.XenUpcall));
    }

    [Fact]
    public void A_PIRQ_needs_an_EOI_and_tells_whether_it_is_shared()
    {
        var xen = new PirqWorld();
        Assert.Equal(XenError.Invalid, xen.Status(Guest, 20, out _));
        Assert.Equal(XenError.Invalid, xen.Status(Guest, 64, out uint flags));
        Assert.Equal(0xFFu, flags);
        xen.Map(Guest, Guest, 30, 20);
        Assert.Equal(XenError.None, xen.Status(Guest, 20, out flags));
        Assert.Equal(IrqStatusArgument.NeedsEoi, flags);
        xen.SetUp(Dom0, 21);
        foreach (ushort domain in new[] { Guest, Pvh })
        {
            xen.Map(Dom0, domain, 21, 22);
            Assert.Equal(XenError.None, xen.Bind(Dom0, domain, 22));
        }
        Assert.Equal(XenError.None, xen.Status(Guest, 22, out flags));
        Assert.Equal(IrqStatusArgument.NeedsEoi | IrqStatusArgument.Shared, flags);
    }

    // --- the three differences

    [Fact]
    public void Only_Xen_lets_a_PIRQ_take_the_GSI_of_a_callback_by_INTx()
    {
        int gsi = XenPciLines.GsiOf(3, PciInterruptPin.A);
        foreach (XenProfile profile in Enum.GetValues<XenProfile>())
        {
            var xen = new PirqWorld(profile: profile);
            xen.Map(Guest, Guest, gsi, 20);
            xen.Map(Guest, Guest, 31, 21);
            xen.Callback = CallbackVia.OfIntx(3, PciInterruptPin.A);
            Assert.Equal(profile == XenProfile.Xen, Owner(xen).Owns(gsi));
            xen.Callback = CallbackVia.OfGsi(31);
            // A device on the GSI of the callback is another matter in Xen: it is the callback that asks nobody.
            Assert.Equal(profile == XenProfile.Xen, Owner(xen).Owns(31));
            Assert.True(Owner(xen).Owns(gsi));
        }
    }

    [Fact]
    public void Xen_looks_at_the_flag_at_entries_of_all_vCPUs_and_QEMU_at_those_of_vCPU_0()
    {
        Assert.True(XenProfile.Xen.LooksAtEntryOf(0));
        Assert.True(XenProfile.Xen.LooksAtEntryOf(3));
        Assert.True(XenProfile.Qemu.LooksAtEntryOf(0));
        Assert.False(XenProfile.Qemu.LooksAtEntryOf(3));
    }

    [Fact]
    public void The_page_has_the_table_of_differences()
    {
        string page = File.ReadAllText(Path.Combine(Wirq.Tests.Shared.Repository.Root, "docs", "xen.md"));
        Assert.All(XenProfiles.Rows, row => Assert.Contains($"| {row.Xen} | {row.Qemu} | {row.Evidence} |", page, StringComparison.Ordinal));
    }

    private static PirqGsiOwner Owner(PirqWorld xen) => new PirqGsiOwner(xen.Pirqs, xen.Pirqs.The(Guest));
}
