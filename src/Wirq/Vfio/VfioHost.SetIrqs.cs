using System.Buffers.Binary;
using Wirq.Events;
using Wirq.HostIrq;

namespace Wirq.Vfio;

/// <content><c>VFIO_DEVICE_SET_IRQS</c> and <c>VFIO_DEVICE_GET_IRQ_INFO</c>.</content>
public sealed partial class VfioHost
{
    private const int Descriptor = sizeof(int);

    /// <summary>Opens a device anew: no interrupt is enabled, its line is low, and DisINTx is clear.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public void Open(int device)
    {
        Close(device);
        _devices[device] = default;
        Drive(device);
        // A line of the platform bus has its handler from here on, and is disabled until it has an eventfd.
        if (OptionsOf(device).Bus == VfioBus.Platform)
            RequestLine(device, enabled: false);
    }

    /// <summary>Closes a device: its interrupts are disabled.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public void Close(int device)
    {
        ref VfioDeviceState its = ref The(device);
        DisableIntx(device);
        DisableMessages(device);
        (its.Err, its.Req) = (0, 0);
    }

    /// <summary>What an IRQ index of a device can do.</summary>
    /// <param name="device">The device.</param>
    /// <param name="index">The index, which may be any.</param>
    /// <param name="count">How many vectors it has.</param>
    /// <param name="flags">What it can.</param>
    /// <returns>0, or a negative error number.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public int GetInfo(int device, uint index, out int count, out VfioIrqInfoBits flags)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)device, (uint)_devices.Count, nameof(device));
        VfioDeviceOptions options = OptionsOf(device);
        count = CountOf(options, index);
        flags = VfioIrqInfoBits.EventFd;
        const VfioIrqInfoBits Level = VfioIrqInfoBits.Maskable | VfioIrqInfoBits.Automasked;
        if (options.Bus == VfioBus.Platform)
        {
            if (index == 0)
            {
                flags |= Options.Irqs.Lines[options.Line!.Value].IsLevel ? Level : 0;
                return 0;
            }
        }
        else if (index <= (uint)VfioIrqIndex.Req && (index != (uint)VfioIrqIndex.Err || options.IsExpress))
        {
            if (index == (uint)VfioIrqIndex.Intx)
                flags |= Level;
            else if (index != (uint)VfioIrqIndex.Msix || !options.HasDynamicMsix)
                flags |= VfioIrqInfoBits.NoResize;
            return 0;
        }
        (count, flags) = (0, VfioIrqInfoBits.None);
        return -(int)LinuxError.Invalid;
    }

    private static int CountOf(VfioDeviceOptions options, uint index) => options.Bus == VfioBus.Platform ? index == 0 ? 1 : 0 : (VfioIrqIndex)index switch
    {
        VfioIrqIndex.Intx => options.Line is null ? 0 : 1,
        VfioIrqIndex.Msi => options.MsiVectors,
        VfioIrqIndex.Msix => options.MsixVectors,
        VfioIrqIndex.Err => options.IsExpress ? 1 : 0,
        VfioIrqIndex.Req => 1,
        _ => 0,
    };

    /// <summary>Changes interrupts of a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="set">What is asked; it may be anything.</param>
    /// <param name="data">What stands behind it: a byte or a descriptor for each vector.</param>
    /// <returns>0, a negative error number, or how many vectors the host can grant, if that is less than was asked.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public int SetIrqs(int device, VfioIrqSet set, ReadOnlySpan<byte> data)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)device, (uint)_devices.Count, nameof(device));
        int answer = Try(device, set, data);
        if (Events.Observing)
            Events.Observe(new VfioIrqsSet(device, set.Index, (uint)set.Flags, set.Start, set.Count, answer).ToEvent());
        return answer;
    }

    private int Try(int device, in VfioIrqSet set, ReadOnlySpan<byte> data)
    {
        VfioDeviceOptions options = OptionsOf(device);
        if (!IsValid(set, CountOf(options, set.Index), data))
            return -(int)LinuxError.Invalid;
        if (options.Bus == VfioBus.Platform)
            return SetPlatform(device, set, data);
        return ((VfioIrqIndex)set.Index, set.Flags & VfioIrqSet.Action) switch
        {
            (VfioIrqIndex.Intx, VfioIrqSetBits.ActionMask) => MaskIntx(device, set, data),
            (VfioIrqIndex.Intx, VfioIrqSetBits.ActionUnmask) => UnmaskIntx(device, set, data),
            (VfioIrqIndex.Intx, VfioIrqSetBits.ActionTrigger) => TriggerIntx(device, set, data),
            (VfioIrqIndex.Msi or VfioIrqIndex.Msix, VfioIrqSetBits.ActionTrigger) => TriggerMessages(device, set, data),
            (VfioIrqIndex.Err, VfioIrqSetBits.ActionTrigger) => TriggerSingle(device, set, data, ref _devices[device].Err),
            (VfioIrqIndex.Req, VfioIrqSetBits.ActionTrigger) => TriggerSingle(device, set, data, ref _devices[device].Req),
            _ => -(int)LinuxError.NoSuchCall,
        };
    }

    /// <summary>What is checked for every index, before anything of it is looked at.</summary>
    private static bool IsValid(in VfioIrqSet set, int vectors, ReadOnlySpan<byte> data)
    {
        if (set.ArgumentSize < VfioIrqSet.Size || (set.Flags & ~(VfioIrqSet.Data | VfioIrqSet.Action)) != 0
            || set.Start >= (uint)vectors || set.Start + (ulong)set.Count > (uint)vectors)
            return false;
        ulong size = (set.Flags & VfioIrqSet.Data) switch
        {
            VfioIrqSetBits.DataNone => 0,
            VfioIrqSetBits.DataBool => 1,
            VfioIrqSetBits.DataEventFd => Descriptor,
            _ => ulong.MaxValue,
        };
        return size != ulong.MaxValue && set.ArgumentSize - VfioIrqSet.Size >= size * set.Count && (ulong)data.Length >= size * set.Count;
    }

    private static int FdAt(ReadOnlySpan<byte> data, int at) => BinaryPrimitives.ReadInt32LittleEndian(data[(at * Descriptor)..]);

    /// <summary>Whether a request without descriptors asks for vector <paramref name="at"/>.</summary>
    private static bool Asks(in VfioIrqSet set, ReadOnlySpan<byte> data, int at) => (set.Flags & VfioIrqSetBits.DataBool) == 0 || data[at] != 0;

    private static bool IsOne(in VfioIrqSet set) => set is { Start: 0, Count: 1 };

    private static bool HasFds(in VfioIrqSet set) => (set.Flags & VfioIrqSetBits.DataEventFd) != 0;

    private static bool Disables(in VfioIrqSet set) => set.Count == 0 && (set.Flags & VfioIrqSetBits.DataNone) != 0;

    // --- INTx

    private int MaskIntx(int device, in VfioIrqSet set, ReadOnlySpan<byte> data)
    {
        if (_devices[device].Type != VfioType.Intx || !IsOne(set))
            return -(int)LinuxError.Invalid;
        if (HasFds(set))
            return -(int)LinuxError.NoSuchCall;
        if (Asks(set, data, 0))
            Mask(device);
        return 0;
    }

    private int UnmaskIntx(int device, in VfioIrqSet set, ReadOnlySpan<byte> data)
    {
        if (_devices[device].Type != VfioType.Intx || !IsOne(set))
            return -(int)LinuxError.Invalid;
        if (HasFds(set))
            return SetVirqFd(device, FdAt(data, 0), ref _devices[device].UnmaskFd);
        if (Asks(set, data, 0) && Unmask(device))
            Signal(device);
        return 0;
    }

    /// <summary>An eventfd that unmasks (or, of a platform device, masks), or none.</summary>
    private int SetVirqFd(int device, int fd, ref int place)
    {
        ref VfioDeviceState its = ref _devices[device];
        bool unmasks = !System.Runtime.CompilerServices.Unsafe.AreSame(ref place, ref its.MaskFd);
        if (fd < 0)
        {
            place = 0;
            // Its deferred work has run when the call returns.
            if (unmasks)
                RunWork(device);
            return 0;
        }
        if (!_eventFds.Exists(fd))
            return -(int)LinuxError.BadDescriptor;
        if (place != 0)
            return -(int)LinuxError.Busy;
        place = fd + 1;
        // As if it had been written just now; its count stays.
        if (_eventFds.IsReadable(fd))
        {
            if (unmasks)
                UnmaskByEventFd(device);
            else
                Mask(device);
        }
        return 0;
    }

    private int TriggerIntx(int device, in VfioIrqSet set, ReadOnlySpan<byte> data)
    {
        ref VfioDeviceState its = ref _devices[device];
        if (its.Type == VfioType.Intx && Disables(set))
        {
            DisableIntx(device);
            return 0;
        }
        if (its.Type is not (VfioType.None or VfioType.Intx) || !IsOne(set))
            return -(int)LinuxError.Invalid;
        if (HasFds(set))
        {
            int fd = FdAt(data, 0);
            if (fd >= 0 && !_eventFds.Exists(fd))
                return -(int)LinuxError.BadDescriptor;
            int trigger = fd < 0 ? 0 : fd + 1;
            if (its.Type == VfioType.None)
                return EnableIntx(device, trigger);
            // Who swaps it waits for the work of the unmask eventfd, which signals the new one.
            bool had = its.Trigger != 0;
            its.Trigger = trigger;
            if (had)
                RunWork(device);
            return 0;
        }
        if (its.Type != VfioType.Intx)
            return -(int)LinuxError.Invalid;
        if (Asks(set, data, 0))
            Signal(device);
        return 0;
    }

    private int EnableIntx(int device, int trigger)
    {
        ref VfioDeviceState its = ref _devices[device];
        // What the guest masked stays masked. An exclusive line is then not enabled by the request (CVE-2024-27437).
        its.Masked = its.VirtualDisable;
        (its.Type, its.Trigger) = (VfioType.Intx, trigger);
        if (_masksItself[device])
            SetIntxDisable(device, its.Masked != 0);
        LinuxError error = RequestLine(device, enabled: its.Masked == 0);
        if (error == LinuxError.None)
            return 0;
        (its.Type, its.Trigger, its.Masked) = (VfioType.None, 0, 0);
        return -(int)error;
    }

    private void DisableIntx(int device)
    {
        ref VfioDeviceState its = ref _devices[device];
        its.UnmaskFd = 0;
        RunWork(device);
        its.MaskFd = 0;
        FreeLine(device);
        if (its.Type == VfioType.Intx)
            its.Type = VfioType.None;
        (its.Trigger, its.Masked) = (0, 0);
    }

    // --- platform

    private int SetPlatform(int device, in VfioIrqSet set, ReadOnlySpan<byte> data)
    {
        ref VfioDeviceState its = ref _devices[device];
        VfioIrqSetBits action = set.Flags & VfioIrqSet.Action;
        if (action is not (VfioIrqSetBits.ActionMask or VfioIrqSetBits.ActionUnmask or VfioIrqSetBits.ActionTrigger))
            return -(int)LinuxError.NoSuchCall;
        int line = OptionsOf(device).Line!.Value;
        if (action == VfioIrqSetBits.ActionTrigger && Disables(set))
            return SetPlatformTrigger(device, -1);
        if (!IsOne(set) || its.Action == 0 || action != VfioIrqSetBits.ActionTrigger && !Options.Irqs.Lines[line].IsLevel)
            return -(int)LinuxError.Invalid;
        if (HasFds(set))
        {
            int fd = FdAt(data, 0);
            if (action == VfioIrqSetBits.ActionTrigger)
                return SetPlatformTrigger(device, fd);
            return SetVirqFd(device, fd, ref action == VfioIrqSetBits.ActionMask ? ref its.MaskFd : ref its.UnmaskFd);
        }
        if (!Asks(set, data, 0))
            return 0;
        if (action == VfioIrqSetBits.ActionMask)
            Mask(device);
        else if (action == VfioIrqSetBits.ActionUnmask)
            Unmask(device);
        else if (its.Waits == 0)
            // The handler runs as if the line had fired; of a ONESHOT line, it has no thread to wake.
            HandleByHand(device);
        return 0;
    }

    private void HandleByHand(int device)
    {
        if (_modes[device] == ForwardMode.Oneshot)
            Signal(device);
        else
            Handle(device);
    }

    private int SetPlatformTrigger(int device, int fd)
    {
        ref VfioDeviceState its = ref _devices[device];
        if (fd >= 0 && !_eventFds.Exists(fd))
            return -(int)LinuxError.BadDescriptor;
        bool had = its.Trigger != 0;
        its.Trigger = fd < 0 ? 0 : fd + 1;
        if (its.Action == 0 || had == fd >= 0)
            return 0;
        int line = OptionsOf(device).Line!.Value;
        // What masks count within this enable; see the request.
        if (!had)
        {
            Irqs.Enable(line);
            return 0;
        }
        Irqs.Disable(line);
        if (its.Waits != 0)
            Finish(device, ForwardEnd.Closed);
        return 0;
    }

    // --- one eventfd

    private int TriggerSingle(int device, in VfioIrqSet set, ReadOnlySpan<byte> data, ref int trigger)
    {
        if (set.Count > 1)
            return -(int)LinuxError.Invalid;
        if ((set.Flags & VfioIrqSetBits.DataNone) != 0)
        {
            if (trigger == 0)
                return -(int)LinuxError.Invalid;
            if (set.Count == 0)
                trigger = 0;
            else
                Emit(device, (VfioIrqIndex)set.Index, 0, trigger);
            return 0;
        }
        if (set.Count == 0)
            return -(int)LinuxError.Invalid;
        if (!HasFds(set))
        {
            if (data[0] != 0 && trigger != 0)
                Emit(device, (VfioIrqIndex)set.Index, 0, trigger);
            return 0;
        }
        int fd = FdAt(data, 0);
        if (fd >= 0 && !_eventFds.Exists(fd))
            return -(int)LinuxError.BadDescriptor;
        if (fd >= -1)
            trigger = fd + 1;
        return 0;
    }
}
