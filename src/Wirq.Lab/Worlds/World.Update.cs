using System.IO.Hashing;
using Wirq.Events;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Scenarios.Reading;
using Wirq.Snapshots;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <content>Snapshots and live update. Devices and CPUs of the world outlive the machine: what is lost between a snapshot
/// and its restore is lost to them, and the laws go on with what they know.</content>
public sealed partial class World
{
    private readonly Block<UpdateState> _update;
    private readonly Block<SavedState> _saved;
    // By number of the name; the last is that of an update.
    private readonly SavedMachine?[] _snapshots = new SavedMachine?[SnapshotReader.MaxNames + 1];

    /// <summary>Whether a live update is under way: the CPUs stand still.</summary>
    private bool IsUpdating => _update.Value.IsUpdating != 0;

    private void Update(UpdateStep step)
    {
        const int own = SnapshotReader.MaxNames;
        // A historic design saves first.
        UpdatePart part = InOrder(step.Part);
        _update.Value.IsUpdating = step.Part == UpdatePart.Resume ? 0u : 1;
        switch (part)
        {
            case UpdatePart.Suspend:
                Fabric.RouteCache?.Suspend();
                break;
            case UpdatePart.Save:
                Save(own);
                break;
            case UpdatePart.Restore when !step.Fails:
                if (_snapshots[own]?.Cpus is { } cpus)
                    _host!.Kernel!.Replace(cpus);
                Restore(own, Omissions.None);
                Fabric.RouteCache?.StartSuspended();
                break;
            case UpdatePart.Resume:
                Fabric.Resume();
                break;
        }
    }

    private UpdatePart InOrder(UpdatePart part) => _design is not { SavesBeforeUnbind: true } ? part : part switch
    {
        UpdatePart.Suspend => UpdatePart.Save,
        UpdatePart.Save => UpdatePart.Suspend,
        _ => part,
    };

    /// <summary>Whether the machine must be at rest for a step: it only checks the machine, or it saves or restores
    /// it.</summary>
    private bool NeedsRest(Step? step) => step is ExpectStep or SaveStep or RestoreStep
        || step is UpdateStep update && InOrder(update.Part) is UpdatePart.Save or UpdatePart.Restore;

    private void Save(int number)
    {
        byte[] machine = Fabric.Save();
        var timeless = new FieldWriter { Saved = 0 };
        Fabric.Move(timeless, []);
        byte[]? cpus = _host?.Kernel?.SaveCpus();
        var hash = new XxHash3();
        hash.Append(timeless.Finish());
        hash.Append(cpus ?? []);
        _snapshots[number] = new SavedMachine(machine, cpus, NameOf(machine, cpus));
        _saved[number].Hash = hash.GetCurrentHashAsUInt64();
        Observe(new Event(EventKind.MachineSaved) { Time = Fabric.Now });
    }

    private void Restore(int number, Omissions without)
    {
        if (_snapshots[number] is not { } saved)
        {
            Fail(_at, "no step has saved this snapshot yet");
            return;
        }
        Fabric read = Fabric.Read(saved.Machine, Fabric.Options, out _, notBefore: Fabric.Now);
        (_design?.Omits | without ?? without).LeaveOut(read);
        // What was observed of the old machine belongs before the restore.
        while (TryNextOfQueue(out Transition next))
            Apply(next);
        Fabric.TakeOver(read, keepsHandles: true);
        Observe(new Event(EventKind.MachineRestored) { Time = Fabric.Now });
        _design?.Restored(this);
    }

    private static UInt128 NameOf(byte[] machine, byte[]? cpus)
    {
        var hash = new XxHash128();
        hash.Append(machine);
        hash.Append(cpus ?? []);
        return hash.GetCurrentHashAsUInt128();
    }
}

/// <summary>A snapshot, and the CPUs of a kernel at that moment.</summary>
/// <param name="Machine">The machine.</param>
/// <param name="Cpus">The CPUs; null if there is no kernel.</param>
/// <param name="Name">A hash of all these bytes. The state of a world has another one, in which times are distances.</param>
internal sealed record SavedMachine(byte[] Machine, byte[]? Cpus, UInt128 Name);

/// <summary>Whether a live update is under way.</summary>
internal struct UpdateState : IState
{
    public uint IsUpdating;
    public uint Reserved;
}

/// <summary>The hash of a snapshot, times being distances; 0 for none.</summary>
internal struct SavedState : IState
{
    public ulong Hash;
}
