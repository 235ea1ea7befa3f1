using Wirq.Events;
using Wirq.Lab.Kernels;
using Wirq.Lab.Scenarios;
using Wirq.Remapping.VtD;
using Wirq.Routing;

namespace Wirq.Lab.Tests.Scenarios;

/// <summary>What scenarios say of virqs, kernels and remapping.</summary>
public sealed class VirqReadingTests
{
    private static MachineSpec Machine(string machine) =>
        Sample.Read($"name: n\nmachine: {machine}\nsteps: [{{time: 1ns}}]\n").Machine;

    private static IReadOnlyList<Step> Steps(string step) => Sample.Read($$$$"""
        name: n
        machine: {kernel: split, vtd: {}, devices: {nvme: {msi: {handle: 5}, eventfd: true, vectors: 4}, disk: {gsi: 11, resample: true}}}
        steps: [{{{{step}}}}]
        """).Steps;

    private static CpuCommand Command(string command) =>
        Assert.IsType<CpuStep>(Assert.Single(Steps($"{{cpu0: {command}}}"))).Command;

    private static Check Check(string expect) =>
        Assert.Single(Assert.IsType<ExpectStep>(Assert.Single(Steps($"{{expect: {expect}}}"))).Checks);

    [Fact]
    public void A_machine_that_says_nothing_of_a_kernel_has_no_virqs()
    {
        MachineSpec machine = Machine("{cpus: 2}");
        Assert.Equal((KernelModel.None, 0, null), (machine.Kernel, machine.MemoryBytes, machine.Remapping));
        Assert.Null(machine.Fabric.Routing);
        Assert.Null(machine.Fabric.Vtd);
    }

    [Fact]
    public void A_split_kernel_is_what_the_fabric_is_told_of_it()
    {
        MachineSpec machine = Machine("{cpus: 2, ids: [0, 300], kernel: split, linux: \"5.4\", routeBudget: 10, batchCount: 4, batchDelay: 2us, memory: 64}");
        Assert.Equal((KernelModel.Split, 64), (machine.Kernel, machine.MemoryBytes));
        SimulatedKernelOptions kernel = machine.KernelOptions;
        Assert.Equal((KernelKind.Split, 2, 48, 58, false), (kernel.Kind, kernel.Cpus, kernel.ReservedGsis, kernel.Routes, kernel.Behaviour.ConsumesFirst));
        Assert.Equal([0u, 300u], kernel.ApicIds);
        RoutingOptions routing = machine.Fabric.Routing!;
        Assert.Equal((4, 2000, 1), (routing.BatchCount, routing.BatchDelay, routing.Virqs));
        Assert.Equal(new KernelLimits { Routes = 58, ReservedGsis = 48, ConsumesFirst = false }, routing.Kernel);
        Assert.Equal((Profile.Kvm, false), (machine.Fabric.LocalApics.Profile, machine.Fabric.IntrAtPinZero));
    }

    [Fact]
    public void Userspace_alone_has_no_limits() => Assert.Null(Machine("{kernel: user}").Fabric.Routing!.Kernel);

    [Fact]
    public void Kernels_and_their_versions_make_scenarios()
    {
        IReadOnlyList<Scenario> all = Sample.ReadAll("name: n\nmachine: {kernel: [user, split], linux: [\"6.1\", \"6.18\"]}\nsteps: [{time: 1ns}]");
        Assert.Equal(["n (user)", "n (split, 6.1)", "n (split, 6.18)"], all.Select(scenario => scenario.Name));
        Assert.Equal(MovedRouteEoi.Lost, all[1].Machine.KernelOptions.Behaviour.MovedRouteEoi);
    }

    [Fact]
    public void A_unit_has_a_table_and_memory_for_it()
    {
        MachineSpec machine = Machine("{vtd: {eim: true, eime: true, remapping: false, cfi: true, entries: 1024, faultRecords: 2}}");
        Assert.Equal(new RemappingSpec(9, Extended: true, Compatibility: true, On: false), machine.Remapping);
        Assert.Equal((true, 2), (machine.Fabric.Vtd!.ExtendedInterruptMode, machine.Fabric.Vtd.FaultRecords));
        Assert.Equal(0x200000, machine.MemoryBytes);
    }

