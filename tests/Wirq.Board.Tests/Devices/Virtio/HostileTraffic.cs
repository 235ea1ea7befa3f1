using System.Buffers.Binary;
using static Wirq.Board.Tests.Devices.Virtio.HostileMachine;

namespace Wirq.Board.Tests.Devices.Virtio;

/// <summary>What a hostile guest does: it writes configuration space, BARs, MSI-X tables and rings, in any size, place and
/// order.</summary>
/// <remarks>A seed determines the accesses. How the devices' own threads come between them, it does not.<code>
/// 0x00010000  descriptors, rings and data, which the guest names    0x20000000  memory that it never names
/// </code>A table may lie in a ring, and then indices of the ring are addresses. So the memory that is never named is far from those
/// that indices can become.</remarks>
internal sealed class HostileTraffic(HostileMachine machine, int seed)
{
    internal const ulong Untouched = 0x20000000;
    internal const byte Canary = 0xC5;

    private const int UntouchedBytes = 1 << 20;

    private const ulong Descriptors = 0x10000, Available = 0x11000, Used = 0x12000, Indirect = 0x13000, Data = 0x20000;
    private static readonly int[] s_sizes = [1, 2, 4, 8];
    private static readonly uint[] s_bars = [0xFFFFFFFF, 0, 0xFF000000, 0xFEC00000, 0xFEE00000, Bar, 0xFFFF8000, 0x00100000];
    // What ends in the memory that is named, and what ends nowhere in memory.
    private static readonly uint[] s_lengths = [0, 1, 16, 32, 48, 512, 513, 4096, 1 << 15, 4 << 20, uint.MaxValue];
    private static readonly ulong[] s_addresses = [Data, Data + 0x800, Indirect, Descriptors, Available, Used, 0x8000, MemoryBytes - 4, MemoryBytes, ulong.MaxValue - 8];

    private readonly Random _random = new(seed);

    /// <summary>Prepares memory.</summary>
    internal void Begin() => machine.Memory.AsSpan(Untouched, UntouchedBytes).Fill(Canary);

    /// <summary>Whether memory that no request named is as it was.</summary>
    internal bool IsUntouched => !machine.Memory.AsSpan(Untouched, UntouchedBytes).ContainsAnyExcept(Canary);

    /// <summary>One thing.</summary>
    internal void Next()
    {
        int slot = _random.Next(TestSlot, EntropySlot + 1);
        switch (_random.Next(16))
        {
            case 0: AnyConfiguration(); break;
            case 1: machine.Configure(slot, 0x10, _random.Next(4), Size(), Bars()); break;
            case 2: machine.Configure(slot, 0x04, 0, 2, (uint)_random.Next(8) | (uint)_random.Next(2) << 10); break;
            case 3: machine.Configure(slot, slot == TestSlot ? 0x50u : 0x40u, _random.Next(4), Size(), Word()); break;
            case 4: machine.Place(slot, _random.Next(2) == 0); break;
            case 5: machine.Write(slot, (uint)_random.Next(0x40), s_sizes[_random.Next(4)], Common()); break;
            case 6: machine.Write(slot, 0x4000 + (uint)_random.Next(0x30), s_sizes[_random.Next(4)], Message()); break;
            case 7: machine.Write(slot, 0x5000 + (uint)_random.Next(0x10), s_sizes[_random.Next(4)], Word()); break;
            case 8: machine.Read(slot, (uint)_random.Next((int)BarBytes + 8), s_sizes[_random.Next(4)]); break;
            case 9: Anywhere(); break;
            case 10: Bring(slot); break;
            case 11 or 12: Ring(slot); break;
            case 13: machine.Reset(slot); break;
            case 14: machine.Mask(slot, _random.Next(2) == 0); break;
            default: machine.Take(); break;
        }
    }

    /// <summary>CF8 and CFC in any size, at any port, for any function.</summary>
    private void AnyConfiguration()
    {
        uint address = Word();
        machine.Bus.WritePort(0xCF8, _random.Next(8) == 0 ? Size() : 4, _random.Next(2) == 0 ? address : 0x80000000 | address & 0x1FFF);
        ushort port = (ushort)(0xCF8 + _random.Next(8));
        if (port == 0xCF9)
            port = 0xCFC;
        if (_random.Next(2) == 0)
            machine.Bus.WritePort(port, Size(), Word());
        else
            machine.Bus.ReadPort(port, Size());
    }

    private void Anywhere()
    {
        uint[] places = [Bar, Bar + 0x40000, 0xFF000000, 0xFEFF0000];
        ulong address = places[_random.Next(places.Length)] + (uint)_random.Next(0x20000);
        if (_random.Next(2) == 0)
            machine.Bus.WriteMemory(address, _random.Next(1, 9), Word());
        else
            machine.Bus.ReadMemory(address, _random.Next(1, 9));
    }

