using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Wirq.Tests.Shared.Headers;
using Wirq.Xen;

namespace Wirq.Tests.Xen;

/// <summary>Layouts and numbers against Xen's public headers (package <c>libxen-dev</c>), by a C program that compiles
/// exactly if they agree.</summary>
public class XenHeaderTests
{
    private const string Headers = "/usr/include/xen/event_channel.h";
    private const string Includes = """
        #define __XEN_TOOLS__
        #include <stdint.h>
        #include <stddef.h>
        #include <xen/errno.h>
        #include <xen/xen.h>
        #include <xen/event_channel.h>
        #include <xen/vcpu.h>
        #include <xen/sched.h>
        #include <xen/physdev.h>
        #include <xen/domctl.h>

        """;

    [Theory]
    [InlineData("-m64")]
    [InlineData("-m32")]
    public void Layouts_are_those_of_the_headers(string width)
    {
        Require(width);
        bool wide = width == "-m64";
        var program = new StringBuilder(Includes);
        Argument<AllocUnboundArgument>(program, "struct evtchn_alloc_unbound", ("dom", "Domain"), ("remote_dom", "RemoteDomain"), ("port", "Port"));
        Argument<BindInterdomainArgument>(program, "struct evtchn_bind_interdomain", ("remote_dom", "RemoteDomain"),
            ("remote_port", "RemotePort"), ("local_port", "LocalPort"));
        Argument<BindVirqArgument>(program, "struct evtchn_bind_virq", ("virq", "Virq"), ("vcpu", "Vcpu"), ("port", "Port"));
        Argument<BindPirqArgument>(program, "struct evtchn_bind_pirq", ("pirq", "Pirq"), ("flags", "Flags"), ("port", "Port"));
        Argument<BindIpiArgument>(program, "struct evtchn_bind_ipi", ("vcpu", "Vcpu"), ("port", "Port"));
        Argument<PortArgument>(program, "struct evtchn_close", ("port", "Port"));
        Argument<PortArgument>(program, "struct evtchn_send", ("port", "Port"));
        Argument<PortArgument>(program, "struct evtchn_unmask", ("port", "Port"));
        Argument<StatusArgument>(program, "struct evtchn_status", ("dom", "Domain"), ("port", "Port"), ("status", "Status"), ("vcpu", "Vcpu"),
            ("u.unbound.dom", "Peer"), ("u.interdomain.dom", "Peer"), ("u.interdomain.port", "PeerPort"), ("u.pirq", "Peer"), ("u.virq", "Peer"));
        Argument<BindVcpuArgument>(program, "struct evtchn_bind_vcpu", ("port", "Port"), ("vcpu", "Vcpu"));
        Argument<ResetArgument>(program, "struct evtchn_reset", ("dom", "Domain"));
        Argument<ExpandArrayArgument>(program, "struct evtchn_expand_array", ("array_gfn", "Frame"));
        Argument<SetPriorityArgument>(program, "struct evtchn_set_priority", ("port", "Port"), ("priority", "Priority"));
        Argument<InitControlArgument>(program, "struct evtchn_init_control", ("control_gfn", "Frame"), ("offset", "Offset"), ("vcpu", "Vcpu"),
            ("link_bits", "LinkBits"));
        Physdev(program, wide);
        Domctls(program);
        SharedInfo(program, wide);
        Fifo(program);
        Assert.Equal("", CCompiler.Check(program.ToString(), width, "-ffreestanding"));
    }

