using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Wirq.Lab.Exploring;

/// <summary>A visited state: its identity, and how it was reached first.</summary>
/// <param name="Low">Bits 63:0 of its identity.</param>
/// <param name="High">Bits 127:64.</param>
/// <param name="Parent">The number of the state before it.</param>
/// <param name="Action">The transition between the two.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct Visited(ulong Low, ulong High, uint Parent, ActionCode Action);

/// <summary>The visited states, numbered in the order in which they were added.</summary>
/// <remarks>
/// <para>A state costs 24 bytes in a list of segments, and 5 bytes for each slot of the tables, which are between 7/16 and 7/8
/// full: 30 to 36 bytes. There are 256 tables, chosen by the identity, and each doubles by itself. So while one of them is moved,
/// the others stay as they are, and neither the memory nor the pause doubles.</para>
/// <para>A table is a row of slots in groups of 16: one byte of the identity for each slot, compared 16 at a time, and the number of
/// the state. Nothing is ever removed.</para>
/// <para>One thread adds. Others may ask meanwhile: they may miss what is added at the same time, and never find what was not
/// added.</para>
/// </remarks>
internal sealed unsafe class VisitedSet
{
    /// <summary>The most states.</summary>
    internal const long MaxCount = uint.MaxValue - 1;

    private const int SegmentBits = 11, Segment = 1 << SegmentBits, Tables = 256, Group = 16;
    private readonly Segments _memory;
    private readonly Table[] _tables = new Table[Tables];
    // Their addresses.
    private nint[] _segments = new nint[64];
    private long _count;
    private long _tableBytes;

    internal VisitedSet(Segments memory)
    {
        _memory = memory;
        for (int i = 0; i < Tables; i++)
            _tables[i] = new Table(Group);
        _tableBytes = Tables * (long)Group * Table.SlotBytes;
    }

    /// <summary>How many there are.</summary>
    internal long Count => _count;

    /// <summary>The bytes of its tables.</summary>
    internal long TableBytes => _tableBytes;

    /// <summary>The bytes that it holds, in memory and on disk.</summary>
    internal long Bytes => (_count + Segment - 1) / Segment * Segment * Marshal.SizeOf<Visited>() + _tableBytes;

    /// <summary>The state of a number.</summary>
    internal ref Visited this[long number] => ref ((Visited*)Volatile.Read(ref _segments)[number >> SegmentBits])[number & (Segment - 1)];

    /// <summary>The number of a state; -1 if it was not visited.</summary>
    internal long Find(UInt128 identity)
    {
        (ulong low, ulong high) = Halves(identity);
        return Find(Volatile.Read(ref _tables[TableOf(high)]), low, high);
    }

    /// <summary>Adds a state.</summary>
    /// <param name="identity">Its identity.</param>
    /// <param name="parent">The number of the state before it.</param>
    /// <param name="action">The transition between the two.</param>
    /// <param name="number">Its number, whether it is new or not.</param>
    /// <returns>Whether it is new.</returns>
    internal bool Add(UInt128 identity, uint parent, ActionCode action, out long number)
    {
        (ulong low, ulong high) = Halves(identity);
        Table table = _tables[TableOf(high)];
        number = Find(table, low, high);
        if (number >= 0)
            return false;
        number = _count;
        int segment = (int)(number >> SegmentBits);
        if (segment == _segments.Length)
        {
            var more = new nint[_segments.Length * 2];
            _segments.CopyTo(more, 0);
            Volatile.Write(ref _segments, more);
        }
        if (_segments[segment] == 0)
            _segments[segment] = (nint)_memory.Take(Segment * sizeof(Visited));
        ((Visited*)_segments[segment])[number & (Segment - 1)] = new Visited(low, high, parent, action);
        _count = number + 1;
        if (table.IsFull)
            table = Grow(TableOf(high), table);
        table.Add(low, (uint)number);
        return true;
    }

    // Other threads read an entry in two halves. No half of an identity is zero, so one that is half written is equal to none.
    private static (ulong Low, ulong High) Halves(UInt128 identity)
    {
        ulong low = (ulong)identity, high = (ulong)(identity >> 64);
        return (low == 0 ? 1 : low, high == 0 ? 1 : high);
    }

    private static int TableOf(ulong high) => (int)(high >> 56);

    private long Find(Table table, ulong low, ulong high)
    {
        Vector128<byte> tag = Vector128.Create(Table.TagOf(low));
        for (int group = table.GroupOf(low); ; group = table.Next(group))
        {
            var tags = Vector128.Create(table.Tags, group * Group);
            for (uint same = Vector128.Equals(tags, tag).ExtractMostSignificantBits(); same != 0; same &= same - 1)
            {
                uint number = table.Numbers[group * Group + BitOperations.TrailingZeroCount(same)];
                ref Visited one = ref this[number];
                if (one.Low == low && one.High == high)
                    return number;
            }
            if (Vector128.EqualsAny(tags, Vector128<byte>.Zero))
                return -1;
        }
    }

    private Table Grow(int at, Table full)
    {
        var larger = new Table(full.Tags.Length * 2);
        for (int slot = 0; slot < full.Tags.Length; slot++)
        {
            if (full.Tags[slot] != 0)
                larger.Add(this[full.Numbers[slot]].Low, full.Numbers[slot]);
        }
        _tableBytes += (long)full.Tags.Length * Table.SlotBytes;
        Volatile.Write(ref _tables[at], larger);
        return larger;
    }

    private sealed class Table(int slots)
    {
        internal const int SlotBytes = sizeof(byte) + sizeof(uint);

        // 0 for a free slot.
        internal readonly byte[] Tags = new byte[slots];
        internal readonly uint[] Numbers = new uint[slots];
        private readonly int _mask = slots / Group - 1;
        private int _count;

        internal bool IsFull => _count >= Tags.Length / 8 * 7;

        internal static byte TagOf(ulong low) => (byte)Math.Max(1, low >> 56);
        internal int GroupOf(ulong low) => (int)low & _mask;
        internal int Next(int group) => (group + 1) & _mask;

        internal void Add(ulong low, uint number)
        {
            for (int group = GroupOf(low); ; group = Next(group))
            {
                int free = Tags.AsSpan(group * Group, Group).IndexOf((byte)0);
                if (free < 0)
                    continue;
                Numbers[group * Group + free] = number;
                // Last: who sees the tag sees the number.
                Volatile.Write(ref Tags[group * Group + free], TagOf(low));
                _count++;
                return;
            }
        }
    }
}