    /// <summary>A driver starts a function: only then are rings looked at.</summary>
    private void Bring(int slot)
    {
        bool messages = _random.Next(2) == 0;
        machine.Reset(slot);
        machine.Place(slot, messages);
        if (slot == TestSlot)
        {
            machine.Write(slot, (uint)_random.Next(5) * 4, 4, Small());
            return;
        }
        (uint Offset, int Size, ulong Value)[] writes =
        [
            (0x14, 1, 3), (0x08, 4, 1), (0x0C, 4, 1), (0x08, 4, 0), (0x0C, 4, (ulong)_random.Next(2) << 28), (0x14, 1, 0xB), (0x10, 2, 1),
            (0x16, 2, 0), (0x18, 2, 1u << _random.Next(9)), (0x1A, 2, (ulong)_random.Next(3)), (0x20, 4, Descriptors), (0x28, 4, Available),
            (0x30, 4, _random.Next(20) == 0 ? MemoryBytes - 8 : Used), (0x1C, 2, 1), (0x14, 1, 0xF),
        ];
        // At times one is left out, or the order is another.
        int left = _random.Next(writes.Length * 3), swapped = _random.Next(writes.Length * 3);
        if (swapped < writes.Length - 1)
            (writes[swapped], writes[swapped + 1]) = (writes[swapped + 1], writes[swapped]);
        machine.Memory.AsSpan(Available, 8).Clear();
        for (int i = 0; i < writes.Length; i++)
        {
            if (i != left)
                machine.Write(slot, writes[i].Offset, writes[i].Size, writes[i].Value);
        }
        Ring(slot);
    }

    /// <summary>Writes descriptors and heads, and rings the doorbell; the device may be at work on them.</summary>
    private void Ring(int slot)
    {
        for (int i = 0; i < 4; i++)
        {
            Descriptor(Descriptors + (ulong)_random.Next(16) * 16);
            Descriptor(Indirect + (ulong)_random.Next(4) * 16);
        }
        Span<byte> ring = machine.Memory.AsSpan(Available, 0x208);
        for (int i = 0; i < 4; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(ring[(4 + _random.Next(16) * 2)..], (ushort)_random.Next(17));
        ushort index = BinaryPrimitives.ReadUInt16LittleEndian(ring[2..]);
        BinaryPrimitives.WriteUInt16LittleEndian(ring[2..], (ushort)(_random.Next(30) == 0 ? _random.Next(65536) : index + _random.Next(3)));
        // A request of a disk: a type, and a sector, some beyond its end.
        Span<byte> request = machine.Memory.AsSpan(Data, 16);
        request.Clear();
        request[0] = (byte)_random.Next(10);
        request[8] = (byte)_random.Next(Sectors + 2);
        machine.Write(slot, 0x3000 + (uint)_random.Next(2), s_sizes[_random.Next(4)], Small());
    }

    private void Descriptor(ulong at)
    {
        Span<byte> words = machine.Memory.AsSpan(at, 16);
        uint bytes = s_lengths[_random.Next(s_lengths.Length)];
        BinaryPrimitives.WriteUInt64LittleEndian(words, s_addresses[_random.Next(s_addresses.Length)]);
        BinaryPrimitives.WriteUInt32LittleEndian(words[8..], bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(words[12..], (ushort)_random.Next(8));
        BinaryPrimitives.WriteUInt16LittleEndian(words[14..], (ushort)_random.Next(17));
    }

    /// <summary>For common configuration. As the address of a ring, it must not name the memory that is never named.</summary>
    private ulong Common() => Small() is var value && value < 16 ? value : value | 0x80000000;

    private uint Bars() => _random.Next(3) switch
    {
        0 => s_bars[_random.Next(s_bars.Length)],
        1 => BarOf(_random.Next(TestSlot, EntropySlot + 2)),
        _ => Word(),
    };

    /// <summary>A word of an MSI-X entry: an address, a vector, a mask, or anything.</summary>
    private ulong Message() => _random.Next(5) switch
    {
        0 => 0xFEE00000 | (uint)_random.Next(4) << 12 | (uint)_random.Next(16),
        1 => (uint)_random.Next(0x100),
        2 => (uint)_random.Next(2),
        3 => Word(),
        _ => (ulong)_random.NextInt64(),
    };

    private int Size() => s_sizes[_random.Next(3)];

    private ulong Small() => _random.Next(3) == 0 ? Word() : (ulong)_random.Next(16);

    private uint Word() => (uint)_random.NextInt64(1L << 32);
}