    [Fact]
    public void Devices_have_eventfds_vectors_and_handles()
    {
        MachineSpec machine = Machine("""
            {kernel: user, devices: {a: {msi: {handle: 0x8005}, eventfd: true, prefault: true, vectors: 3},
              b: {msi: {handle: 5, data: 2}}, c: {gsi: 20, eventfd: true, resample: true}, d: {gsi: 20, eventfd: true, kind: edge}}}
            """);
        Assert.Equal([(true, false, true, 3), (false, false, false, 1), (true, true, false, 1), (true, false, false, 1)],
            machine.Devices.Select(device => (device.HasEventFd, device.Resamples, device.Prefault, device.Vectors)));
        Assert.Equal([SourceKind.Sampled, SourceKind.Edge], machine.Devices.Skip(2).Select(device => device.Kind));
        Assert.Equal((0x8005, false), (machine.Devices[0].Message.Address.Handle, machine.Devices[0].Message.Address.SubhandleValid));
        Assert.Equal((5, true, 2u), (machine.Devices[1].Message.Address.Handle, machine.Devices[1].Message.Address.SubhandleValid, machine.Devices[1].Message.Data.Bits));
        Assert.Equal(6, machine.Fabric.Routing!.Virqs);
    }

    [Theory]
    [InlineData("{nvme: send}", DeviceAction.Send, 0, "nvme sends its message")]
    [InlineData("{nvme: {send: 3}}", DeviceAction.Send, 3, "nvme sends vector 3")]
    [InlineData("{nvme: {send: all}}", DeviceAction.Send, -1, "nvme sends all vectors")]
    [InlineData("{nvme: mask}", DeviceAction.Mask, -1, "nvme is masked at all vectors")]
    [InlineData("{nvme: {unmask: 2}}", DeviceAction.Unmask, 2, "nvme is unmasked at vector 2")]
    [InlineData("{disk: mask}", DeviceAction.Mask, -1, "disk is masked")]
    [InlineData("{disk: remove}", DeviceAction.Remove, -1, "disk is removed")]
    internal void Vectors_send_and_are_masked(string step, DeviceAction action, int vector, string text)
    {
        var read = Assert.IsType<DeviceStep>(Assert.Single(Steps(step)));
        Assert.Equal((action, vector, text), (read.Action, read.Vector, read.Text));
    }

    [Fact]
    public void A_message_is_programmed()
    {
        var read = Assert.IsType<DeviceStep>(Assert.Single(Steps("{nvme: {message: {address: 0xfee01000, data: 0x51}}}")));
        Assert.Equal((DeviceAction.Message, new Msi(0xFEE01000, 0x51)), (read.Action, read.Message));
    }

    [Fact]
    public void Entries_are_written_with_all_their_fields()
    {
        Assert.Equal(
            new IrteCommand(0, 63, InterruptMessage.Create(0x45, DeliveryMode.LowestPriority, 70000, logical: true, level: true, hint: true),
                Present: true, FaultsSuppressed: true, SourceValidation.Buses, 0x0203, 2),
            Command("{irte: {0-63: {vector: 0x45, to: 70000, mode: lowest-priority, logical: true, level: true, hint: true, fpd: true, source: 0x0203, svt: buses, sq: 2}}}"));
        var entry = Assert.IsType<IrteCommand>(Command("{irte: {5: {vector: 0x45, source: \"00:03.0\"}}}"));
        Assert.Equal((5, 5, true, SourceValidation.Id, 0x18), (entry.First, entry.Last, entry.Present, entry.Validation, (int)entry.Source));
        Assert.Equal((false, SourceValidation.None), Command("{irte: {5: {present: false}}}") is IrteCommand gone ? (gone.Present, gone.Validation) : default);
        Assert.Equal(2, Steps("{cpu0: {irte: {5: {vector: 1}, 6: {vector: 2}}}}").Count);
    }

