using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.Xen;
using static Wirq.Tests.Xen.PassedLine;
using static Wirq.Tests.Xen.PirqWorld;

namespace Wirq.Tests.Xen;

/// <summary>What domctl answers about access to interrupts and about bindings.</summary>
public class PassthroughAccessTests
{
    // --- permissions

    [Fact]
    public void Access_to_a_GSI_is_given_and_taken_by_its_number()
    {
        var xen = new PirqWorld();
        Assert.Equal(XenError.None, xen.Permit(Dom0, Guest, 20));
        Assert.True(xen.Pirqs.HasAccess(Guest, 20));
        Assert.Equal(XenError.None, xen.Permit(Dom0, Guest, 20, grant: false));
        Assert.False(xen.Pirqs.HasAccess(Guest, 20));
    }

    [Theory]
    [InlineData(Guest, 20u, 2u, XenError.Invalid)]
    [InlineData(Guest, 20u, uint.MaxValue, XenError.Invalid)]
    [InlineData(Guest, 0u, 1u, XenError.Invalid)]
    [InlineData(Guest, 24u, 1u, XenError.OutOfRange)]
    [InlineData(Guest, uint.MaxValue, 1u, XenError.OutOfRange)]
    [InlineData(Guest, 24u, 2u, XenError.Invalid)]
    [InlineData(Nobody, 20u, 1u, XenError.NoSuchDomain)]
    [InlineData(Nobody, 24u, 2u, XenError.NoSuchDomain)]
    [InlineData(XenDomainOptions.SelfId, 20u, 1u, XenError.NoSuchDomain)]
    public void Access_by_GSI_is_refused_as_by_Xen(ushort domain, uint gsi, uint flags, XenError answer) =>
        Assert.Equal(answer, new PirqWorld().Passthrough.Domctl(Dom0, Domctl.Make(XenVersion.Current, DomctlOperation.GsiPermission, domain,
            new GsiPermissionArgument { Gsi = gsi, Flags = flags })));

    [Fact]
    public void Access_is_given_by_nobody_but_a_privileged_domain_that_has_it()
    {
        var xen = new PirqWorld();
        Assert.Equal(XenError.NotPermitted, xen.Permit(Guest, Guest, 20));
        Assert.Equal(XenError.NotPermitted, xen.Permit(Guest, Nobody, 20));
        Assert.Equal(XenError.None, xen.Permit(Dom0, Dom0, 20, grant: false));
        Assert.Equal(XenError.NotPermitted, xen.Permit(Dom0, Guest, 20));
        Assert.Contains(new XenAccessChanged(Guest, 20, Granted: true, Dom0, XenError.NotPermitted, ByMapping: false).ToEvent(), xen.TakeAll());
    }

    [Theory]
    [InlineData(XenVersion.Current, 0x18u, XenError.None)]
    [InlineData(XenVersion.Current, 0x15u, XenError.NoAccess)]
    [InlineData(XenVersion.Current, 0u, XenError.NoAccess)]
    // There is none in Xen 4.17.
    [InlineData(XenVersion.Xen417, 0x15u, XenError.NotImplemented)]
    [InlineData(XenVersion.Xen417, 0x18u, XenError.NoAccess)]
    public void A_call_of_another_version_of_the_interface_is_refused(XenVersion xen, uint version, XenError answer)
    {
        byte[] call = Domctl.GsiPermission(xen, Guest, 20);
        MemoryMarshal.Write(call.AsSpan(4), version);
        Assert.Equal(answer, new PirqWorld(xen).Passthrough.Domctl(Dom0, call));
    }

    [Fact]
    public void A_call_that_is_too_short_cannot_be_read() =>
        Assert.Equal(XenError.Fault, new PirqWorld().Passthrough.Domctl(Dom0, Domctl.GsiPermission(XenVersion.Current, Guest, 20).AsSpan(1)));

