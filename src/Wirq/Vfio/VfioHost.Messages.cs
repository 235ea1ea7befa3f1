using Wirq.HostIrq;

namespace Wirq.Vfio;

/// <content>MSI and MSI-X.</content>
public sealed partial class VfioHost
{
    /// <summary>A device sends a message. One whose vector has no eventfd is lost.</summary>
    /// <param name="device">The device.</param>
    /// <param name="vector">The vector; one that does not exist sends nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    public void SendMessage(int device, int vector)
    {
        ref VfioDeviceState its = ref The(device);
        if (!its.SendsMessages || (uint)vector >= (uint)VectorsOf(device))
            return;
        if (Vector(device, vector).Trigger is not 0 and var trigger)
            Emit(device, IndexOf(its.Type), vector, trigger);
    }

    private static VfioIrqIndex IndexOf(VfioType type) => type == VfioType.Msi ? VfioIrqIndex.Msi : VfioIrqIndex.Msix;

    private ref VfioVectorState Vector(int device, int vector) => ref _vectors[_firstVectors[device] + vector];

    private bool IsDynamic(int device) => OptionsOf(device).HasDynamicMsix && _devices[device].Type == VfioType.Msix;

    private int TriggerMessages(int device, in VfioIrqSet set, ReadOnlySpan<byte> data)
    {
        ref VfioDeviceState its = ref _devices[device];
        VfioType type = set.Index == (uint)VfioIrqIndex.Msi ? VfioType.Msi : VfioType.Msix;
        if (its.Type == type && Disables(set))
        {
            DisableMessages(device);
            return 0;
        }
        if (its.Type != VfioType.None && its.Type != type)
            return -(int)LinuxError.Invalid;
        int start = (int)set.Start, count = (int)set.Count;
        if (HasFds(set))
        {
            if (its.Type == type)
                return SetBlock(device, start, count, data);
            int enabled = EnableMessages(device, type, start + count);
            if (enabled != 0)
                return enabled;
            int answer = SetBlock(device, start, count, data);
            if (answer != 0)
                DisableMessages(device);
            return answer;
        }
        if (its.Type != type || !IsDynamic(device) && start + count > its.Allocated)
            return -(int)LinuxError.Invalid;
        for (int i = 0; i < count; i++)
        {
            if (Vector(device, start + i).Trigger is not 0 and var trigger && Asks(set, data, i))
                Emit(device, IndexOf(type), start + i, trigger);
        }
        return 0;
    }

    private int EnableMessages(int device, VfioType type, int vectors)
    {
        ref VfioDeviceState its = ref _devices[device];
        // At least 1, at most 0: pci_alloc_irq_vectors finds no such range.
        if (vectors == 0)
            return -(int)LinuxError.OutOfRange;
        int granted = OptionsOf(device).GrantedVectors;
        if (granted < vectors)
            return granted > 0 ? granted : -(int)LinuxError.NoSpace;
        (its.Type, its.Allocated) = (type, (ushort)vectors);
        for (int i = 0; i < vectors; i++)
            Vector(device, i).Granted = 1;
        // A device that sends messages has its INTx off.
        SetIntxDisable(device, true);
        return 0;
    }

    /// <summary>Sets the eventfds of vectors; all of them, or, if one cannot be set, none.</summary>
    private int SetBlock(int device, int start, int count, ReadOnlySpan<byte> data)
    {
        if (!IsDynamic(device) && (start >= _devices[device].Allocated || start + count > _devices[device].Allocated))
            return -(int)LinuxError.Invalid;
        for (int i = 0; i < count; i++)
        {
            LinuxError error = SetVector(device, start + i, FdAt(data, i));
            if (error == LinuxError.None)
                continue;
            for (int undone = 0; undone <= i; undone++)
                Vector(device, start + undone).Trigger = 0;
            return -(int)error;
        }
        return 0;
    }

    private LinuxError SetVector(int device, int vector, int fd)
    {
        ref VfioVectorState its = ref Vector(device, vector);
        its.Trigger = 0;
        if (fd < 0)
            return LinuxError.None;
        if (its.Granted == 0)
        {
            ref VfioDeviceState owner = ref _devices[device];
            if (owner.Allocated >= OptionsOf(device).GrantedVectors)
                return LinuxError.NoSpace;
            owner.Allocated++;
            its.Granted = 1;
        }
        if (!_eventFds.Exists(fd))
            return LinuxError.BadDescriptor;
        its.Trigger = fd + 1;
        return LinuxError.None;
    }

    private void DisableMessages(int device)
    {
        ref VfioDeviceState its = ref _devices[device];
        if (!its.SendsMessages)
            return;
        for (int i = 0; i < VectorsOf(device); i++)
            Vector(device, i) = default;
        (its.Type, its.Allocated) = (VfioType.None, 0);
        SetIntxDisable(device, false);
    }
}
