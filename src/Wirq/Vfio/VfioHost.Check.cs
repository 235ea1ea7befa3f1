using Wirq.HostIrq;
using Wirq.State;

namespace Wirq.Vfio;

/// <content>What a state must hold, so that nothing throws and no unmask is lost.</content>
public sealed partial class VfioHost
{
    private void CheckDevice(Fields f, int device, in VfioDeviceState its)
    {
        VfioDeviceOptions options = OptionsOf(device);
        bool isPci = options.Bus == VfioBus.Pci, hasLine = its.Action != 0;
        f.Demand(isPci || its.Type == VfioType.None, "type", $"{its.Type}", "None: the device is on the platform bus");
        f.Demand(!isPci || hasLine == (its.Type == VfioType.Intx), "action", hasLine ? "one" : "none", "one exactly while INTx is enabled");
        f.Demand(!hasLine || options.Line is not null, "action", $"{its.Action - 1}", "none: the device has no line");
        f.Demand(hasLine || its is { Trigger: 0, UnmaskFd: 0, MaskFd: 0, Masked: 0, Waits: 0 }, "action", "none", "one: it has an eventfd, or is masked");
        f.Demand(isPci || its is { VirtualDisable: 0, Err: 0, Req: 0 }, "virtualDisable", "set", "nothing of PCI: the device is on the platform bus");
        f.Demand(options.IsExpress || its.Err == 0, "errEventFd", $"{its.Err - 1}", "none: it is no PCI Express device");
        f.Demand(!isPci || its.MaskFd == 0, "maskEventFd", $"{its.MaskFd - 1}", "none: a PCI device has no such eventfd");
        f.Demand(isPci || Options.Irqs.Lines[options.Line!.Value].IsLevel || its is { Masked: 0, UnmaskFd: 0, MaskFd: 0 }, "masked", "yes", "no: the line is an edge");
        f.Demand(its is not { Masked: not 0, Waits: not 0 }, "waits", "yes", "no: it is masked");
        f.Demand(its.Waits == 0 || _modes[device] == ForwardMode.Oneshot, "waits", "yes", "no: it is not ONESHOT");
        f.Demand(!hasLine || its.VirtualDisable == 0 || its.Masked != 0, "masked", "no", "yes: the guest set DisINTx");
        f.Demand(its.Deadline == 0 || its.Deadline > 0 && its.Waits != 0 && options.OneshotTimeout != 0, "deadline", $"{its.Deadline} ns", "none: nothing waits for it");
        byte intxDisable = _masksItself[device] ? hasLine ? its.Masked : its.IntxDisable : its.SendsMessages ? (byte)1 : (byte)0;
        f.Demand(its.IntxDisable == intxDisable, "intxDisable", $"{its.IntxDisable}", $"{intxDisable}");
    }

    private void CheckStorm(Fields f, int device, in VfioDeviceState its)
    {
        f.Demand(its.StormCount == 0 || its is { Action: not 0, Asserts: not 0 }, "stormCount", $"{its.StormCount}", "0: the device does not assert");
        bool may = its is { StormDeadline: > 0, VirtualDisable: 0, Deadline: 0 } && (its.Waits != 0 || its.Masked != 0)
            && its.StormCount != 0 && its.StormCount == OptionsOf(device).StormLimit;
        f.Demand(its.StormDeadline == 0 || may, "stormDeadline", $"{its.StormDeadline} ns", "none: the storm brake has nothing to hold");
    }

    /// <summary>Actions and devices name each other, and owe each other what is to be done.</summary>
    private void CheckActions(Fields f)
    {
        for (int device = 0; device < _devices.Count; device++)
        {
            VfioDeviceState its = _devices[device];
            if (its.Action == 0)
                continue;
            int line = OptionsOf(device).Line!.Value, action = its.Action - 1;
            string name = $"devices[{device}].action";
            f.Demand(Irqs.IsActive(line, action) && Irqs.OwnerOf(line, action) == device + 1, name, $"{action}", "an active action of this device");
            bool oneshot = _modes[device] == ForwardMode.Oneshot;
            f.Demand(Irqs.IsForwarded(line, action, thread: oneshot, _masksItself[device]), name, $"{action}", "one with the handlers and flags of a device");
            bool runs = Irqs.ThreadRuns(line, action);
            f.Demand(runs == (its.Waits != 0), $"devices[{device}].waits", its.Waits != 0 ? "yes" : "no", runs ? "yes: its thread runs" : "no: its thread does not run");
            if (_masksItself[device])
                continue;
            int owed = its.Masked + (OptionsOf(device).Bus == VfioBus.Platform && its.Trigger == 0 ? 1 : 0);
            f.Demand(Irqs.DepthOf(line) >= owed, $"devices[{device}].masked", "yes", $"a line that is disabled {owed} times");
        }
        for (int line = 0; line < Options.Irqs.Lines.Count; line++)
        {
            for (int action = 0; action < Options.Irqs.Actions; action++)
                CheckOwner(f, line, action);
        }
    }

    private void CheckOwner(Fields f, int line, int action)
    {
        if (!Irqs.HasAction(line, action) || Irqs.OwnerOf(line, action) == 0)
            return;
        int device = Irqs.OwnerOf(line, action) - 1;
        string name = $"lines[{line}].actions[{action}]";
        f.Demand(device < _devices.Count && OptionsOf(device).Line == line, name, $"of device {device}", "a device on this line");
        f.Demand(!Irqs.IsActive(line, action) || _devices[device].Action == action + 1, name, $"of device {device}", "the action that the device names");
        // At rest its handlers have answered, and its threads wait for a guest.
        f.Demand(Irqs.IsAtRest(line, action), name, "running", "at rest");
    }

    /// <summary>The wire of a line is what drives it.</summary>
    private void CheckLevels(Fields f)
    {
        for (int line = 0; line < _lines.Count; line++)
        {
            bool has = Options.Devices.Any(device => device.Line == line), high = IsDriven(line);
            f.Demand(!has || Irqs.IsHigh(line) == high, $"lines[{line}].pinHigh", high ? "low" : "high", high ? "high: something drives it" : "low: nothing drives it");
        }
    }
}
