using System.Reflection;
using Microsoft.Extensions.Logging;
using Wirq.Events;
using Wirq.Host;
using Wirq.Routing;
using Wirq.Telemetry;
using Wirq.Tests.Host;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Telemetry;

/// <summary>What a log hears of: misuse by a guest, calls that the host refused, pressure on GSIs, resets.</summary>
public sealed class FabricLogTests : IDisposable
{
    private static readonly EventFd Trigger = new(7);

    private readonly KeptLog _log = new();
    private readonly FakeKernel _kernel = new();

    public void Dispose() => _log.Dispose();

    /// <summary>An id that was given away stays given: tools of embedders know it.</summary>
    [Fact]
    public void The_ids_are_these_and_the_page_lists_them()
    {
        var ids = new Dictionary<string, int>
        {
            ["GuestMisuse"] = 100, ["ApicError"] = 101, ["MsrFault"] = 102, ["MessageRefused"] = 103, ["RemappingFault"] = 104, ["Storm"] = 105,
            ["HostRefused"] = 200, ["RouteReclaimed"] = 300, ["RoutesWaitedFor"] = 301, ["MachineReset"] = 400,
        };
        Assert.Equal(ids, typeof(FabricLogEvents).GetFields().ToDictionary(field => field.Name, field => (int)field.GetRawConstantValue()!));
        Assert.Equal(ids, typeof(FabricLogMessages).GetMethods(BindingFlags.Static | BindingFlags.NonPublic)
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>()
            .ToDictionary(attribute => ids.Single(id => id.Value == attribute.EventId).Key, attribute => attribute.EventId));
        string page = File.ReadAllText(Repository.PathOf("docs/embedding.md"));
        Assert.All(ids, id => Assert.Contains($"| {id.Value} | `{id.Key}` |", page, StringComparison.Ordinal));
    }

    /// <summary>A guest can do the same without end: the log grows with the logarithm.</summary>
    [Fact]
    public void A_storm_of_invalid_requests_is_told_of_as_it_doubles()
    {
        Fabric fabric = Plain();
        for (int i = 0; i < 1000; i++)
            fabric.Send(new Wirq.Msi(MsiAddress.For(0), MsiData.For(0x05)), 0x10);
        Drain(fabric);
        string[] refused = [.. _log.Of(FabricLogEvents.MessageRefused)];
        Assert.Equal(10, refused.Length);
        Assert.Equal("vector 0x05 of device 00:02.0 reaches no CPU: IllegalVector (512 times so far)", refused[^1]);
        Assert.Equal("the local APIC of cpu0 records " + new ErrorStatus(0x40) + " (1 times so far)", _log.Of(FabricLogEvents.ApicError).First());
        Assert.All(_log.Lines, line => Assert.Equal(("Wirq.Guest", LogLevel.Warning), (line.Category, line.Level)));
        // Each kind has its own count.
        fabric.Send(new Wirq.Msi(MsiAddress.For(9), MsiData.For(0x41)), 0x10);
        Drain(fabric);
        Assert.Contains("(1 times so far)", _log.Of(FabricLogEvents.MessageRefused).Last(), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_misuse_of_a_guest()
    {
        FabricOptions options = FabricOptions.Pc() with { Vtd = new() };
        Fabric fabric = Plain(options with { IoApics = [options.IoApics[0] with { StormLimit = 1, StormDelay = 500 }] });
        fabric.TryWrite(0, 0xFEC00010, 2, 1);
        fabric.WriteMsr(0, 0x1B, ulong.MaxValue);
        foreach (uint word in new uint[] { 0x11 + 40, 0, 0x10 + 40, 0x8051 })
            fabric.TryWrite(0, word is 0x11 + 40 or 0x10 + 40 ? 0xFEC00000 : 0xFEC00010, 4, word);
        fabric.Connect(20, "disk").Raise();
        Drain(fabric);
        Assert.Equal(0x51, fabric.Take(0));
        fabric.TryWrite(0, 0xFEE000B0, 4, 0);
        fabric.TryWrite(0, 0xFED90018, 4, 1u << 25);
        fabric.Send(new Wirq.Msi(MsiAddress.For(0), MsiData.For(0x41)), 0x10);
        Drain(fabric);
        fabric.Reset();
        Drain(fabric);
        Assert.Equal("cpu0 does what has no effect: Access, 0x1 at 0xfec00010 (1 times so far, of those that were not left out)",
            Assert.Single(_log.Of(FabricLogEvents.GuestMisuse)));
        Assert.Equal("cpu0 takes #GP at MSR 0x1b, value 0xffffffffffffffff (1 times so far)", Assert.Single(_log.Of(FabricLogEvents.MsrFault)));
        Assert.StartsWith("pin 20 of I/OAPIC 0 is still asserted after every EOI", Assert.Single(_log.Of(FabricLogEvents.Storm)), StringComparison.Ordinal);
        Assert.StartsWith("remapping unit 0 blocks a message of device 00:02.0, fault reason 0x2", Assert.Single(_log.Of(FabricLogEvents.RemappingFault)), StringComparison.Ordinal);
        Assert.Equal(("Wirq.Machine", LogLevel.Information, FabricLogEvents.MachineReset, "the machine is reset"), _log.Lines[^1]);
    }

    [Fact]
    public void A_call_that_the_host_refuses_is_told_with_its_errno_its_GSI_and_what_to_do()
    {
        FabricHost host = Host();
        using Virq virq = host.Register("net", 0x10, Trigger);
        virq.SetMessage(new Wirq.Msi(0xFEE00000, 0x41));
        _kernel.Before = call =>
        {
            if (call.StartsWith("bind", StringComparison.Ordinal))
                throw new KernelException("KVM_IRQFD", 28, 48, "raise the limit of descriptors");
        };
        Assert.Throws<KernelException>(() => host.EventArrived(_kernel.DeviceWrites(Trigger)));
        Assert.Equal(("Wirq.Host", LogLevel.Error, FabricLogEvents.HostRefused,
            "KVM_IRQFD for GSI 48 failed with errno 28: raise the limit of descriptors (1 times so far)"), _log.Lines.Single(line => line.Level == LogLevel.Error));
    }

    [Fact]
    public void Each_kind_of_refusal_has_its_own_count_and_kinds_are_bounded()
    {
        var log = new FabricLog(_log);
        for (int round = 0; round < 3; round++)
        {
            for (int call = 0; call < 100; call++)
                log.Failed(new KernelException($"call {call}", 22, -1, "nothing"));
        }
        // 64 kinds: the 1st and the 2nd each. The other 36 share one count, to 108: 1, 2, 4, …, 64.
        Assert.Equal(64 * 2 + 7, _log.Lines.Count);
    }

    [Fact]
    public void A_plain_fabric_tells_of_refused_calls_too()
    {
        var fabric = new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions { Kernel = _kernel.Limits, BatchDelay = 0 } });
        fabric.Events.Observing = true;
        _kernel.Before = _ => throw new KernelException("KVM_SIGNAL_MSI", 22, -1, "report it");
        fabric.Send(new Wirq.Msi(0xFEE00000, 0x41));
        Assert.Throws<KernelException>(() => fabric.Drain(new FabricPorts { Kernel = _kernel, Observer = new FabricLog(_log) }));
        Assert.Single(_log.Of(FabricLogEvents.HostRefused));
    }

