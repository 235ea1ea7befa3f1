using Wirq.Events;
using Wirq.Routing;
using Wirq.Snapshots;

namespace Wirq.Host;

/// <content>Snapshots, and live update.</content>
/// <remarks>The order of a live update is a contract. On the old side: stop the CPUs and the devices of this process;
/// <see cref="Suspend"/>, which lets the kernel inject everything that fired before; only then save the CPUs and
/// <see cref="Save"/>; hand over snapshot and eventfds. On the new side: build the machine from equal options,
/// <see cref="Restore"/>, restore the CPUs, give devices their handles (<see cref="SourceAt"/>, <see cref="VirqAt"/>),
/// <see cref="Resume"/>, start the CPUs. If the new side fails before its <see cref="Resume"/>, the old side calls
/// <see cref="Resume"/> and goes on. A save before the suspension loses what fires in between.</remarks>
public sealed partial class FabricHost
{
    private readonly List<MessageFunction> _functions = [];
    // Those of a snapshot that have no owner again yet.
    private List<SavedFunction> _restored = [];

    /// <summary>Unbinds every eventfd from the kernel, and stops polling the others. A completing call: when it returns,
    /// what was written to an eventfd before its kernel let go of it is injected, and what is written later stays in
    /// it.</summary>
    /// <exception cref="KernelException">The host refused a call. The machine is suspended nevertheless.</exception>
    public void Suspend() => Do(static fabric => fabric.Suspend());

    /// <summary>Tells the kernel and the poll the state of the machine: the whole route table, then every binding, then
    /// every poll, and the lines of its own that are asserted. A completing call. It does nothing if the machine is not
    /// suspended.</summary>
    /// <exception cref="KernelException">The host refused a call. Userspace serves the virq concerned.</exception>
    public void Resume() => Do(static fabric => fabric.Resume());

    /// <summary>Writes a snapshot, as <see cref="Fabric.Save()"/> does, after everything that was queued has run. A completing
    /// call; not from within an effect.</summary>
    /// <exception cref="InvalidOperationException">It is called from within an effect, or a remapping unit has no
    /// <see cref="Remapping.ISavedRemapper"/>.</exception>
    public byte[] Save()
    {
        byte[] snapshot;
        using (_lock.Hold())
        {
            if (IsDrainer)
                throw new InvalidOperationException("a machine is not saved from within an effect: it is not at rest");
            if (_fabric.Events.Observing)
                _fabric.Events.Observe(new Event(EventKind.MachineSaved));
            AwaitRest();
            snapshot = _fabric.Save([.. _functions.Select(function => function.Saved)]);
        }
        ThrowFailure();
        return snapshot;
    }

    /// <summary>Takes over the state of a snapshot, as <see cref="Fabric.Restore"/> does. The machine is suspended
    /// afterwards: nothing is bound or polled before <see cref="Resume"/>.</summary>
    /// <param name="snapshot">The snapshot. It may be anything.</param>
    /// <param name="eventFds">Gives each eventfd of the saved machine its number in this process; null if they have the same
    /// numbers.</param>
    /// <remarks>Handles of before are void. Restore into a machine that was just built, before devices connect.</remarks>
    /// <exception cref="SnapshotException">The snapshot cannot be restored. The machine is as before.</exception>
    /// <exception cref="InvalidOperationException">Effects are being carried out; or the snapshot has eventfds, and the host
    /// no port for them; or a virq of this machine has an eventfd: suspend or dispose of it first.</exception>
    public void Restore(ReadOnlySpan<byte> snapshot, Func<EventFd, EventFd>? eventFds = null)
    {
        for (bool done = false; !done;)
        {
            Fabric read = Fabric.Read(snapshot, _fabric.Options, out List<SavedFunction> functions, eventFds, Ask(static fabric => fabric.Now));
            done = TryRestore(read, functions);
        }
    }

