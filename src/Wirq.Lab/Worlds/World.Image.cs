using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <content>Copying a world, and its identity.</content>
/// <remarks>
/// The following are outside the arena and are copied too: the waiting effects (usually none; those of a host below and of the guest's kernel too), the pages of guest
/// memory and the lists of the journal (both shared until one is written), the snapshots of steps (shared: they never
/// change; their hashes are in the arena), and the counters of the run.
/// <para>The rate limit of misuse events is part of the identity only if an expectation of the scenario counts those
/// events: no guest can see it.</para>
/// <para>The following are not copied, because they do not affect behaviour: the timeline, failures, storms and causes
/// (they describe the way to this state; to get them, run that way again), counters of the kernel, the recorder, and
/// the inputs from which the world was built (handles, options; labels too, unless a step changes them).</para>
/// </remarks>
public sealed partial class World
{
    /// <summary>Creates another world in the same state, which is independent from here on. It has no timeline.
    /// Building one takes much longer than copying into an existing one: see <see cref="CopyFrom"/>.</summary>
    /// <exception cref="InvalidOperationException">Its CPUs are not simulated.</exception>
    public World Fork()
    {
        RequireSimulatedCpus();
        var fork = new World(Scenario, _design is null ? null : Designs.Create(_design.Name), null, _options is null
            ? new WorldOptions { KeepsTimeline = false } : _options with { KeepsTimeline = false });
        fork.CopyFrom(this);
        return fork;
    }

    /// <summary>Copies the state of another world of the same scenario and design. The history of the other world is
    /// not copied: timeline, failures and storms are empty.</summary>
    /// <exception cref="ArgumentException">It is a world of another scenario or design.</exception>
    /// <exception cref="InvalidOperationException">The CPUs of one of them are not simulated.</exception>
    public void CopyFrom(World other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (ReferenceEquals(other, this))
            return;
        if (!ReferenceEquals(other.Scenario, Scenario) || other._design?.Name != _design?.Name)
            throw new ArgumentException($"a world of {other.Scenario.Name} is no world of {Scenario.Name}, or has another design", nameof(other));
        RequireSimulatedCpus();
        other.RequireSimulatedCpus();
        if (_memory is not null)
        {
            other._memory!.Hash();
            _memory.CopyFrom(other._memory);
        }
        if (_xen is not null)
        {
            other._xen!.Memory.Hash();
            _xen.Memory.CopyFrom(other._xen.Memory);
        }
        Arena.CopyFrom(other.Arena);
        CopyQueues(other);
        Fabric.Copied(other.Fabric);
        if (_changesLabels ??= Scenario.AllSteps().Any(static step => step is RestoreStep or UpdateStep or DeviceStep { Action: DeviceAction.Remove }))
            Fabric.CopyLabels(other.Fabric);
        // A callback joins its line when its guest says so.
        Fabric.Xen?.Callback.NameSources();
        _host?.Kernel?.Copied(other._host!.Kernel!);
        Journal.CopyFrom(other.Journal);
        other._spent.CopyTo(_spent, 0);
        other._snapshots.CopyTo(_snapshots, 0);
        (Work, Begun, _at) = (other.Work, other.Begun, other._at);
        ForgetTheWay();
    }

    /// <summary>A hash of everything on which its next steps and its expectations depend. Worlds with the same identity
    /// behave the same from here on.</summary>
    public UInt128 Identity()
    {
        UInt128 machine = MachineIdentity();
        // The hash of the machine, the journal, and two numbers.
        int at = Unsafe.SizeOf<UInt128>(), numbers = at + Journal.Bytes;
        int counts = numbers + 2 * sizeof(long);
        byte[] all = _identified ??= new byte[counts + (_below?.Counts.Bytes.Length ?? 0)];
        MemoryMarshal.Write(all, in machine);
        Journal.WriteTo(all.AsSpan(at, Journal.Bytes));
        if (_countsMisuses ??= Scenario.Checks().Any(CountsMisuses))
            MemoryMarshal.Write(all.AsSpan(numbers), Fabric.Events.MisusesTold);
        _below?.Counts.Bytes.CopyTo(all.AsSpan(counts));
        return XxHash128.HashToUInt128(all);
    }

    private static bool CountsMisuses(Check check) => check is EventCheck { Kind: EventKind.GuestMisuse }
        || check is OrderCheck order && order.Kinds.Contains(EventKind.GuestMisuse);

    /// <summary>As <see cref="Identity"/>, without the state of expectations.</summary>
    internal UInt128 MachineIdentity()
    {
        _memory?.Hash();
        _xen?.Memory.Hash();
        return WithQueues(Fabric.Identity());
    }

    private byte[]? _identified;
    // What is unplugged loses its label, and a snapshot has the labels of its time.
    private bool? _changesLabels;
    private bool? _countsMisuses;

    private void RequireSimulatedCpus()
    {
        if (_cpuPort is not FabricCpus)
            throw new InvalidOperationException("a world can be copied where its CPUs are simulated, and not where a kernel runs them");
    }

    private void ForgetTheWay()
    {
        Timeline.Clear();
        _failures.Clear();
        _places.Clear();
        _untold.Clear();
        _unhandled.Clear();
        CutOff = null;
        _outcome = default;
        _watch.Forget();
    }
}
