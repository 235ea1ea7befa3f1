using Wirq.Events;
using Wirq.Host;
using Wirq.Lab.Kernels;
using Wirq.Routing;

namespace Wirq.Architecture.Tests;

/// <summary>There is one carrier of effects (rule 6 of the design): each method that carries an effect out has one
/// caller.</summary>
public sealed class CarrierTests
{
    private const string CommitsOfDesigns = "Wirq.Lab.Worlds.VirqHost.Commit";
    private static readonly string s_carrier = typeof(Carrier).FullName!, s_calls = typeof(CallPorts).FullName!;

    public static TheoryData<Type, string> Ports => new()
    {
        { typeof(IKernelPort), nameof(IKernelPort.Commit) },
        { typeof(IKernelPort), nameof(IKernelPort.Bind) },
        { typeof(IKernelPort), nameof(IKernelPort.Unbind) },
        { typeof(IKernelPort), nameof(IKernelPort.Signal) },
        { typeof(IKernelPort), nameof(IKernelPort.SetLine) },
        { typeof(IEventPort), nameof(IEventPort.Watch) },
        { typeof(IEventPort), nameof(IEventPort.Unwatch) },
        { typeof(IEventPort), nameof(IEventPort.Read) },
        { typeof(IEventPort), nameof(IEventPort.Write) },
        { typeof(IAckPort), nameof(IAckPort.Acknowledged) },
        { typeof(ICpuPort), nameof(ICpuPort.Interrupt) },
        { typeof(ICpuPort), nameof(ICpuPort.Nmi) },
        { typeof(ICpuPort), nameof(ICpuPort.Smi) },
        { typeof(ICpuPort), nameof(ICpuPort.Init) },
        { typeof(ICpuPort), nameof(ICpuPort.StartUp) },
    };

    public static TheoryData<Type, string> Answers => new()
    {
        { typeof(RouteCache), nameof(RouteCache.BindFailed) },
        { typeof(RouteCache), nameof(RouteCache.ReadDone) },
        { typeof(RouteCache), nameof(RouteCache.CommitDone) },
        { typeof(RouteCache), nameof(RouteCache.CommitFailed) },
        { typeof(RouteCache), nameof(RouteCache.NoteResampled) },
        { typeof(RouteCache), nameof(RouteCache.MayBind) },
        { typeof(RouteCache), nameof(RouteCache.MayRead) },
        { typeof(RouteCache), nameof(RouteCache.Claim) },
        { typeof(Fabric), nameof(Fabric.PinAnswered) },
        { typeof(Fabric), nameof(Fabric.MessageAnswered) },
        { typeof(Fabric), nameof(Fabric.SendOfPin) },
        { typeof(Fabric), nameof(Fabric.SendOfVirq) },
        { typeof(Fabric), nameof(Fabric.SendOfUnit) },
    };

    /// <summary>An implementation of a port may forward a call to the same method of another. A historic design commits a table of
    /// its own, to whatever the kernel of its world is.</summary>
    [Theory, MemberData(nameof(Ports))]
    public void A_port_is_called_by_the_carriers_ports_alone(Type port, string method)
    {
        IReadOnlyCollection<string> implementers = House.ImplementersOf(port);
        Assert.Equal([s_calls], House.CallsOf(port, method)
            .Where(call => !(implementers.Contains(call.Type) && call.Method == method) && $"{call.Type}.{call.Method}" != CommitsOfDesigns)
            .Select(call => call.Type).Distinct());
    }

