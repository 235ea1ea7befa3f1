using Wirq.Events;
using Wirq.HostIrq;

namespace Wirq.Vfio;

/// <content>INTx, and lines of platform devices.</content>
public sealed partial class VfioHost
{
    /// <summary>Which lines a device has requested, and with what flags.</summary>
    private LinuxError RequestLine(int device, bool enabled)
    {
        VfioDeviceOptions options = OptionsOf(device);
        int line = options.Line!.Value;
        ForwardMode mode = _modes[device];
        HostRequestBits flags = (_masksItself[device] ? HostRequestBits.Shared : enabled ? HostRequestBits.None : HostRequestBits.NoAutoEnable)
            | (mode == ForwardMode.Oneshot ? HostRequestBits.Oneshot : HostRequestBits.None);
        if (!_masksItself[device] && (mode == ForwardMode.MaskedLevel || options is { Bus: VfioBus.Pci, DisablesUnlazily: true }))
            Irqs.SetUnlazy(line, true);
        LinuxError error = Irqs.Request(line, new(flags, HasHandler: true, HasThread: mode == ForwardMode.Oneshot), out int action);
        if (error != LinuxError.None)
            return error;
        Irqs.OwnerOf(line, action) = (ushort)(device + 1);
        _devices[device].Action = (byte)(action + 1);
        return LinuxError.None;
    }

    private void FreeLine(int device)
    {
        ref VfioDeviceState its = ref _devices[device];
        if (its.Action == 0)
            return;
        int line = OptionsOf(device).Line!.Value, action = its.Action - 1;
        bool had = its.Waits != 0 || its.Masked != 0;
        Unbrake(device, ref its);
        (its.Action, its.Waits, its.Deadline) = (0, 0, 0);
        (its.StormCount, its.StormSince) = (0, 0);
        // The line is shut down before the thread ends, so that nothing unmasks it.
        Irqs.Free(line, action);
        if (had)
            NoteEnd(device, ForwardEnd.Closed);
        Irqs.ThreadEnded(line, action);
    }

    /// <summary>VFIO's hard handler of a line.</summary>
    private HandlerAnswer Handle(int device)
    {
        ref VfioDeviceState its = ref _devices[device];
        VfioDeviceOptions options = OptionsOf(device);
        if (_masksItself[device])
        {
            if (its.Masked != 0 || its.Asserts == 0)
                return HandlerAnswer.None;
            SetIntxDisable(device, true);
            SetMasked(device, true);
            Signal(device);
            return HandlerAnswer.Handled;
        }
        // The eventfd was taken away, and the line disabled, while this handler was on its way: nobody would hear, and so nobody
        // would unmask. A level comes again when there is one. Linux waits for the handler first.
        if (its.Trigger == 0 && options.Bus == VfioBus.Platform)
            return HandlerAnswer.None;
        if (its.Masked != 0)
            return HandleMasked(device, options);
        if (!Options.Irqs.Lines[options.Line!.Value].IsLevel)
        {
            Signal(device);
            return HandlerAnswer.Handled;
        }
        if (_modes[device] == ForwardMode.Oneshot)
        {
            its.Waits = 1;
            its.Deadline = options.OneshotTimeout == 0 ? 0 : Events.Now + options.OneshotTimeout;
            Signal(device);
            return HandlerAnswer.WakeThread;
        }
        Irqs.Disable(options.Line!.Value);
        SetMasked(device, true);
        Signal(device);
        return HandlerAnswer.Handled;
    }

    /// <summary>The handler of a line that was masked, and so disabled, while it was on its way.</summary>
    private HandlerAnswer HandleMasked(int device, VfioDeviceOptions options)
    {
        // vfio-platform looks, and does nothing.
        if (options.Bus == VfioBus.Platform)
            return HandlerAnswer.None;
        if (Options.Irqs.Profile == HostProfile.Linux && _modes[device] == ForwardMode.Automask)
        {
            // vfio-pci does not look. The one unmask that follows enables the line once.
            Irqs.Disable(options.Line!.Value);
            Signal(device);
        }
        return HandlerAnswer.Handled;
    }

    private void Signal(int device)
    {
        ref VfioDeviceState its = ref _devices[device];
        if (its is { Action: not 0, VirtualDisable: 0, Trigger: not 0 })
            Emit(device, VfioIrqIndex.Intx, 0, its.Trigger);
    }

    private void Emit(int device, VfioIrqIndex index, int vector, int trigger) =>
        Events.Emit(new VfioSignalled(device, index, vector, trigger - 1).ToEvent());

    /// <summary>Masks the interrupt of a device's line. If a guest has one of a ONESHOT line, its thread need not wait any
    /// more: the line is disabled instead.</summary>
    private void Mask(int device)
    {
        ref VfioDeviceState its = ref _devices[device];
        // Whoever masks now unmasks later: what the guest asked for before is over.
        Unbrake(device, ref its);
        if (its.Action == 0)
        {
            // The device's bit follows the guest's, whatever is enabled.
            if (_masksItself[device])
                SetIntxDisable(device, true);
        }
        else if (its.Waits != 0)
            Hold(device, ForwardEnd.Masked);
        else if (its.Masked == 0)
        {
            if (_masksItself[device])
                SetIntxDisable(device, true);
            else
                Irqs.Disable(OptionsOf(device).Line!.Value);
            SetMasked(device, true);
        }
    }

