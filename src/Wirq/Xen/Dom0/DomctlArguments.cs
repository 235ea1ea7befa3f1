using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.Xen;

// The structure xen_domctl, as far as it is used. Both widths have one layout: 64-bit fields are aligned to 8 bytes.
#pragma warning disable CS0649, CA1823, IDE0044 // Fields are filled from the guest's bytes.

/// <summary>What stands before the union of each operation.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DomctlHeader
{
    /// <summary>Bytes of the whole structure.</summary>
    public const int Whole = 144;
    /// <summary>Offset of the union.</summary>
    public const int Union = 16;

    public uint Command;
    public uint Version;
    public ushort Domain;
    private ushort _pad0, _pad1, _pad2;

    /// <summary>The version of the interface that a hypervisor expects.</summary>
    internal static uint VersionOf(XenVersion xen) => xen == XenVersion.Xen417 ? 0x15u : 0x18;
}

[StructLayout(LayoutKind.Sequential)]
internal struct IrqPermissionArgument
{
    public uint Pirq;
    public byte Allow;
    private byte _pad0, _pad1, _pad2;
}

[StructLayout(LayoutKind.Sequential)]
internal struct GsiPermissionArgument
{
    public const uint Grant = 1;

    public uint Gsi;
    public uint Flags;
}

/// <summary>A pin of a guest's device, or a guest's message, from byte 8 on.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
internal struct BindPtIrqArgument
{
    [FieldOffset(0)] public uint Pirq;
    [FieldOffset(4)] public uint Type;
    [FieldOffset(8)] public byte Bus;
    [FieldOffset(9)] public byte Device;
    [FieldOffset(10)] public byte Pin;
    [FieldOffset(8)] public byte Vector;
    [FieldOffset(12)] public uint Flags;
}

[StructLayout(LayoutKind.Sequential)]
internal struct AssignDeviceArgument
{
    /// <summary>0 for a PCI device.</summary>
    public uint Kind;
    public uint Flags;
    public uint Address;
}

/// <summary>Composes the structure <c>xen_domctl</c>, for who calls.</summary>
public static class Domctl
{
    /// <summary>Bytes of the structure.</summary>
    public const int Size = DomctlHeader.Whole;

    /// <summary>Gives a domain access to a GSI, or takes it.</summary>
    /// <param name="version">Which hypervisor is called.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="gsi">The GSI.</param>
    /// <param name="grant">Whether it is to have access.</param>
    public static byte[] GsiPermission(XenVersion version, ushort domain, uint gsi, bool grant = true) => Make(version,
        DomctlOperation.GsiPermission, domain, new GsiPermissionArgument { Gsi = gsi, Flags = grant ? GsiPermissionArgument.Grant : 0 });

    /// <summary>Gives a domain access to the interrupt of one of the caller's PIRQs, or takes it.</summary>
    /// <param name="version">Which hypervisor is called.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="pirq">The caller's PIRQ.</param>
    /// <param name="grant">Whether it is to have access.</param>
    public static byte[] IrqPermission(XenVersion version, ushort domain, uint pirq, bool grant = true) => Make(version,
        DomctlOperation.IrqPermission, domain, new IrqPermissionArgument { Pirq = pirq, Allow = grant ? (byte)1 : (byte)0 });

    /// <summary>Binds a PIRQ to a pin of a guest's PCI device, or ends that.</summary>
    /// <param name="version">Which hypervisor is called.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="pirq">The domain's PIRQ.</param>
    /// <param name="device">The device on the guest's root bus, 0 to 31.</param>
    /// <param name="pin">Its pin.</param>
    /// <param name="bind">False to end it.</param>
    public static byte[] BindPin(XenVersion version, ushort domain, uint pirq, byte device, PciInterruptPin pin, bool bind = true) => Make(version,
        bind ? DomctlOperation.BindPtIrq : DomctlOperation.UnbindPtIrq, domain,
        new BindPtIrqArgument { Pirq = pirq, Type = (uint)PassedInterrupt.Pci, Device = device, Pin = (byte)pin });

    /// <summary>Binds a PIRQ to a message of a guest, or ends that.</summary>
    /// <param name="version">Which hypervisor is called.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="pirq">The domain's PIRQ.</param>
    /// <param name="vector">The guest's vector.</param>
    /// <param name="destination">The guest's destination.</param>
    /// <param name="bind">False to end it.</param>
    public static byte[] BindMessage(XenVersion version, ushort domain, uint pirq, byte vector, byte destination, bool bind = true) => Make(version,
        bind ? DomctlOperation.BindPtIrq : DomctlOperation.UnbindPtIrq, domain,
        new BindPtIrqArgument { Pirq = pirq, Type = (uint)PassedInterrupt.Message, Vector = vector, Flags = destination });

    /// <summary>Gives a device to a domain, or takes it.</summary>
    /// <param name="version">Which hypervisor is called.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="device">The device's address.</param>
    /// <param name="assign">False to take it.</param>
    public static byte[] Assign(XenVersion version, ushort domain, XenPciDevice device, bool assign = true) => Make(version,
        assign ? DomctlOperation.AssignDevice : DomctlOperation.DeassignDevice, domain, new AssignDeviceArgument { Address = device.Address });

    internal static byte[] Make<T>(XenVersion version, DomctlOperation operation, ushort domain, T argument) where T : unmanaged
    {
        var bytes = new byte[Size];
        MemoryMarshal.Write(bytes, new DomctlHeader { Command = (uint)operation, Version = DomctlHeader.VersionOf(version), Domain = domain });
        MemoryMarshal.Write(bytes.AsSpan(DomctlHeader.Union, Unsafe.SizeOf<T>()), argument);
        return bytes;
    }
}
