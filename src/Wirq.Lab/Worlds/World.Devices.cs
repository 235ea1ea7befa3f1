using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <content>The devices.</content>
public sealed partial class World
{
    private void Connect(int device)
    {
        DeviceSpec spec = Spec.Devices[device];
        if (spec.HostLine >= 0)
            return;
        if (spec.IsVirq(Spec.Kernel))
            ConnectVirqs(device);
        else if (spec.Gsi >= 0 && spec.Intx is null)
            Own(device, Fabric.Connect(spec.Gsi, spec.Name, spec.Kind));
    }

    private void Own(int device, Source source)
    {
        _sources[device] = source;
        _deviceOfSlot[source.Slot] = device;
    }

    internal void Do(DeviceStep step)
    {
        DeviceSpec spec = Spec.Devices[step.Device];
        ref DeviceState state = ref _devices[step.Device];
        if (state.Removed != 0)
        {
            _outcome = new StepOutcome(StepOutcomeKind.Gone);
            return;
        }
        Source? source = _sources[step.Device];
        DeviceVirq[]? virqs = _deviceVirqs[step.Device];
        switch (step.Action)
        {
            case DeviceAction.Send when spec.Vfio is not null:
                for (int vector = Math.Max(0, step.Vector), last = step.Vector < 0 ? spec.Vectors - 1 : step.Vector; vector <= last; vector++)
                    _below!.Vfio!.SendMessage(_below.PassedOf(step.Device), vector);
                break;
            case DeviceAction.Pulse when IsBelow(step.Device):
                _below!.SetLevel(step.Device, true);
                _below.SetLevel(step.Device, false);
                break;
            case DeviceAction.Send when virqs is null:
                Fabric.Send(spec.Message, spec.Requester);
                break;
            case DeviceAction.Raise:
                if (state.Wants == 0 && source is { IsAsserted: true })
                    Fabric.NoteWanted(source);
                state.Wants = 1;
                Assert(step.Device);
                break;
            case DeviceAction.Lower:
                Withdraw(step.Device);
                break;
            case DeviceAction.Pulse when virqs is null:
                source?.Pulse();
                break;
            case DeviceAction.Pulse:
                Signal(step.Device, vector: 0);
                break;
            case DeviceAction.Remove:
                if (spec.Intx is not null || IsBelow(step.Device))
                    Withdraw(step.Device);
                if (IsBelow(step.Device))
                    _below!.Remove(step.Device);
                (state.Removed, state.Wants) = (1, 0);
                if (virqs is null)
                    source?.Dispose();
                else
                    Do(step, virqs);
                break;
            default:
                Do(step, virqs!);
                break;
        }
    }

    /// <summary>Whether a device with a line asserts it.</summary>
    internal bool Asserts(int device) => Spec.Devices[device].Intx is { } pin
        ? Fabric.Xen!.Lines!.IsAsserted(pin.Device, pin.Pin) : _sources[device] is { IsAsserted: true };

    private void Assert(int device)
    {
        if (Spec.Devices[device].Intx is { } pin)
            Fabric.Xen!.Lines!.Drive(pin.Device, pin.Pin, asserted: true);
        else if (IsBelow(device))
            _below!.SetLevel(device, true);
        else if (_deviceVirqs[device] is null)
            _sources[device]?.Raise();
        else
            Signal(device, vector: 0);
    }

    /// <summary>A driver served a device: it needs no more service, unless it is stuck.</summary>
    internal void Serve(int device)
    {
        if (!Spec.Devices[device].Stuck)
            Withdraw(device);
    }

    private void Withdraw(int device)
    {
        _devices[device].Wants = 0;
        if (IsBelow(device))
            _below!.SetLevel(device, false);
        if (Spec.Devices[device].Intx is { } pin)
            Fabric.Xen!.Lines!.Drive(pin.Device, pin.Pin, asserted: false);
        Source? source = _sources[device];
        if (source is null || _devices[device].Removed != 0)
            return;
        // The fall of a sampled source is not visible to the machine. Only the laws get an event.
        if (Spec.Devices[device].Kind == SourceKind.Sampled)
            Fabric.NoteWithdrawn(source);
        else
            source.Lower();
    }
}