    /// <summary>A laboratory uses its kernel and its eventfds by their classes, and not as ports. The exceptions that
    /// do not use the carrier are devices and a host below, which read their eventfds, and historic designs, which implement their
    /// defect.</summary>
    [Theory]
    [InlineData(typeof(SimulatedKernel), nameof(SimulatedKernel.Commit))]
    [InlineData(typeof(SimulatedKernel), nameof(SimulatedKernel.Bind))]
    [InlineData(typeof(SimulatedKernel), nameof(SimulatedKernel.Unbind))]
    [InlineData(typeof(SimulatedKernel), nameof(SimulatedKernel.Signal))]
    [InlineData(typeof(SimulatedEventFds), nameof(SimulatedEventFds.Watch))]
    [InlineData(typeof(SimulatedEventFds), nameof(SimulatedEventFds.Unwatch))]
    [InlineData(typeof(SimulatedEventFds), nameof(SimulatedEventFds.Read), "Wirq.Lab.Historic.ReadAfterBind.After", "Wirq.Lab.Worlds.HostKernel.Read",
        "Wirq.Lab.Worlds.World.HearResamples", "Wirq.Lab.Worlds.World.Hears")]
    public void A_simulated_host_is_asked_past_the_carrier_by_these_alone(Type host, string method, params string[] others)
    {
        string[] own = ["Wirq.Lab.Kernels.SimulatedKernel", "Wirq.Lab.Kernels.SimulatedEventFds", "Wirq.Lab.Kernels.LockedKernel", "Wirq.Lab.Kernels.PinRows"];
        Assert.Equal(others, House.CallsOf(host, method).Where(call => !own.Contains(House.Outermost(call.Type)))
            .Select(call => $"{call.Type}.{call.Method}").Distinct().Order(StringComparer.Ordinal));
    }

    /// <summary>An effect that is skipped, or was carried out elsewhere: a world with a kernel's own routes, and a log
    /// that shows the result.</summary>
    [Fact]
    public void An_effect_is_passed_over_by_a_laboratory_and_a_replay_alone()
    {
        Assert.Equal(["Wirq.Lab.Worlds.RouteTable", "Wirq.Lab.Worlds.World", "Wirq.Traces.Replay.ReplayMachine"],
            House.CallersOf(typeof(Carrier), nameof(Carrier.Skip)));
        Assert.Equal(["Wirq.Lab.Worlds.RouteTable", "Wirq.Traces.Replay.ReplayMachine"],
            House.CallersOf(typeof(Carrier), nameof(Carrier.AnswerDeliver)));
    }

    [Theory, MemberData(nameof(Answers))]
    public void An_answer_is_taken_by_the_carrier_alone(Type chip, string method) =>
        Assert.Equal([s_carrier], House.CallersOf(chip, method));

    /// <summary>The chips inside a simulated kernel have their own queue. So have the interrupt cores of a host below a world and of
    /// its guest, and the host under a function that is served to other processes. Their effects belong to these, and no fabric
    /// gets them.</summary>
    [Fact]
    public void Events_are_taken_from_a_fabrics_queue_by_the_carrier_alone()
    {
        string[] ownQueues = [s_carrier, typeof(SimulatedKernel).FullName!, "Wirq.Lab.Worlds.GuestKernel", "Wirq.Lab.Worlds.HostKernel", "Wirq.Linux.VfioUser.PciInterrupts"];
        Assert.Equal(ownQueues.Order(StringComparer.Ordinal), House.CallersOf(typeof(EventBuffer), nameof(EventBuffer.TryTake)).Order(StringComparer.Ordinal));
        Assert.Equal([s_carrier], House.CallersOf(typeof(EventBuffer), nameof(EventBuffer.TakeInPlace)));
    }

    /// <summary>Calls to a host that do not use the queue are found, for an interface and for a class.</summary>
    [Fact]
    public void The_test_finds_another_caller()
    {
        Assert.Contains(typeof(FabricHost).FullName, House.CallersOf(typeof(IEventPort), nameof(IEventPort.IsReadable)));
        Assert.Contains(typeof(Fabric).FullName, House.CallersOf(typeof(Carrier), nameof(Carrier.Run)));
    }

    [Fact]
    public void A_host_a_laboratory_and_a_replay_drive_it()
    {
        string[] drivers = [typeof(FabricHost).FullName!, "Wirq.Lab.Worlds.World", "Wirq.Traces.Kvm.Replay.KvmMachine", "Wirq.Traces.Replay.ReplayMachine"];
        Assert.Equal(drivers, House.CallersOf(typeof(Carrier), nameof(Carrier.Begin))
            .Concat(House.CallersOf(typeof(Carrier), nameof(Carrier.Step))).Distinct().Except([s_carrier]).Order(StringComparer.Ordinal));
    }
}