    [Fact]
    public void Access_by_PIRQ_is_by_the_callers_own()
    {
        var xen = new PirqWorld();
        Assert.Equal(XenError.Invalid, xen.PermitPirq(Dom0, Guest, 64));
        Assert.Equal(XenError.Invalid, xen.PermitPirq(Dom0, Guest, -1));
        // The guest's PIRQ does not count: a PVH dom0 has none until it unmasks the pin.
        xen.Map(Dom0, Guest, 20, 20);
        Assert.Equal(XenError.NotPermitted, xen.PermitPirq(Dom0, Pvh, 20));
        Assert.Equal(XenError.None, xen.Map(Dom0, Dom0, 20, 20));
        Assert.Equal(XenError.None, xen.PermitPirq(Dom0, Pvh, 20));
        Assert.True(xen.Pirqs.HasAccess(Pvh, 20));
        Assert.Equal(XenError.NotPermitted, xen.PermitPirq(Guest, Pvh, 20));
    }

    // --- bindings

    [Fact]
    public void A_binding_asks_for_the_callers_access_and_precedes_any_grant()
    {
        PirqWorld xen = Mapped();
        // Mapping gave the guest access already; it is dom0 that is asked.
        Assert.Equal(XenError.None, xen.Permit(Dom0, Guest, 20, grant: false));
        Assert.Equal(XenError.None, xen.Bind(Dom0, Guest, 16));
        xen = Mapped();
        xen.Permit(Dom0, Dom0, 20, grant: false);
        Assert.Equal(XenError.NotPermitted, xen.Bind(Dom0, Guest, 16));
    }

    [Fact]
    public void A_binding_is_refused_as_by_Xen()
    {
        PirqWorld xen = Mapped();
        xen.Map(Dom0, Pv, 20, 16);
        Assert.Equal(XenError.Invalid, xen.Bind(Dom0, Pv, 16));
        Assert.Equal(XenError.NotPermitted, xen.Bind(Pv, Guest, 16));
        Assert.Equal(XenError.NotPermitted, xen.Bind(Dom0, Guest, 17));
        Assert.Equal(XenError.NotPermitted, xen.Bind(Dom0, Guest, 64));
        Assert.Equal(XenError.NotPermitted, xen.Bind(Dom0, Guest, -1));
        xen.Map(Dom0, NoIommu, 20, 16);
        Assert.Equal(XenError.NoSuchDomain, xen.Bind(Dom0, NoIommu, 16));
        Assert.Equal(XenError.NoSuchDomain, xen.Bind(Dom0, Nobody, 16));
        Assert.Equal(XenError.NotSupported, xen.Passthrough.Domctl(Dom0, Domctl.Make(XenVersion.Current, DomctlOperation.BindPtIrq, Guest,
            new BindPtIrqArgument { Pirq = 16, Type = (uint)PassedInterrupt.Isa })));
        Assert.Equal(XenError.NotPermitted, xen.Bind(Dom0, Guest, 17, bind: false));
        Assert.Equal(XenError.Invalid, xen.Bind(Dom0, Guest, 16, bind: false));
        Assert.Equal(XenError.NotImplemented, xen.Passthrough.Domctl(Dom0, Domctl.Make(XenVersion.Current, (DomctlOperation)77, Guest, 0)));
        Assert.Equal(XenError.NotPermitted, xen.Passthrough.Domctl(Pv, Domctl.Make(XenVersion.Current, (DomctlOperation)77, Guest, 0)));
    }

    [Fact]
    public void Room_for_bindings_ends()
    {
        PirqWorld xen = Mapped();
        for (byte device = 0; device < 8; device++)
            Assert.Equal(XenError.None, xen.Bind(Dom0, Guest, 16, device));
        Assert.Equal(XenError.NoMemory, xen.Bind(Dom0, Guest, 16, device: 9));
        Assert.Equal(XenError.None, xen.Bind(Dom0, Guest, 16, device: 0, bind: false));
        Assert.Equal(XenError.None, xen.Bind(Dom0, Guest, 16, device: 9));
    }

    [Fact]
    public void A_device_model_in_a_domain_of_its_own_binds_what_it_has_access_to()
    {
        PirqWorld xen = Mapped();
        Assert.Equal(XenError.NotPermitted, xen.Bind(Model, Guest, 16));
        xen.Permit(Dom0, Model, 20);
        Assert.Equal(XenError.None, xen.Bind(Model, Guest, 16));
    }
}
