using System.IO.Hashing;
using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <content>A world as one image: how it is copied, and when two are the same.</content>
/// <remarks>
/// These lie outside the arena and are copied too: the waiting effects (as many as there are, mostly none), the pages
/// of guest memory and the lists of the journal (shared until one is written), and the counters of the run so far.
/// <para>The rate limit of misuse events counts in the identity only if an expectation of the scenario counts those
/// events: no guest sees it.</para>
/// <para>These are not copied, because nothing that happens depends on them: the timeline, failures, storms and causes
/// (descriptions of the way to this state; to get them, run that way again), figures of the kernel, the recorder, and
/// what the world was built from (labels, handles, options).</para>
/// </remarks>
public sealed partial class World
{
    /// <summary>Another world in the same state, which goes its own way from here. It keeps no timeline. To build it takes
    /// much longer than to copy into one that there is: see <see cref="CopyFrom"/>.</summary>
    /// <exception cref="InvalidOperationException">Its CPUs are more than a simulation.</exception>
    public World Fork()
    {
        RequireSimulatedCpus();
        var fork = new World(Scenario, _design is null ? null : Designs.Create(_design.Name), null, _options is null
            ? new WorldOptions { KeepsTimeline = false } : _options with { KeepsTimeline = false });
        fork.CopyFrom(this);
        return fork;
    }

    /// <summary>Takes over the state of another world of the same scenario and design. Of how it came there nothing is taken
    /// over: timeline, failures and storms are empty.</summary>
    /// <exception cref="ArgumentException">It is a world of something else.</exception>
    /// <exception cref="InvalidOperationException">The CPUs of one of them are more than a simulation.</exception>
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
        Arena.CopyFrom(other.Arena);
        Fabric.Copied(other.Fabric);
        _host?.Kernel?.Copied(other._host!.Kernel!);
        Journal.CopyFrom(other.Journal);
        other._spent.CopyTo(_spent, 0);
        (Work, Begun, _at) = (other.Work, other.Begun, other._at);
        ForgetTheWay();
    }

    /// <summary>A hash of all that its next steps and its expectations depend on: worlds of the same identity behave alike
    /// from here on.</summary>
    public UInt128 Identity()
    {
        XxHash128 hash = _hash ??= new XxHash128();
        hash.Reset();
        UInt128 machine = MachineIdentity();
        hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<UInt128>(in machine)));
        Journal.Append(hash);
        if (_countsMisuses ??= Scenario.Checks().Any(CountsMisuses))
        {
            (long, long) misuses = Fabric.Events.MisusesTold;
            hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<(long, long)>(in misuses)));
        }
        return hash.GetCurrentHashAsUInt128();
    }

    private static bool CountsMisuses(Check check) => check is EventCheck { Kind: EventKind.GuestMisuse }
        || check is OrderCheck order && order.Kinds.Contains(EventKind.GuestMisuse);

    /// <summary>As <see cref="Identity"/>, without what expectations will find.</summary>
    internal UInt128 MachineIdentity()
    {
        _memory?.Hash();
        return Fabric.Identity();
    }

    private XxHash128? _hash;
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
