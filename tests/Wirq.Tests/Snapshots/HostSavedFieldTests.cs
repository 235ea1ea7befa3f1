using Wirq.HostIrq;
using Wirq.State;
using Wirq.Tests.Vfio;
using Wirq.Vfio;
using static Wirq.Tests.Vfio.VfioWorld;

namespace Wirq.Tests.Snapshots;

/// <summary>Each field of each state struct of a host is saved, or named here as one that is not, with the reason.</summary>
public class HostSavedFieldTests
{
    private const string Reserved = "keeps a struct without padding";

    /// <summary>Fields that are not saved.</summary>
    private static readonly Dictionary<string, string> s_fields = new()
    {
        ["HostLineState.Reserved"] = Reserved,
        ["HostLineState.Reserved0"] = Reserved,
        ["HostActionState.Reserved"] = Reserved,
        ["VfioDeviceState.Reserved"] = Reserved,
        ["VfioDeviceState.Reserved0"] = Reserved,
        ["VfioVectorState.Reserved"] = Reserved,
        ["VfioVectorState.Reserved0"] = Reserved,
        ["HostLineState.Disabled"] = "follows from the depth",
        ["HostLineState.InProgress"] = "follows from the handlers that run",
        ["HostLineState.Threads"] = "follows from the actions",
        ["HostLineState.PinMasked"] = "the pin of a line is masked as the line is",
    };

    [Fact]
    public void A_change_of_any_field_of_a_host_changes_its_snapshot_or_the_field_is_named_here() =>
        SavedFieldRule.Hold([Devices(), Handlers()], [], s_fields, []);

    /// <summary>Devices of every kind, with an interrupt at the guest.</summary>
    private static (StateArena, Func<byte[]>) Devices()
    {
        var world = new VfioWorld(new VfioOptions
        {
            Irqs = new() { Lines = [new(), new(), new()], Actions = 2 },
            Devices = [Oneshot with { StormLimit = 5 }, Legacy with { Line = 1, StormLimit = 1 }, Pci23 with { Line = 2, IsExpress = true }],
        });
        world.Host.Advance(100);
        for (int device = 0; device < 2; device++)
        {
            Assert.Equal(0, world.Set(Intx, Trigger | Fd, device: device, fds: [E]));
            Assert.Equal(0, world.Set(Intx, Unmask | Fd, device: device, fds: [U]));
            world.Level(true, device);
        }
        Assert.Equal(0, world.Set(Intx, Mask | Fd, fds: [V]));
        world.Host.Acknowledged(1);
        Assert.Equal(0, world.Set(MsiIrq, Trigger | Fd, device: 2, count: 2, fds: [E, F]));
        Assert.Equal(0, world.Set(Err, Trigger | Fd, device: 2, fds: [E]));
        Assert.Equal(0, world.Set(Req, Trigger | Fd, device: 2, fds: [F]));
        world.Settle();
        return (world.Host.Arena, world.Host.Save);
    }

    /// <summary>Hard handlers and threads that run, unhandled interrupts, a line that is to move.</summary>
    private static (StateArena, Func<byte[]>) Handlers()
    {
        var irqs = new HostIrqs(new HostIrqOptions
        {
            Lines = [new() { Chip = new() { EoiThreaded = true } }, new() { Flow = HostFlow.Level }, new() { Flow = HostFlow.Edge, IsLevel = false }], Cpus = 2, Actions = 2,
        });
        irqs.Events.Now = 100;
        var shared = new HostRequest(HostRequestBits.Shared);
        irqs.Request(0, new(HostRequestBits.Oneshot, HasThread: true), out int oneshot);
        irqs.Request(1, shared, out int first);
        irqs.Request(1, shared, out _);
        irqs.Request(2, new(HasThread: true), out _);
        irqs.SetAffinity(1, 1);
        irqs.Interrupt(0, 0);
        irqs.Answer(0, oneshot, HandlerAnswer.WakeThread);
        irqs.Interrupt(1, 0);
        irqs.Answer(1, first, HandlerAnswer.None);
        irqs.Answer(1, 1, HandlerAnswer.None);
        irqs.Interrupt(1, 1);
        irqs.Interrupt(2, 1);
        while (irqs.Events.TryTake(out _)) { }
        return (irqs.Arena, irqs.Save);
    }
}
