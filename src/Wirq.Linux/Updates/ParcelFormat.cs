using System.Buffers.Binary;
using System.Text;
using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>A parcel as it travels: a head, a body, and then the descriptors, eventfds first. All numbers are
/// little-endian.</summary>
/// <remarks><code>
/// head  0  "WIRQHAND"          body  snapshot: length (32 bits), bytes
///       8  version, 1 (16)           each eventfd: its number on the old side (32)
///      10  0 (16)                    each other descriptor: name
///      12  length of the body (32)   each state: name, length (32), bytes
///      16  eventfds (32)             a name: length (16), UTF-8
///      20  other descriptors (32)
///      24  states (32)
///      28  0 (32)
/// </code></remarks>
internal static class ParcelFormat
{
    internal const int HeadBytes = 32, MostNameBytes = 255;

    private const int VersionOffset = 8, BodyOffset = 12, EventFdsOffset = 16, DescriptorsOffset = 20, StatesOffset = 24;
    private const ushort Version = 1;

    private static readonly UTF8Encoding s_text = new(false, throwOnInvalidBytes: true);

    private static ReadOnlySpan<byte> Magic => "WIRQHAND"u8;

    /// <summary>The lengths in a head.</summary>
    internal readonly record struct Head(int Body, int EventFds, int Descriptors, int States)
    {
        internal int AllDescriptors => EventFds + Descriptors;
    }

    /// <summary>Head and body.</summary>
    internal static byte[] Write(LiveUpdateParcel parcel)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(new byte[HeadBytes]);
        Put(writer, parcel.Snapshot.Span);
        foreach (EventFdHandle eventFd in parcel.EventFds)
            writer.Write(eventFd.EventFd.Number);
        foreach (string name in parcel.Descriptors.Keys)
            Put(writer, name);
        foreach ((string name, ReadOnlyMemory<byte> state) in parcel.States)
        {
            Put(writer, name);
            Put(writer, state.Span);
        }
        byte[] all = bytes.ToArray();
        Magic.CopyTo(all);
        BinaryPrimitives.WriteUInt16LittleEndian(all.AsSpan(VersionOffset), Version);
        Put(all, BodyOffset, all.Length - HeadBytes);
        Put(all, EventFdsOffset, parcel.EventFds.Count);
        Put(all, DescriptorsOffset, parcel.Descriptors.Count);
        Put(all, StatesOffset, parcel.States.Count);
        return all;
    }

    internal static Head ReadHead(ReadOnlySpan<byte> bytes, LiveUpdateLimits limits)
    {
        if (!bytes.StartsWith(Magic))
            throw new LiveUpdateException("the other side hands over no machine of Wirq: its first bytes are not WIRQHAND");
        if (BinaryPrimitives.ReadUInt16LittleEndian(bytes[VersionOffset..]) is var version and not Version)
            throw new LiveUpdateException($"the other side speaks version {version}; expected {Version}");
        var head = new Head(
            Bounded(bytes, BodyOffset, limits.Bytes, "bytes"), Bounded(bytes, EventFdsOffset, limits.Descriptors, "eventfds"),
            Bounded(bytes, DescriptorsOffset, limits.Descriptors, "descriptors"), Bounded(bytes, StatesOffset, limits.Bytes, "states"));
        return head.AllDescriptors <= limits.Descriptors ? head
            : throw new LiveUpdateException($"the other side announces {head.AllDescriptors} descriptors; expected {limits.Descriptors} at most");
    }

    /// <summary>Reads a body of which every length is checked.</summary>
    internal static void ReadBody(ReadOnlySpan<byte> bytes, Head head, LiveUpdateReceipt into)
    {
        var reader = new Reader(bytes);
        var seen = new HashSet<object>();
        into.Snapshot = reader.Block("the snapshot");
        for (int i = 0; i < head.EventFds; i++)
        {
            var saved = new EventFd(reader.Number("an eventfd"));
            if (!saved.Exists || !seen.Add(saved))
                throw new LiveUpdateException($"eventfd {saved.Number} of the other side cannot be one, or comes twice");
            into.SavedEventFds.Add(saved);
        }
        for (int i = 0; i < head.Descriptors; i++)
        {
            string name = reader.Name();
            if (!seen.Add(name))
                throw new LiveUpdateException($"descriptor {name} comes twice");
            into.DescriptorNames.Add(name);
        }
        for (int i = 0; i < head.States; i++)
        {
            string name = reader.Name();
            if (!into.OfStates.TryAdd(name, reader.Block(name)))
                throw new LiveUpdateException($"state {name} comes twice");
        }
        if (!reader.IsAtEnd)
            throw new LiveUpdateException("the other side sends more bytes than its machine has");
    }

    private static int Bounded(ReadOnlySpan<byte> bytes, int offset, int most, string what)
    {
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);
        return count <= most ? (int)count : throw new LiveUpdateException($"the other side announces {count} {what}; expected {most} at most");
    }

    private static void Put(byte[] bytes, int offset, int value) => BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(offset), value);

    private static void Put(BinaryWriter writer, ReadOnlySpan<byte> block)
    {
        writer.Write(block.Length);
        writer.Write(block);
    }

    private static void Put(BinaryWriter writer, string name)
    {
        byte[] bytes = s_text.GetBytes(name);
        if (bytes.Length is 0 or > MostNameBytes)
            throw new ArgumentException($"\"{name}\" has {bytes.Length} bytes; a name has 1 to {MostNameBytes}", nameof(name));
        writer.Write((ushort)bytes.Length);
        writer.Write(bytes);
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _left = bytes;

        internal readonly bool IsAtEnd => _left.IsEmpty;

        internal int Number(string what) => BinaryPrimitives.ReadInt32LittleEndian(Next(sizeof(int), what));

        internal byte[] Block(string what)
        {
            int length = Number(what);
            return Next(length, what).ToArray();
        }

        internal string Name()
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(Next(sizeof(ushort), "a name"));
            if (length is 0 or > MostNameBytes)
                throw new LiveUpdateException($"a name has {length} bytes; expected 1 to {MostNameBytes}");
            try
            {
                return s_text.GetString(Next(length, "a name"));
            }
            catch (DecoderFallbackException wrong)
            {
                throw new LiveUpdateException("a name is not UTF-8", wrong);
            }
        }

        private ReadOnlySpan<byte> Next(int length, string what)
        {
            if (length < 0 || length > _left.Length)
                throw new LiveUpdateException($"{what} has {length} bytes, but {_left.Length} are left");
            ReadOnlySpan<byte> next = _left[..length];
            _left = _left[length..];
            return next;
        }
    }
}