    /// <summary>Ends a wait with the line still masked: it is disabled now, until it is unmasked.</summary>
    private void Hold(int device, ForwardEnd how)
    {
        ref VfioDeviceState its = ref _devices[device];
        int line = OptionsOf(device).Line!.Value;
        Irqs.Disable(line);
        SetMasked(device, true);
        (its.Waits, its.Deadline) = (0, 0);
        NoteEnd(device, how);
        Irqs.ThreadEnded(line, its.Action - 1);
    }

    /// <summary>Unmasks the interrupt of a device's line.</summary>
    /// <returns>Whether the eventfd has to be signalled again: the device still asserts, and stays masked.</returns>
    private bool Unmask(int device)
    {
        ref VfioDeviceState its = ref _devices[device];
        if (its.Action == 0)
        {
            if (_masksItself[device])
                SetIntxDisable(device, false);
            return false;
        }
        if (its.VirtualDisable != 0 || its.StormDeadline != 0 || its is { Waits: 0, Masked: 0 } || Brake(device, ref its))
            return false;
        return Open(device, ref its);
    }

    /// <summary>As <see cref="Unmask"/>, after all that may hold it back.</summary>
    private bool Open(int device, ref VfioDeviceState its)
    {
        if (its.Waits != 0)
            return Finish(device, ForwardEnd.Guest);
        if (its.Masked == 0)
            return false;
        NoteEnd(device, ForwardEnd.Guest);
        if (_masksItself[device])
        {
            // To unmask it would let it fire at once: the event is sent again instead.
            if (its.Asserts != 0)
                return true;
            SetIntxDisable(device, false);
            SetMasked(device, false);
            return false;
        }
        SetMasked(device, false);
        Irqs.Enable(OptionsOf(device).Line!.Value);
        return false;
    }

    private bool Finish(int device, ForwardEnd how)
    {
        ref VfioDeviceState its = ref _devices[device];
        Unbrake(device, ref its);
        (its.Waits, its.Deadline) = (0, 0);
        NoteEnd(device, how);
        Irqs.ThreadEnded(OptionsOf(device).Line!.Value, its.Action - 1);
        return false;
    }

    private void UnmaskByEventFd(int device)
    {
        // This runs where the eventfd was written, which may be below a lock of the eventfd to signal.
        if (!Unmask(device) || _devices[device].Work != 0)
            return;
        _devices[device].Work = 1;
        Events.Emit(new Event(EventKind.VfioWork, (ushort)device));
    }

    private void RunWork(int device)
    {
        if ((uint)device >= (uint)_devices.Count || _devices[device].Work == 0)
            return;
        _devices[device].Work = 0;
        Signal(device);
    }

    /// <summary>The guest writes DisINTx of its device (bit 10 of the command register).</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public void SetVirtualDisable(int device, bool disabled)
    {
        ref VfioDeviceState its = ref The(device);
        if (OptionsOf(device).Bus != VfioBus.Pci || disabled == (its.VirtualDisable != 0))
            return;
        if (disabled)
        {
            its.VirtualDisable = 1;
            Mask(device);
            return;
        }
        its.VirtualDisable = 0;
        if (Unmask(device))
            Signal(device);
    }

    /// <summary>The guest of a device was reset: what it had not finished is finished.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public void GuestReset(int device)
    {
        ref VfioDeviceState its = ref The(device);
        if (_modes[device] != ForwardMode.Oneshot || its.Action == 0)
            return;
        its.VirtualDisable = 0;
        if (its.Waits != 0)
        {
            Finish(device, ForwardEnd.GuestReset);
            return;
        }
        if (its.Masked == 0)
            return;
        Unbrake(device, ref its);
        NoteEnd(device, ForwardEnd.GuestReset);
        SetMasked(device, false);
        Irqs.Enable(OptionsOf(device).Line!.Value);
    }

    /// <summary>The process that runs a device's guest is about to be replaced: no thread waits for it any more. The line stays
    /// masked, and the new process unmasks it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public void LiveUpdate(int device)
    {
        if (The(device).Waits != 0)
            Hold(device, ForwardEnd.LiveUpdate);
    }

    /// <summary>The guest has acknowledged its line: the same as an unmask, for an owner whose machine tells it so.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public void Acknowledged(int device)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)device, (uint)_devices.Count, nameof(device));
        if (Unmask(device))
            Signal(device);
    }

    private void SetIntxDisable(int device, bool disabled)
    {
        _devices[device].IntxDisable = disabled ? (byte)1 : (byte)0;
        Drive(device);
    }

    private void SetMasked(int device, bool masked)
    {
        _devices[device].Masked = masked ? (byte)1 : (byte)0;
        if (Events.Observing)
            Events.Observe(new VfioMasked(device, OptionsOf(device).Line!.Value, masked).ToEvent());
    }

    private void NoteEnd(int device, ForwardEnd how)
    {
        if (Events.Observing)
            Events.Observe(new VfioForwardEnded(device, OptionsOf(device).Line!.Value, how).ToEvent());
    }
}
