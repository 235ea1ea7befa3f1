using System.Buffers.Binary;

namespace Wirq.Traces.Snapshots.Qemu;

/// <summary>What a stream holds of a function of a PCI device: configuration space, levels of INTx, MSI-X.</summary>
/// <param name="State">What the judge reads.</param>
/// <param name="Config">Its configuration space; empty where it is not known.</param>
internal sealed record PciFunction(SavedFunction State, byte[] Config)
{
    private const int ConventionalConfig = 256, ExpressConfig = 4096, LevelBytes = 16, VersionBytes = sizeof(uint);
    private const int EntryBytes = (int)MsixTable.EntrySize, BitsPerByte = 8;
    // PCI Local Bus 3.0, 6.7 (capabilities) and 6.8.2 (MSI-X).
    private const int CommandAt = 4, DisableIntx = 1 << 10, StatusAt = 6, CapabilitiesAt = 0x34, FirstCapability = 0x40, ControlAt = 2;
    private const byte HasCapabilities = 0x10;
    private const ushort SizeBits = MsixTable.MaxVectors - 1;

    internal static PciFunction Read(StreamValues values)
    {
        foreach (StreamField structure in values.Structures("PCIDevice"))
        {
            if (StreamValues.OfType(structure, "pci config") is not { } config || StreamValues.OfType(structure, "pci irq state") is not { Length: LevelBytes } levels)
                continue;
            byte[] space = values.Bytes(config).ToArray();
            StreamField? table = values.Structures("msix").Select(msix => StreamValues.OfType(msix, "msix state")).FirstOrDefault(one => one is not null);
            return Compose(values, space, levels, table is { } field ? values.Bytes(field) : [], table);
        }
        return values.Field("virtio") is { } blob && OfVirtio(values, blob) is { } function ? function
            : new(new SavedFunction { Name = values.Device }, []);
    }

    /// <summary>A virtio device is one opaque field, which begins like any function: version, configuration space, INTx,
    /// MSI-X (QEMU, virtio_pci_save_config). Its configuration space is of one of two sizes.</summary>
    private static PciFunction? OfVirtio(StreamValues values, StreamField blob)
    {
        ReadOnlySpan<byte> bytes = values.Bytes(blob);
        foreach (int size in (ReadOnlySpan<int>)[ExpressConfig, ConventionalConfig])
        {
            int levelsAt = VersionBytes + size, tableAt = levelsAt + LevelBytes;
            if (bytes.Length < tableAt || !AreLevels(bytes.Slice(levelsAt, LevelBytes)) || BinaryPrimitives.ReadUInt16LittleEndian(bytes[VersionBytes..]) != VirtioVendor)
                continue;
            byte[] space = bytes.Slice(VersionBytes, size).ToArray();
            StreamField levels = blob with { Offset = blob.Offset + levelsAt, Size = LevelBytes };
            int count = MsixAt(space) is > 0 and int at ? CountOf(space, at) : 0;
            int length = LengthOf(count);
            if (bytes.Length < tableAt + length || !AreEntries(bytes.Slice(tableAt, count * EntryBytes)))
                continue;
            return Compose(values, space, levels, bytes.Slice(tableAt, length), blob with { Offset = blob.Offset + tableAt, Size = length });
        }
        return null;
    }

    private const ushort VirtioVendor = 0x1AF4;

    private static PciFunction Compose(StreamValues values, byte[] space, StreamField levels, ReadOnlySpan<byte> table, StreamField? tableField)
    {
        byte asserted = 0;
        ReadOnlySpan<byte> words = values.Bytes(levels);
        for (int pin = 0; pin < LevelBytes / sizeof(uint); pin++)
            asserted |= (byte)(BinaryPrimitives.ReadUInt32BigEndian(words[(pin * sizeof(uint))..]) != 0 ? 1 << pin : 0);
        var state = new SavedFunction
        {
            Name = values.Device,
            Intx = new(asserted, values.PlaceOf(levels, "irq_state")),
            IntxDisabled = space.Length >= ConventionalConfig && (BinaryPrimitives.ReadUInt16LittleEndian(space.AsSpan(CommandAt)) & DisableIntx) != 0,
        };
        if (tableField is { } field && MsixAt(space) is > 0 and int at && LengthOf(CountOf(space, at)) == table.Length)
            state.Msix = Msix(BinaryPrimitives.ReadUInt16LittleEndian(space.AsSpan(at + ControlAt)), table, values.PlaceOf(field, "msix"));
        return new(state, space);
    }

    private static SavedMsix Msix(ushort control, ReadOnlySpan<byte> table, ValuePlace place)
    {
        int count = (control & SizeBits) + 1;
        ReadOnlySpan<byte> pending = table[(count * EntryBytes)..];
        var entries = new SavedVector[count];
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = table[(i * EntryBytes)..];
            bool waits = (pending[i / BitsPerByte] >> i % BitsPerByte & 1) != 0;
            entries[i] = new(new Msi(BinaryPrimitives.ReadUInt64LittleEndian(entry), BinaryPrimitives.ReadUInt32LittleEndian(entry[8..])),
                (entry[12] & 1) != 0, waits, place with { Field = $"msix[{i}]", Offset = place.Offset + i * EntryBytes });
        }
        return new(new((control & MsixTable.EnableBit) != 0, place), new((control & MsixTable.FunctionMaskBit) != 0, place), entries);
    }

    private static int LengthOf(int count) => count * EntryBytes + (count + BitsPerByte - 1) / BitsPerByte;

    private static int CountOf(byte[] space, int at) => (BinaryPrimitives.ReadUInt16LittleEndian(space.AsSpan(at + ControlAt)) & SizeBits) + 1;

    /// <summary>Where the MSI-X capability stands; 0 for none. A list that a guest's device makes endless ends here.</summary>
    private static int MsixAt(byte[] space)
    {
        const int mostCapabilities = 48, aligned = 0xFC;
        if (space.Length < ConventionalConfig || (space[StatusAt] & HasCapabilities) == 0)
            return 0;
        int at = space[CapabilitiesAt] & aligned;
        for (int seen = 0; seen < mostCapabilities && at >= FirstCapability; seen++, at = space[at + 1] & aligned)
        {
            if (space[at] == MsixTable.CapabilityId)
                return at;
        }
        return 0;
    }

    private static bool AreLevels(ReadOnlySpan<byte> words)
    {
        for (int at = 0; at < words.Length; at += sizeof(uint))
        {
            if (BinaryPrimitives.ReadUInt32BigEndian(words[at..]) > 1)
                return false;
        }
        return true;
    }

    // Bits 31:1 of a vector's control word are reserved.
    private static bool AreEntries(ReadOnlySpan<byte> table)
    {
        for (int at = 0; at < table.Length; at += EntryBytes)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(table[(at + 12)..]) > 1)
                return false;
        }
        return true;
    }
}
