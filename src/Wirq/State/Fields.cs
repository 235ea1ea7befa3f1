using System.Globalization;

namespace Wirq.State;

/// <summary>Goes over the fields of a state, in their order: those of a snapshot. One method of a chip names its fields once; it writes
/// them, reads them or shows them, by the kind of this object.</summary>
/// <remarks>Each call takes the value of a field and returns the value that it has afterwards: the same, or the one that
/// was read. The valid values stand in the call. A value that is not valid is refused in both directions: a snapshot
/// that could not be restored is not written.</remarks>
internal abstract class Fields
{
    private readonly List<(string Name, int Number)> _path = [];

    /// <summary>Whether values come from a snapshot.</summary>
    internal virtual bool IsReading => false;

    /// <summary>Virtual time of the snapshot, in ns: times are stored as distances from it.</summary>
    internal long Now { get; set; }

    /// <summary>The virtual time that stands in the snapshot, if it is not that of the machine.</summary>
    internal long? Saved { get; set; }

    /// <summary>A machine that is read goes on at this time, if that of the snapshot is earlier.</summary>
    internal long NotBefore { get; init; }

    /// <summary>Where the next field is, in bytes.</summary>
    protected abstract long Position { get; }

    /// <summary>Moves one field of up to 8 bytes.</summary>
    protected abstract ulong Move(string name, ulong value, int bytes, FieldForm form, Type? choices);

    /// <summary>Moves a text.</summary>
    protected abstract string MoveText(string name, string value);

    /// <summary>Moves bytes of any length.</summary>
    protected abstract byte[] MoveBytes(string name, byte[] value, int most);

    /// <summary>A word with the bits that may be set in it.</summary>
    internal ulong U64(string name, ulong value, ulong mask = ulong.MaxValue) => Masked(name, value, 8, mask);

    /// <inheritdoc cref="U64"/>
    internal uint U32(string name, uint value, uint mask = uint.MaxValue) => (uint)Masked(name, value, 4, mask);

    /// <inheritdoc cref="U64"/>
    internal ushort U16(string name, ushort value, ushort mask = ushort.MaxValue) => (ushort)Masked(name, value, 2, mask);

    /// <inheritdoc cref="U64"/>
    internal byte U8(string name, byte value, byte mask = byte.MaxValue) => (byte)Masked(name, value, 1, mask);

    /// <summary>A number of 32 bits in a range.</summary>
    internal int Number(string name, int value, int least, int most) => (int)Wide(name, value, 4, least, most);

    /// <summary>A number of 64 bits in a range.</summary>
    internal long Number(string name, long value, long least, long most) => Wide(name, value, 8, least, most);

    /// <summary>Yes or no, as one byte.</summary>
    internal bool Flag(string name, bool value)
    {
        long at = Position;
        ulong moved = Move(name, value ? 1u : 0, 1, FieldForm.Flag, null);
        if (moved > 1)
            Refuse(at, name, $"{moved}", "0 or 1");
        return moved != 0;
    }

    /// <summary>A byte that is 0 or 1.</summary>
    internal byte Flag(string name, byte value) => Flag(name, value != 0) ? (byte)1 : (byte)0;

    /// <summary>One of the values of an enumeration, as one byte.</summary>
    internal T Choice<T>(string name, T value) where T : struct, Enum
    {
        long at = Position;
        ulong moved = Move(name, Convert.ToUInt64(value, CultureInfo.InvariantCulture), 1, FieldForm.Choice, typeof(T));
        var chosen = (T)Enum.ToObject(typeof(T), moved);
        if (!Enum.IsDefined(chosen))
            Refuse(at, name, $"{moved}", string.Join(", ", Enum.GetValues<T>().Select(one => $"{Convert.ToUInt64(one, CultureInfo.InvariantCulture)} ({one})")));
        return chosen;
    }

    /// <summary>A moment, in ns of virtual time, stored as its distance from <see cref="Now"/>; <paramref name="never"/>
    /// stands for none.</summary>
    internal long Time(string name, long value, long never)
    {
        if (!Flag(name + "Set", value != never))
            return never;
        const long far = 1L << 61;
        return Now + Wide(name, value == never ? 0 : value - Now, 8, -far, far);
    }