    [Fact]
    public void Descriptors_are_queued()
    {
        Assert.Equal(new InvalidateCommand(true, -1, 0, null), Command("{invalidate: all}"));
        Assert.Equal(new InvalidateCommand(true, 5, 2, new WaitSpec(0x20000, 7, true)),
            Command("{invalidate: {index: 5, mask: 2, wait: {address: 0x20000, data: 7, interrupt: true}}}"));
        Assert.Equal(new InvalidateCommand(false, -1, 0, new WaitSpec(-1, 0, true)), Command("{invalidate: {wait: {interrupt: true}}}"));
        Assert.Equal(new InvalidateCommand(true, -1, 0, new WaitSpec(16, 0, false)), Command("{invalidate: {index: all, wait: {address: 16}}}"));
    }

    [Fact]
    public void Remapping_is_switched()
    {
        Assert.Equal(new RemappingCommand(1 << 25, true), Command("{remapping: on}"));
        Assert.Equal(new RemappingCommand(1 << 23, false), Command("{cfi: off}"));
    }

    [Fact]
    public void The_registers_of_the_unit_have_fields()
    {
        Assert.Equal(new RegisterValue(0x0302, 0xFF13, NumberForm.Fields), Assert.IsType<ReadCommand>(
            Command("{read: {vtd.fsts: {overflow: 0, pending: 1, queue-error: 0, record: 3}}}")).Is);
        Assert.Equal(0x86000000, Assert.IsType<WriteCommand>(Command("{write: {vtd.gcmd: {translation: 1, queue: 1, remapping: 1}}}")).Value.Bits);
        Assert.Equal(0x7F000807u, Assert.IsType<WriteCommand>(Command("{write: {vtd.irta: {address: 0x7f000000, extended: true, size: 7}}}")).Value.Bits);
        foreach (string requester in (string[])["0x18", "24", "\"00:03.0\""])
        {
            var record = Assert.IsType<ReadCommand>(Command($"{{read: {{vtd.frcd.1.high: {{fault: true, reason: 0x22, source: {requester}}}}}}}"));
            Assert.Equal((0x238ul, 8, 0x8000_0022_0000_0018), (record.Register.Number, record.Register.Size, record.Is!.Value.Bits));
        }
    }

    [Fact]
    public void What_became_of_virqs_is_checked()
    {
        Assert.Equal(new Dictionary<VirqState, int> { [VirqState.Hot] = 4 }, Assert.IsType<VirqsCheck>(Check("{virqs: {nvme: hot}}")).Counts);
        Assert.Equal(new Dictionary<VirqState, int> { [VirqState.Hot] = 3, [VirqState.Stale] = 1 },
            Assert.IsType<VirqsCheck>(Check("{virqs: {nvme: {hot: 3, stale: 1, cold: 0}}}")).Counts);
        Assert.Equal(3, Assert.IsType<GsisCheck>(Check("{gsis: 3}")).Count);
        Assert.Equal(2, Assert.IsType<TouchedCheck>(Check("{touched: 2}")).Count);
        Assert.Equal([0, 3], Assert.IsType<PendingVectorsCheck>(Check("{pba: {nvme: [0, 3]}}")).Vectors);
        Assert.Equal([new FaultSpec(VtdFaultReason.NotPresent, 5, 0x18), new FaultSpec(VtdFaultReason.CompatibilityBlocked, 0, 7)],
            Assert.IsType<FaultsCheck>(Check("{faults: [{reason: 0x22, index: 5, source: \"00:03.0\"}, {reason: 0x25, source: 7}]}")).Faults);
        Assert.Equal([EventKind.VirqUnbound, EventKind.RoutesCommitted, EventKind.VirqBound],
            Assert.IsType<OrderCheck>(Check("{order: [virq-unbound, routes-committed, virq-bound]}")).Kinds);
    }
}