    [Fact]
    public void Numbers_are_those_of_the_headers()
    {
        Require("-m64");
        var program = new StringBuilder(Includes);
        foreach ((EventChannelOperation operation, string name) in new[]
        {
            (EventChannelOperation.BindInterdomain, "bind_interdomain"), (EventChannelOperation.BindVirq, "bind_virq"),
            (EventChannelOperation.BindPirq, "bind_pirq"), (EventChannelOperation.Close, "close"), (EventChannelOperation.Send, "send"),
            (EventChannelOperation.Status, "status"), (EventChannelOperation.AllocUnbound, "alloc_unbound"),
            (EventChannelOperation.BindIpi, "bind_ipi"), (EventChannelOperation.BindVcpu, "bind_vcpu"), (EventChannelOperation.Unmask, "unmask"),
            (EventChannelOperation.Reset, "reset"), (EventChannelOperation.InitControl, "init_control"),
            (EventChannelOperation.ExpandArray, "expand_array"), (EventChannelOperation.SetPriority, "set_priority"),
        })
            Equal(program, $"EVTCHNOP_{name}", (long)operation);
        foreach ((XenError error, string name) in new[]
        {
            (XenError.NotPermitted, "EPERM"), (XenError.NoSuchEntry, "ENOENT"), (XenError.NoSuchDomain, "ESRCH"), (XenError.TryAgain, "EAGAIN"),
            (XenError.NoAccess, "EACCES"), (XenError.Fault, "EFAULT"), (XenError.Busy, "EBUSY"), (XenError.Exists, "EEXIST"),
            (XenError.Invalid, "EINVAL"), (XenError.NoSpace, "ENOSPC"), (XenError.NotImplemented, "ENOSYS"),
            (XenError.NotSupported, "EOPNOTSUPP"), (XenError.NoMemory, "ENOMEM"), (XenError.NoDevice, "ENODEV"), (XenError.OutOfRange, "ERANGE"),
        })
            Equal(program, $"XEN_{name}", (long)error);
        Equal(program, "DOMID_SELF", XenDomainOptions.SelfId);
        Equal(program, "DOMID_XEN", XenDomainOptions.XenId);
        foreach ((PhysdevOperation operation, string name) in new[]
        {
            (PhysdevOperation.IrqStatusQuery, "irq_status_query"), (PhysdevOperation.Eoi, "eoi"), (PhysdevOperation.MapPirq, "map_pirq"),
            (PhysdevOperation.UnmapPirq, "unmap_pirq"), (PhysdevOperation.SetupGsi, "setup_gsi"), (PhysdevOperation.GetFreePirq, "get_free_pirq"),
        })
            Equal(program, $"PHYSDEVOP_{name}", (long)operation);
        foreach ((MapPirqType type, string name) in new[]
        {
            (MapPirqType.Msi, "MSI"), (MapPirqType.Gsi, "GSI"), (MapPirqType.Unknown, "UNKNOWN"), (MapPirqType.MsiSegment, "MSI_SEG"),
        })
            Equal(program, $"MAP_PIRQ_TYPE_{name}", (long)type);
        Equal(program, "XENIRQSTAT_needs_eoi", IrqStatusArgument.NeedsEoi);
        Equal(program, "XENIRQSTAT_shared", IrqStatusArgument.Shared);
        // What is newer than these headers, 88 and version 0x18, is not compared.
        foreach ((DomctlOperation operation, string name) in new[]
        {
            (DomctlOperation.IrqPermission, "irq_permission"), (DomctlOperation.AssignDevice, "assign_device"), (DomctlOperation.BindPtIrq, "bind_pt_irq"),
            (DomctlOperation.DeassignDevice, "deassign_device"), (DomctlOperation.UnbindPtIrq, "unbind_pt_irq"),
        })
            Equal(program, $"XEN_DOMCTL_{name}", (long)operation);
        foreach ((PassedInterrupt type, string name) in new[]
        {
            (PassedInterrupt.Pci, "PCI"), (PassedInterrupt.Isa, "ISA"), (PassedInterrupt.Message, "MSI"), (PassedInterrupt.MessageAsPin, "MSI_TRANSLATE"),
        })
            Equal(program, $"PT_IRQ_TYPE_{name}", (long)type);
        program.Append(CultureInfo.InvariantCulture, $"#if XEN_DOMCTL_INTERFACE_VERSION == 0x15\n");
        Equal(program, "XEN_DOMCTL_INTERFACE_VERSION", DomctlHeader.VersionOf(XenVersion.Xen417));
        program.Append("#endif\n");
        Equal(program, "DOMID_FIRST_RESERVED", XenDomainOptions.FirstReservedId);
        foreach ((int virq, string name) in new[]
        {
            (VirtualInterrupt.Timer, "TIMER"), (VirtualInterrupt.Debug, "DEBUG"), (VirtualInterrupt.Console, "CONSOLE"),
            (VirtualInterrupt.DomainException, "DOM_EXC"), (VirtualInterrupt.Profiler, "XENOPROF"), (VirtualInterrupt.Argo, "ARGO"),
            (VirtualInterrupt.PerformanceCounters, "XENPMU"),
        })
            Equal(program, $"VIRQ_{name}", virq);
        Equal(program, "NR_VIRQS", VirtualInterrupt.Count);
        Equal(program, "VCPUOP_register_vcpu_info", 10);
        Assert.Equal("", CCompiler.Check(program.ToString(), "-m64", "-ffreestanding"));
    }