    /// <summary>Returns once nothing waits and nobody drains. A thread that drains may have carried out everything and still
    /// tell its observer so, outside the lock: it needs the lock to end.</summary>
    private void AwaitRest()
    {
        while (!_fabric.Events.IsEmpty || _drainer != 0)
        {
            if (_drainer == 0)
                Drain();
            else
                AwaitDrainer();
        }
    }

    /// <summary>Takes over a machine that was read outside the lock.</summary>
    /// <returns>False if virtual time has advanced in the meantime.</returns>
    private bool TryRestore(Fabric read, List<SavedFunction> functions)
    {
        using (_lock.Hold())
        {
            if (!_fabric.Events.IsEmpty || _drainer != 0)
                throw new InvalidOperationException("effects are being carried out: restore a machine that is at rest");
            if (_fabric.RouteCache is { IsSuspended: false, HasEventFds: true })
                throw new InvalidOperationException("virqs of this machine are bound or polled: suspend it first");
            if (_eventFds is null && read.RouteCache is { HasEventFds: true })
                throw new InvalidOperationException($"the snapshot has virqs with eventfds, and the host no {nameof(FabricPorts.EventFds)}");
            if (_fabric.Now > read.Now)
                return false;
            _fabric.GoOnFrom(read);
            _holders.Clear();
            _functions.Clear();
            _restored = functions;
            if (_fabric.Events.Observing)
                _fabric.Events.Observe(new Event(EventKind.MachineRestored));
            Kick();
            return true;
        }
    }

    /// <summary>The source in a slot, for its device after <see cref="Restore"/>. A completing call.</summary>
    /// <param name="slot">The slot that the source has in the saved machine: <see cref="HostSource.Slot"/>.</param>
    /// <param name="acknowledged">Called when the line is acknowledged, as in <see cref="Connect"/>.</param>
    /// <exception cref="ArgumentException">The slot is free, or has a holder, or a virq drives the source.</exception>
    public HostSource SourceAt(int slot, Action? acknowledged = null) => Do(fabric =>
    {
        var source = new HostSource(this, fabric.SourceAt(slot), acknowledged);
        if (fabric.Lines.VirqOf(slot) >= 0 || _holders.Find(slot, fabric.Lines.GenerationOf(slot)) is not null)
            throw new ArgumentException($"the source in slot {slot} has a holder already, or is a virq's", nameof(slot));
        Hold(fabric, slot, source);
        return source;
    });

    /// <summary>The virq in a slot, for its device after <see cref="Restore"/>. A completing call.</summary>
    /// <param name="slot">The slot of its handle in the saved machine.</param>
    /// <param name="acknowledged">Called when its line is acknowledged, as in <see cref="RegisterOnLine"/>.</param>
    /// <exception cref="ArgumentException">The slot is free.</exception>
    public Virq VirqAt(int slot, Action? acknowledged = null) => Do(fabric =>
    {
        VirqHandle handle = fabric.VirqAt(slot);
        var virq = new Virq(this, handle, fabric.RouteCache!.LabelAt(slot), acknowledged);
        if (fabric.RouteCache.SourceOf(handle) is var source and >= 0)
            Hold(fabric, source, virq);
        return virq;
    });

    internal void Add(MessageFunction function)
    {
        using (_lock.Hold())
            _functions.Add(function);
    }

    internal void Remove(MessageFunction function)
    {
        using (_lock.Hold())
            _functions.Remove(function);
    }

    /// <summary>Gives the state of a function of the restored snapshot to its owner.</summary>
    /// <returns>The slots of its virqs.</returns>
    internal int[] TakeRestored(string label, IVectorTable table)
    {
        using (_lock.Hold())
        {
            SavedFunction found = _restored.Find(one => one.Label == label)
                ?? throw new ArgumentException($"the restored snapshot has no function {label} that is still without owner", nameof(label));
            if (!found.TryFill(table))
                throw new ArgumentException($"{label} was saved with {found.About}; this table is another", nameof(table));
            _restored.Remove(found);
            return found.Slots;
        }
    }
}