    /// <summary>A text of at most 64 KiB.</summary>
    internal string Text(string name, string value, bool mayBeEmpty = true)
    {
        long at = Position;
        string moved = MoveText(name, value);
        if (moved.Length == 0 && !mayBeEmpty)
            Refuse(at, name, "empty", "a name");
        return moved;
    }

    /// <summary>Bytes.</summary>
    internal byte[] Bytes(string name, byte[] value, int most) => MoveBytes(name, value, most);

    /// <summary>A list whose length is in the snapshot.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="count">How many items there are; while reading, this does not matter.</param>
    /// <param name="most">The most items.</param>
    /// <param name="each">Moves the item with a number.</param>
    internal void List(string name, int count, int most, Action<int> each)
    {
        count = Number(name + "Count", count, 0, most);
        BeginList(name, count);
        for (int i = 0; i < count; i++)
            Item(name, i, each);
        EndList();
    }

    /// <summary>A list whose length follows from the shape of the machine.</summary>
    internal void Row(string name, int count, Action<int> each)
    {
        BeginList(name, count);
        for (int i = 0; i < count; i++)
            Item(name, i, each);
        EndList();
    }

    /// <summary>Fields with a common name.</summary>
    internal void Group(string name, Action fields)
    {
        _path.Add((name, -1));
        BeginGroup(name);
        fields();
        EndGroup();
        _path.RemoveAt(_path.Count - 1);
    }

    /// <summary>A requirement that concerns several fields: the last one is named.</summary>
    internal void Demand(bool holds, string name, string found, string expected)
    {
        if (!holds)
            Refuse(Position, name, found, expected);
    }

    /// <summary>Begins an object of a view.</summary>
    protected virtual void BeginGroup(string? name) { }

    /// <summary>Ends it.</summary>
    protected virtual void EndGroup() { }

    /// <summary>Begins a list of a view.</summary>
    protected virtual void BeginList(string name, int count) { }

    /// <summary>Ends it.</summary>
    protected virtual void EndList() { }

    /// <summary>The path of a field.</summary>
    protected string PathOf(string name) =>
        string.Concat(_path.Select(part => part.Number < 0 ? $"{part.Name}." : $"{part.Name}[{part.Number}].")) + name;

    /// <summary>What is thrown for a field that is refused.</summary>
    /// <param name="position">Where it is, in bytes.</param>
    /// <param name="path">Its path.</param>
    /// <param name="found">The value that it has.</param>
    /// <param name="expected">The values that it may have.</param>
    protected abstract Exception Refusal(long position, string path, string found, string expected);

    /// <summary>Refuses a field.</summary>
    protected void Refuse(long position, string name, string found, string expected) => throw Refusal(position, PathOf(name), found, expected);

    private void Item(string name, int number, Action<int> each)
    {
        _path.Add((name, number));
        BeginGroup(null);
        each(number);
        EndGroup();
        _path.RemoveAt(_path.Count - 1);
    }

    private ulong Masked(string name, ulong value, int bytes, ulong mask)
    {
        long at = Position;
        ulong moved = Move(name, value, bytes, FieldForm.Word, null);
        if ((moved & ~mask) != 0)
            Refuse(at, name, $"0x{moved:x}", $"no bit of 0x{~mask & (ulong.MaxValue >> (64 - bytes * 8)):x}");
        return moved;
    }

    private long Wide(string name, long value, int bytes, long least, long most)
    {
        long at = Position;
        ulong moved = Move(name, (ulong)value, bytes, FieldForm.Number, null);
        long number = bytes == 4 ? (int)moved : (long)moved;
        if (number < least || number > most)
            Refuse(at, name, $"{number}", least == most ? $"{least}" : $"{least} to {most}");
        return number;
    }
}

/// <summary>How a field is shown.</summary>
internal enum FieldForm : byte
{
    /// <summary>A word of a register: hexadecimal.</summary>
    Word,
    /// <summary>A signed number.</summary>
    Number,
    /// <summary>Yes or no.</summary>
    Flag,
    /// <summary>A name.</summary>
    Choice,
}
