using ArchUnitNET.Domain.Extensions;
using Wirq.Remapping;
using Wirq.Remapping.VtD;

namespace Wirq.Architecture.Tests;

/// <summary>A remapping unit is named outside its own folder (rule 12 of the design) only by code that builds it,
/// drives it or reads its reports.</summary>
public sealed class RemapperTests
{
    private static readonly string s_vtd = typeof(VtdUnit).Namespace!;

    private static readonly string[] s_builders =
    [
        // The options of a machine, and the table of what each chip's profiles change.
        "Wirq.FabricOptions", "Wirq.ProfileTable",
        // The board, which builds a machine with a unit.
        "Wirq.Board.Machine.Board",
    ];

    private static readonly string[] s_laboratory =
    [
        // The driver of a guest, the readers of scenarios that set up a unit or name its registers, and the
        // expectations of its fault records.
        "Wirq.Lab.Worlds.RemappingDriver", "Wirq.Lab.Worlds.RegisterAccess", "Wirq.Lab.Scenarios.Reading.", "Wirq.Lab.Scenarios.FaultSpec",
        "Wirq.Lab.Scenarios.ScenarioWords", "Wirq.Lab.Scenarios.StepWork", "Wirq.Lab.Scenarios.IrteCommand", "Wirq.Lab.Running.Expectations",
    ];

    private static readonly string[] s_logs =
    [
        // The words for a fault's reason, in a log and in a kernel's messages, the replay of QEMU's lines of its unit, and the header of a recording.
        "Wirq.Traces.Why.Addressees", "Wirq.Traces.Replay.", "Wirq.Traces.Recordings.RecordingJson",
        "Wirq.Traces.Recordings.StrictHeader", "Wirq.Traces.Dumps.Linux.RemappingFaults",
    ];

    [Fact]
    public void A_unit_is_named_by_who_builds_drives_or_reads_it_alone()
    {
        string[] allowed = [.. s_builders, .. s_laboratory, .. s_logs];
        Assert.DoesNotContain(WhoKnows(s_vtd), name => !allowed.Any(one => Names(one, name)));
    }

    /// <summary>Every exception in the list is still needed.</summary>
    [Fact]
    public void Whoever_may_name_a_unit_does()
    {
        IReadOnlyCollection<string> known = WhoKnows(s_vtd);
        Assert.All((string[])[.. s_builders, .. s_laboratory, .. s_logs],
            one => Assert.Contains(known, name => Names(one, name)));
    }

    [Fact]
    public void The_folder_of_a_unit_is_its_namespace() =>
        Assert.All(Directory.GetFiles(Wirq.Tests.Shared.Repository.PathOf("src/Wirq/Remapping/VtD"), "*.cs"),
            file => Assert.Contains($"namespace {s_vtd};", File.ReadAllText(file), StringComparison.Ordinal));

    /// <summary>Messages go to a unit through its interface. Only the path of a message and the registers call
    /// it.</summary>
    [Theory]
    [InlineData(nameof(IRemapper.Translate))]
    [InlineData(nameof(IRemapper.Passes))]
    [InlineData(nameof(IRemapper.TryRead))]
    [InlineData(nameof(IRemapper.TryWrite))]
    [InlineData(nameof(IRemapper.TryStep))]
    public void A_unit_is_asked_by_the_fabric_alone(string method) =>
        Assert.Equal([typeof(Fabric).FullName!], House.CallersOf(typeof(IRemapper), method));

    /// <summary>A remapped message reaches the local APICs of a machine only by the path of messages. Local APICs of a
    /// simulated kernel, and the local APICs themselves, do not have this path; nor do those of a KVM whose log is replayed, for it
    /// prints messages decoded.</summary>
    [Fact]
    public void Local_APICs_are_sent_messages_by_the_road_alone() =>
        Assert.Equal(["Wirq.Fabric", "Wirq.Lab.Kernels.SimulatedKernel", "Wirq.Traces.Kvm.Replay.KvmChips"], House.CallersOf(typeof(LocalApics), "Deliver").Except([typeof(LocalApics).FullName!]));

    private static IReadOnlyCollection<string> WhoKnows(string ns) =>
        [.. House.Built.Types.Where(type => !IsIn(type.FullName, ns) && type.GetTypeDependencies().Any(known => IsIn(known.FullName, ns)))
            .Select(type => House.Outermost(type.FullName)).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Whether an entry of a list, which is a type or a prefix, matches a type.</summary>
    private static bool Names(string entry, string type) =>
        entry.EndsWith('.') ? type.StartsWith(entry, StringComparison.Ordinal) : type == entry;

    private static bool IsIn(string type, string ns) => type.StartsWith(ns + ".", StringComparison.Ordinal);
}
