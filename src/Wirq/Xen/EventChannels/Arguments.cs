using System.Runtime.InteropServices;

namespace Wirq.Xen;

// The argument structures of event_channel_op. They have the layout of Xen's public headers, which a test compares.
#pragma warning disable CS0649, CA1823, IDE0044 // Fields are filled from the guest's bytes.

[StructLayout(LayoutKind.Sequential)]
internal struct BindInterdomainArgument
{
    public ushort RemoteDomain;
    private ushort _pad;
    public uint RemotePort;
    public uint LocalPort;
}

[StructLayout(LayoutKind.Sequential)]
internal struct BindVirqArgument
{
    public uint Virq;
    public uint Vcpu;
    public uint Port;
}

[StructLayout(LayoutKind.Sequential)]
internal struct BindPirqArgument
{
    public uint Pirq;
    public uint Flags;
    public uint Port;
}

/// <summary>Of close, send and unmask.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PortArgument
{
    public uint Port;
}

[StructLayout(LayoutKind.Sequential)]
internal struct StatusArgument
{
    public ushort Domain;
    private ushort _pad;
    public uint Port;
    public uint Status;
    public uint Vcpu;
    /// <summary>A PIRQ or a VIRQ; a domain in its low 16 bits.</summary>
    public uint Peer;
    public uint PeerPort;

    /// <summary>The domain in <see cref="Peer"/>. The other bits stay as the guest passed them.</summary>
    internal ushort PeerDomain
    {
        set => Peer = Peer & 0xFFFF_0000 | value;
    }
}

[StructLayout(LayoutKind.Sequential)]
internal struct AllocUnboundArgument
{
    public ushort Domain;
    public ushort RemoteDomain;
    public uint Port;
}

[StructLayout(LayoutKind.Sequential)]
internal struct BindIpiArgument
{
    public uint Vcpu;
    public uint Port;
}

[StructLayout(LayoutKind.Sequential)]
internal struct BindVcpuArgument
{
    public uint Port;
    public uint Vcpu;
}

[StructLayout(LayoutKind.Sequential)]
internal struct ResetArgument
{
    public ushort Domain;
}

[StructLayout(LayoutKind.Sequential)]
internal struct InitControlArgument
{
    public ulong Frame;
    public uint Offset;
    public uint Vcpu;
    public byte LinkBits;
    private byte _pad0, _pad1, _pad2, _pad3, _pad4, _pad5, _pad6;
}

[StructLayout(LayoutKind.Sequential)]
internal struct ExpandArrayArgument
{
    public ulong Frame;
}

[StructLayout(LayoutKind.Sequential)]
internal struct SetPriorityArgument
{
    public uint Port;
    public uint Priority;
}