    [Theory]
    [InlineData("sizeof(struct evtchn_status)", 25)]
    [InlineData("offsetof(struct shared_info, evtchn_mask)", 0x800)]
    public void A_wrong_value_is_rejected(string expression, long wrong)
    {
        Require("-m64");
        var program = new StringBuilder(Includes);
        Equal(program, expression, wrong);
        Assert.Contains($"is not {wrong}", CCompiler.Check(program.ToString(), "-m64", "-ffreestanding"), StringComparison.Ordinal);
    }

    private static void Physdev(StringBuilder program, bool wide)
    {
        (string, string)[] map = [("domid", "DomainId"), ("type", "MapType"), ("index", "Gsi"), ("pirq", "PirqNumber"), ("bus", "BusAndSegment"),
            ("devfn", "DeviceFunction"), ("entry_nr", "Entry"), ("table_base", "Table")];
        if (wide)
            Argument<MapPirqArgument64>(program, "struct physdev_map_pirq", map);
        else
            Argument<MapPirqArgument32>(program, "struct physdev_map_pirq", map);
        Argument<UnmapPirqArgument>(program, "struct physdev_unmap_pirq", ("domid", "Domain"), ("pirq", "Pirq"));
        Argument<EoiArgument>(program, "struct physdev_eoi", ("irq", "Pirq"));
        Argument<IrqStatusArgument>(program, "struct physdev_irq_status_query", ("irq", "Pirq"), ("flags", "Flags"));
        Argument<SetupGsiArgument>(program, "struct physdev_setup_gsi", ("gsi", "Gsi"), ("triggering", "Triggering"), ("polarity", "Polarity"));
        Argument<GetFreePirqArgument>(program, "struct physdev_get_free_pirq", ("type", "Type"), ("pirq", "Pirq"));
    }

    private static void Domctls(StringBuilder program)
    {
        Equal(program, "sizeof(struct xen_domctl)", DomctlHeader.Whole);
        Equal(program, "offsetof(struct xen_domctl, u)", DomctlHeader.Union);
        foreach ((string c, string field) in new[] { ("cmd", "Command"), ("interface_version", "Version"), ("domain", "Domain") })
            Equal(program, $"offsetof(struct xen_domctl, {c})", (long)Marshal.OffsetOf<DomctlHeader>(field));
        Argument<IrqPermissionArgument>(program, "struct xen_domctl_irq_permission", ("pirq", "Pirq"), ("allow_access", "Allow"));
        Argument<BindPtIrqArgument>(program, "struct xen_domctl_bind_pt_irq", ("machine_irq", "Pirq"), ("irq_type", "Type"), ("u.pci.bus", "Bus"),
            ("u.pci.device", "Device"), ("u.pci.intx", "Pin"), ("u.msi.gvec", "Vector"), ("u.msi.gflags", "Flags"));
        foreach ((string c, string field) in new[] { ("dev", "Kind"), ("flags", "Flags"), ("u.pci.machine_sbdf", "Address") })
            Equal(program, $"offsetof(struct xen_domctl_assign_device, {c})", (long)Marshal.OffsetOf<AssignDeviceArgument>(field));
    }