    [Fact]
    public void Pressure_on_the_GSIs_is_told_of()
    {
        var kernel = new FakeKernel { Limits = new() { Routes = 52, ReservedGsis = 48 } };
        FabricHost host = Host(kernel, batchCount: 1);
        for (int i = 0; i < 9; i++)
        {
            Virq virq = host.Register($"virq {i}", 0x10, new EventFd(20 + i));
            virq.SetMessage(new Wirq.Msi(0xFEE00000, 0x41u + (uint)i));
            host.EventArrived(kernel.DeviceWrites(new EventFd(20 + i)));
        }
        // Four fit; five lose theirs.
        Assert.Equal(3, _log.Of(FabricLogEvents.RouteReclaimed).Count());
        Assert.Contains("as all 4 GSIs are in use", _log.Of(FabricLogEvents.RouteReclaimed).First(), StringComparison.Ordinal);
        Assert.Empty(_log.Of(FabricLogEvents.RoutesWaitedFor));
    }

    [Fact]
    public void A_long_waiting_list_is_told_of_as_it_doubles()
    {
        var kernel = new FakeKernel { Limits = new() { Routes = 1024, ReservedGsis = 48 } };
        FabricHost host = Host(kernel, batchCount: 1000);
        for (int i = 0; i < 300; i++)
        {
            Virq virq = host.Register($"virq {i}", 0x10, new EventFd(20 + i));
            virq.SetMessage(new Wirq.Msi(0xFEE00000, 0x41u));
            host.EventArrived(kernel.DeviceWrites(new EventFd(20 + i)));
        }
        Assert.Equal([64, 128, 256], _log.Of(FabricLogEvents.RoutesWaitedFor).Select(text => int.Parse(text.Split(' ')[0], null)));
    }

    /// <summary>Nothing is made for a line that is not written: because it is no power of two, or because nobody wants it.</summary>
    [Fact]
    public void What_is_not_written_allocates_nothing()
    {
        Fabric fabric = Plain();
        var log = new FabricLog(_log);
        var ports = new FabricPorts { Observer = log };
        _log.Least = LogLevel.Error;
        Assert.Equal(0, Allocations.Of(3000, () =>
        {
            fabric.Send(new Wirq.Msi(MsiAddress.For(0), MsiData.For(0x05)), 0x10);
            fabric.Send(new Wirq.Msi(MsiAddress.For(0), MsiData.For(0x41)), 0x10);
            fabric.Drain(ports);
            fabric.Take(0);
            fabric.TryWrite(0, 0xFEE000B0, 4, 0);
            fabric.Drain(ports);
        }));
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void A_host_keeps_its_lock_for_events_that_no_log_wants()
    {
        var log = new FabricLog(_log);
        Assert.DoesNotContain(Enum.GetValues<EventKind>(), kind => kind is EventKind.Rest or EventKind.VectorAccepted or EventKind.MessageAccepted
            or EventKind.PinChanged or EventKind.SourceRaised && log.Observes(new Event(kind)));
    }

    private static Fabric Plain(FabricOptions? options = null)
    {
        var fabric = new Fabric(options ?? FabricOptions.Pc());
        fabric.Events.Observing = true;
        fabric.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        return fabric;
    }

    private FabricLog? _one;

    private void Drain(Fabric fabric) => fabric.Drain(new FabricPorts { Observer = _one ??= new FabricLog(_log) });

    private FabricHost Host(FakeKernel? kernel = null, int batchCount = 1) => new FabricHostBuilder(FabricOptions.Pc() with
    {
        Pic = null,
        Routing = new RoutingOptions { Virqs = 512, BatchCount = batchCount, BatchDelay = batchCount == 1 ? 0 : 1000 },
    }).UseKernel(kernel ?? _kernel).UseEventFds(kernel ?? _kernel, edgeTriggered: false).UseLogging(_log).Build().Host;
}
