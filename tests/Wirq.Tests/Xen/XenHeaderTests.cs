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
        #include <stdint.h>
        #include <stddef.h>
        #include <xen/errno.h>
        #include <xen/xen.h>
        #include <xen/event_channel.h>
        #include <xen/vcpu.h>
        #include <xen/sched.h>

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
            (XenError.NotSupported, "EOPNOTSUPP"),
        })
            Equal(program, $"XEN_{name}", (long)error);
        Equal(program, "DOMID_SELF", XenDomainOptions.SelfId);
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