    private static void SharedInfo(StringBuilder program, bool wide)
    {
        Equal(program, "sizeof(struct vcpu_info)", VcpuInfo.Size);
        Equal(program, "XEN_LEGACY_MAX_VCPUS", VcpuInfo.LegacyCount);
        Equal(program, "offsetof(struct vcpu_info, evtchn_upcall_pending)", VcpuInfo.UpcallPending);
        Equal(program, "offsetof(struct vcpu_info, evtchn_upcall_mask)", VcpuInfo.UpcallMask);
        Equal(program, "offsetof(struct vcpu_info, evtchn_pending_sel)", wide ? Layout64.Selector : Layout32.Selector);
        Equal(program, "sizeof(xen_ulong_t) * 8", wide ? Layout64.WordBits : Layout32.WordBits);
        Equal(program, "offsetof(struct shared_info, evtchn_pending)", wide ? Layout64.Pending : Layout32.Pending);
        Equal(program, "offsetof(struct shared_info, evtchn_mask)", wide ? Layout64.Mask : Layout32.Mask);
        Equal(program, "sizeof(((struct shared_info *)0)->evtchn_mask)", TwoLevel.BytesOf(wide ? 64 : 32));
        Equal(program, "EVTCHN_2L_NR_CHANNELS", TwoLevel.PortsOf(wide ? 64 : 32));
    }

    private static void Fifo(StringBuilder program)
    {
        Equal(program, "sizeof(struct evtchn_fifo_control_block)", ControlBlock.Size);
        Equal(program, "offsetof(struct evtchn_fifo_control_block, ready)", ControlBlock.Ready);
        Equal(program, "offsetof(struct evtchn_fifo_control_block, head)", ControlBlock.Heads);
        Equal(program, "EVTCHN_FIFO_MAX_QUEUES", ControlBlock.Queues);
        Equal(program, "EVTCHN_FIFO_PRIORITY_DEFAULT", ControlBlock.DefaultPriority);
        Equal(program, "EVTCHN_FIFO_PRIORITY_MIN", ControlBlock.LowestPriority);
        Equal(program, "EVTCHN_FIFO_NR_CHANNELS", XenDomainOptions.MaxPorts);
        Equal(program, "EVTCHN_FIFO_LINK_MASK", EventWord.LinkMask);
        foreach ((string name, uint bit) in new[]
        {
            ("PENDING", EventWord.PendingBit), ("MASKED", EventWord.MaskedBit), ("LINKED", EventWord.LinkedBit), ("BUSY", EventWord.BusyBit),
        })
            Equal(program, $"1u << EVTCHN_FIFO_{name}", bit);
    }

    private static void Argument<T>(StringBuilder program, string name, params (string C, string Field)[] fields) where T : unmanaged
    {
        Equal(program, $"sizeof({name})", Unsafe.SizeOf<T>());
        foreach ((string c, string field) in fields)
            Equal(program, $"offsetof({name}, {c})", (long)Marshal.OffsetOf<T>(field));
    }

    private static void Equal(StringBuilder program, string expression, long value) =>
        program.Append(CultureInfo.InvariantCulture, $"_Static_assert(({expression}) == {value}LL, \"{expression} is not {value}\");\n");

    private static void Require(string width)
    {
        Assert.SkipUnless(File.Exists(Headers), $"needs Xen's public headers (libxen-dev): there is no {Headers}");
        string? said = CCompiler.Check(Includes, width, "-ffreestanding");
        Assert.SkipWhen(said is null, "needs gcc");
        Assert.SkipUnless(said!.Length == 0, $"needs a gcc that compiles Xen's headers with {width}: {said}");
    }
}
