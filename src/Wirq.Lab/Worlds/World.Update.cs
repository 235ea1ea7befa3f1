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
    private const int UpdateSnapshot = SnapshotReader.MaxNames;
    private readonly SavedMachine?[] _snapshots = new SavedMachine?[SnapshotReader.MaxNames + 1];

    /// <summary>Whether a live update is under way: the CPUs stand still.</summary>
    private bool IsUpdating => _update.Value.IsUpdating != 0;

    /// <summary>Whether the machine was saved and does not go on yet: everything in the process of the VMM stands still. A device in
    /// another process writes its eventfd whenever it likes.</summary>
    private bool IsHandedOver => _update.Value.IsHandedOver != 0;

    private void Update(UpdateStep step)
    {
        ref UpdateState state = ref _update.Value;
        state.IsUpdating = step.Part == UpdatePart.Start ? 0u : 1;
        switch (InOrder(step.Part))
        {
            case UpdatePart.Suspend:
                _below?.LiveUpdate();
                Fabric.Suspend();
                break;
            case UpdatePart.Save:
                Save(UpdateSnapshot);
                state.IsHandedOver = 1;
                break;
            case UpdatePart.Restore:
                if (!step.Fails)
                    Replace();
                // Nobody goes on from it again.
                (_snapshots[UpdateSnapshot], _saved[UpdateSnapshot].Hash) = (null, 0);
                state.IsHandedOver = 0;
                break;
            case UpdatePart.Resume:
                Fabric.Resume();
                break;
        }
    }

    /// <summary>A new host and a new kernel take the places of the old ones.</summary>
    private void Replace()
    {
        if (_snapshots[UpdateSnapshot]?.Cpus is { } cpus)
        {
            _host!.Kernel!.Replace(cpus);
            _twin?.Replace();
        }
        Restore(UpdateSnapshot, Omissions.None, isUpdate: true);
        // What the poll of the old host reported, the old host knows alone. It is suspended, and does nothing about it.
        _state.Value.TokenAndOne = 0;
    }

    /// <summary>Whether an actor may do a part of a live update: what <see cref="Wirq.Host.FabricHost"/> waits for.</summary>
    private bool MayUpdate(UpdateStep step)
    {
        switch (InOrder(step.Part))
        {
            case UpdatePart.Stop:
                for (int cpu = 0; cpu < Spec.Cpus; cpu++)
                {
                    if (IsHeld(cpu))
                        return false;
                }
                return true;
            case UpdatePart.Save or UpdatePart.Restore:
                return !TryNextOfQueue(out _);
            default:
                return true;
        }
    }

    /// <summary>Whether an actor may do a step of a device or its driver now.</summary>
    private bool IsFree(DeviceStep step) => !IsHandedOver
        || step.Action is DeviceAction.Send or DeviceAction.Raise or DeviceAction.Pulse
            && _deviceVirqs[step.Device] is { } virqs && virqs.All(virq => virq.Trigger.Exists);

    private UpdatePart InOrder(UpdatePart part) => _design is not { SavesBeforeUnbind: true } ? part : part switch
    {
        // It saves first.
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
        if (number == UpdateSnapshot)
            _twin?.Save();
        var hash = new XxHash3();
        hash.Append(timeless.Finish());
        hash.Append(cpus ?? []);
        _snapshots[number] = new SavedMachine(machine, cpus, NameOf(machine, cpus));
        _saved[number].Hash = hash.GetCurrentHashAsUInt64();
        Observe(new Event(EventKind.MachineSaved) { Time = Fabric.Now });
    }

    private void Restore(int number, Omissions without, bool isUpdate = false)
    {
        if (_snapshots[number] is not { } saved)
        {
            Fail(_at, "no step has saved this snapshot yet");
            return;
        }
        Fabric read;
        try
        {
            read = Fabric.Read(saved.Machine, Fabric.Options, out _, notBefore: Fabric.Now);
        }
        catch (SnapshotException refused)
        {
            // A historic design can leave a machine in a state that no machine has.
            Fail(_at, $"the snapshot is refused: {refused.Message}");
            return;
        }
        (_design?.Omits | without ?? without).LeaveOut(read);
        // What was observed of the old machine belongs before the restore.
        while (TryNextOfQueue(out Transition next))
            Apply(next);
        if (isUpdate)
            Fabric.GoOnFrom(read, keepsHandles: true);
        else
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

/// <summary>How far a live update is.</summary>
internal struct UpdateState : IState
{
    /// <summary>1 while the CPUs stand still.</summary>
    public uint IsUpdating;
    /// <summary>1 from the snapshot until the machine goes on.</summary>
    public uint IsHandedOver;
}

/// <summary>The hash of a snapshot, times being distances; 0 for none.</summary>
internal struct SavedState : IState
{
    public ulong Hash;
}
