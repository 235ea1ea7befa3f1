using System.Buffers.Binary;

namespace Wirq.Board.Devices.Virtio;

/// <summary>The read-only capabilities of a virtio function: where in BAR0 its parts are.</summary>
/// <remarks><code>
/// BAR0: 0x0000 common configuration   0x1000 interrupt status   0x2000 the device's configuration   0x3000 notification
///       0x4000 MSI-X table            0x5000 its pending bits
/// capability: +0 id 9   +1 next   +2 bytes   +3 type: 1 common, 2 notification, 3 status, 4 device   +4 BAR   +8 offset
///             +12 bytes there   +16, of notification: bytes from one queue to the next
/// </code>virtio 1.2, 4.1.4. The capability for access by configuration space is missing.</remarks>
internal static class VirtioCapabilities
{
    internal const uint BarBytes = 0x8000;
    internal const uint Status = 0x1000, Device = 0x2000, Notify = 0x3000, Table = 0x4000, Pending = 0x5000, Page = 0x1000;
    /// <summary>The first capability, that of MSI-X, and those that follow it.</summary>
    internal const uint MsixOffset = 0x40, Offset = 0x50, End = 0x94;

    private const byte VendorId = 9;
    private const int Common = 1, Notification = 2, InterruptStatus = 3, DeviceSpecific = 4;
    private const uint NotifyMultiplier = 4, DeviceBytes = 0x100;

    private static readonly byte[] s_bytes = Build();

    /// <summary>A register of them.</summary>
    /// <param name="register">From <see cref="Offset"/> to below <see cref="End"/>; a multiple of 4.</param>
    internal static uint Read(uint register) => BinaryPrimitives.ReadUInt32LittleEndian(s_bytes.AsSpan((int)(register - Offset)));

    private static byte[] Build()
    {
        byte[] bytes = new byte[End - Offset];
        int at = 0;
        void Add(int type, uint offset, uint length, bool last = false)
        {
            int size = type == Notification ? 20 : 16;
            Span<byte> capability = bytes.AsSpan(at, size);
            capability[0] = VendorId;
            capability[1] = (byte)(last ? 0 : (int)Offset + at + size);
            capability[2] = (byte)size;
            capability[3] = (byte)type;
            BinaryPrimitives.WriteUInt32LittleEndian(capability[8..], offset);
            BinaryPrimitives.WriteUInt32LittleEndian(capability[12..], length);
            if (type == Notification)
                BinaryPrimitives.WriteUInt32LittleEndian(capability[16..], NotifyMultiplier);
            at += size;
        }

        Add(Common, 0, VirtioRegisters.Bytes);
        Add(Notification, Notify, NotifyMultiplier);
        Add(InterruptStatus, Status, 1);
        Add(DeviceSpecific, Device, DeviceBytes, last: true);
        return bytes;
    }
}
