using System.Runtime.InteropServices;

namespace Wirq.Linux.Interop;

/// <summary>The fixed part of a change of interrupts (<c>struct vfio_irq_set</c>, Linux include/uapi/linux/vfio.h). A byte or a
/// descriptor for each interrupt follows.</summary>
[CName("struct vfio_irq_set")]
[StructLayout(LayoutKind.Sequential)]
internal struct VfioIrqSetHeader
{
    [CName("VFIO_IRQ_SET_DATA_NONE")] internal const uint DataNone = 1;
    [CName("VFIO_IRQ_SET_DATA_BOOL")] internal const uint DataBool = 2;
    [CName("VFIO_IRQ_SET_DATA_EVENTFD")] internal const uint DataEventFd = 4;
    [CName("VFIO_IRQ_SET_ACTION_MASK")] internal const uint ActionMask = 8;
    [CName("VFIO_IRQ_SET_ACTION_UNMASK")] internal const uint ActionUnmask = 16;
    [CName("VFIO_IRQ_SET_ACTION_TRIGGER")] internal const uint ActionTrigger = 32;

    /// <summary>Size of the whole in bytes, with what follows (<c>argsz</c>).</summary>
    [CName("argsz")] public uint ArgumentSize;
    /// <summary>One kind of data and one action (<c>flags</c>).</summary>
    [CName("flags")] public uint Flags;
    /// <summary>Which interrupts (<c>index</c>).</summary>
    [CName("index")] public uint Index;
    /// <summary>The first of them (<c>start</c>).</summary>
    [CName("start")] public uint Start;
    /// <summary>How many (<c>count</c>).</summary>
    [CName("count")] public uint Count;
}

/// <summary>What an IRQ index can do (<c>struct vfio_irq_info</c>).</summary>
[CName("struct vfio_irq_info")]
[StructLayout(LayoutKind.Sequential)]
internal struct VfioIrqInfo
{
    [CName("VFIO_IRQ_INFO_EVENTFD")] internal const uint EventFd = 1;
    [CName("VFIO_IRQ_INFO_MASKABLE")] internal const uint Maskable = 2;
    [CName("VFIO_IRQ_INFO_AUTOMASKED")] internal const uint Automasked = 4;
    [CName("VFIO_IRQ_INFO_NORESIZE")] internal const uint NoResize = 8;

    /// <summary>Size in bytes (<c>argsz</c>).</summary>
    [CName("argsz")] public uint ArgumentSize;
    /// <summary>What it can (<c>flags</c>).</summary>
    [CName("flags")] public uint Flags;
    /// <summary>The index that is asked about (<c>index</c>).</summary>
    [CName("index")] public uint Index;
    /// <summary>How many interrupts it has (<c>count</c>).</summary>
    [CName("count")] public uint Count;
}

/// <summary>What a device has (the first fields of <c>struct vfio_device_info</c>, which are those of vfio-user).</summary>
[CName("struct vfio_device_info", Partial = true)]
[StructLayout(LayoutKind.Sequential)]
internal struct VfioDeviceInfo
{
    [CName("VFIO_DEVICE_FLAGS_RESET")] internal const uint CanReset = 1;
    [CName("VFIO_DEVICE_FLAGS_PCI")] internal const uint IsPci = 2;

    /// <summary>Size in bytes (<c>argsz</c>).</summary>
    [CName("argsz")] public uint ArgumentSize;
    /// <summary>What it is and can (<c>flags</c>).</summary>
    [CName("flags")] public uint Flags;
    /// <summary>How many regions (<c>num_regions</c>).</summary>
    [CName("num_regions")] public uint Regions;
    /// <summary>How many IRQ indexes (<c>num_irqs</c>).</summary>
    [CName("num_irqs")] public uint IrqIndexes;
}

/// <summary>What a region is (<c>struct vfio_region_info</c>).</summary>
[CName("struct vfio_region_info")]
[StructLayout(LayoutKind.Sequential)]
internal struct VfioRegionInfo
{
    [CName("VFIO_REGION_INFO_FLAG_READ")] internal const uint Readable = 1;
    [CName("VFIO_REGION_INFO_FLAG_WRITE")] internal const uint Writable = 2;

    /// <summary>Size in bytes, with capabilities (<c>argsz</c>).</summary>
    [CName("argsz")] public uint ArgumentSize;
    /// <summary>What it can (<c>flags</c>).</summary>
    [CName("flags")] public uint Flags;
    /// <summary>Which (<c>index</c>).</summary>
    [CName("index")] public uint Index;
    /// <summary>Where capabilities begin; 0 for none (<c>cap_offset</c>).</summary>
    [CName("cap_offset")] public uint Capabilities;
    /// <summary>Its bytes (<c>size</c>).</summary>
    [CName("size")] public ulong Length;
    /// <summary>Where it begins in a descriptor (<c>offset</c>).</summary>
    [CName("offset")] public ulong Offset;
}

/// <summary>Regions of PCI devices.</summary>
internal static class VfioPciRegion
{
    [CName("VFIO_PCI_BAR0_REGION_INDEX")] internal const int Bar0 = 0;
    [CName("VFIO_PCI_BAR2_REGION_INDEX")] internal const int Bar2 = 2;
    [CName("VFIO_PCI_BAR5_REGION_INDEX")] internal const int Bar5 = 5;
    [CName("VFIO_PCI_CONFIG_REGION_INDEX")] internal const int Config = 7;
    [CName("VFIO_PCI_NUM_REGIONS")] internal const int Count = 9;
    [CName("VFIO_PCI_NUM_IRQS")] internal const int IrqIndexes = 5;
}

/// <summary>IRQ indexes of PCI devices.</summary>
internal static class VfioPciIndex
{
    [CName("VFIO_PCI_INTX_IRQ_INDEX")] internal const uint Intx = 0;
    [CName("VFIO_PCI_MSI_IRQ_INDEX")] internal const uint Msi = 1;
    [CName("VFIO_PCI_MSIX_IRQ_INDEX")] internal const uint Msix = 2;
    [CName("VFIO_PCI_ERR_IRQ_INDEX")] internal const uint Err = 3;
    [CName("VFIO_PCI_REQ_IRQ_INDEX")] internal const uint Req = 4;
}

/// <summary>The calls of VFIO on a device that are about interrupts. Their arguments stand in no request number.</summary>
internal static class VfioCalls
{
    private const byte Type = (byte)';', Base = 100;

    [CName("VFIO_DEVICE_GET_IRQ_INFO")] internal const uint GetIrqInfo = Type << 8 | Base + 9;
    [CName("VFIO_DEVICE_SET_IRQS")] internal const uint SetIrqs = Type << 8 | Base + 10;
}
