using System.Buffers.Binary;
using System.Numerics;

namespace Wirq.Linux.VfioUser;

/// <summary>The configuration space of a conventional PCI function (PCI Local Bus Specification 3.0, 6.1 to 6.8): its bytes,
/// and which bits of them can be written.</summary>
internal sealed class PciConfigSpace
{
    internal const int Size = 256;

    /// <summary>Bit 10 of the command register: no INTx.</summary>
    internal const ushort InterruptDisable = 1 << 10;

    private const int Command = 0x04, Status = 0x06, ClassCode = 0x09, Bars = 0x10, SubsystemVendor = 0x2C, Subsystem = 0x2E,
        CapabilitiesPointer = 0x34, InterruptLine = 0x3C, InterruptPin = 0x3D, Msi = 0x50, Msix = 0x70;
    private const ushort MemorySpace = 1 << 1, BusMaster = 1 << 2, ErrorReports = 1 << 8;
    private const ushort InterruptStatus = 1 << 3, HasCapabilities = 1 << 4;
    private const ushort Msi64Bit = 1 << 7, MsiEnable = 1, MsiCountMask = 7 << 4;
    private const int MsiCountShift = 1;

    private readonly byte[] _reset = new byte[Size], _bytes = new byte[Size], _writable = new byte[Size];

    /// <param name="its">What the function is.</param>
    /// <param name="barSizes">Bytes of each BAR of 32 bits: 0, or a power of two from 16 on.</param>
    /// <param name="tableBar">The BAR with the MSI-X table at 0.</param>
    /// <param name="pendingBits">Where its pending bits begin.</param>
    internal PciConfigSpace(PciFunctionOptions its, ReadOnlySpan<uint> barSizes, int tableBar, uint pendingBits)
    {
        Put(0, its.Vendor);
        Put(2, its.Device);
        Put(Command, 0, MemorySpace | BusMaster | ErrorReports | InterruptDisable);
        _reset[ClassCode] = (byte)its.Class;
        Put(ClassCode + 1, (ushort)(its.Class >> 8));
        Put(SubsystemVendor, its.Vendor);
        Put(Subsystem, its.Device);
        for (int i = 0; i < barSizes.Length; i++)
        {
            // The bits below the size are 0: so software finds it.
            if (barSizes[i] != 0)
                BinaryPrimitives.WriteUInt32LittleEndian(_writable.AsSpan(Bars + i * sizeof(uint)), ~(barSizes[i] - 1));
        }
        _writable[InterruptLine] = byte.MaxValue;
        _reset[InterruptPin] = its.HasIntx ? (byte)1 : (byte)0;
        int link = CapabilitiesPointer;
        if (its.MsiVectors > 0)
        {
            link = Link(link, Msi, MsiCapability.CapabilityId);
            Put(Msi + 2, (ushort)(Msi64Bit | BitOperations.Log2((uint)its.MsiVectors) << MsiCountShift), MsiEnable | MsiCountMask);
            // The lower two bits of an address are 0.
            Put(Msi + 4, 0, 0xFFFC);
            Put(Msi + 6, 0, 0xFFFF);
            Put(Msi + 8, 0, 0xFFFF);
            Put(Msi + 10, 0, 0xFFFF);
            Put(Msi + 12, 0, 0xFFFF);
        }
        if (its.MsixVectors > 0)
        {
            Link(link, Msix, MsixTable.CapabilityId);
            Put(Msix + 2, (ushort)(its.MsixVectors - 1), MsixTable.EnableBit | MsixTable.FunctionMaskBit);
            BinaryPrimitives.WriteUInt32LittleEndian(_reset.AsSpan(Msix + 4), (uint)tableBar);
            BinaryPrimitives.WriteUInt32LittleEndian(_reset.AsSpan(Msix + 8), pendingBits | (uint)tableBar);
        }
        if (_reset[CapabilitiesPointer] != 0)
            Put(Status, HasCapabilities);
        Reset();
    }

    /// <summary>Whether the guest has set DisINTx.</summary>
    internal bool DisablesIntx => (Word(Command) & InterruptDisable) != 0;

    /// <summary>Whether the function asserts INTx. DisINTx does not change it.</summary>
    internal bool Asserts
    {
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(Status), (ushort)(value ? Word(Status) | InterruptStatus : Word(Status) & ~InterruptStatus));
    }

    internal void Reset()
    {
        bool asserted = (Word(Status) & InterruptStatus) != 0;
        _reset.CopyTo(_bytes, 0);
        Asserts = asserted;
    }

    internal void Read(int offset, Span<byte> bytes) => _bytes.AsSpan(offset, bytes.Length).CopyTo(bytes);

    internal void Write(int offset, ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            byte writable = _writable[offset + i];
            _bytes[offset + i] = (byte)(_bytes[offset + i] & ~writable | bytes[i] & writable);
        }
    }

    private ushort Word(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(at));

    private void Put(int at, ushort value, ushort writable = 0)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(_reset.AsSpan(at), value);
        BinaryPrimitives.WriteUInt16LittleEndian(_writable.AsSpan(at), writable);
    }

    /// <summary>Appends a capability to the list.</summary>
    /// <returns>Where the next one is linked.</returns>
    private int Link(int link, byte at, byte id)
    {
        _reset[link] = at;
        _reset[at] = id;
        return at + 1;
    }
}
