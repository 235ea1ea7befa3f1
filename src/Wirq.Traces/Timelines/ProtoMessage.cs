using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Wirq.Traces.Timelines;

/// <summary>A message of Protocol Buffers while it is written. A message has only these four kinds of fields.</summary>
/// <remarks>Encoding: <c>key = number * 8 + wire type</c>; wire type 0 is a varint (7 bits a byte, low first, bit 7 set
/// where more follow), 1 is 8 bytes little-endian, 2 is a length and bytes.</remarks>
internal sealed class ProtoMessage
{
    private const int Varint = 0, Fixed = 1, Bytes = 2, More = 0x80;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    internal ProtoMessage Put(int field, ulong value)
    {
        Key(field, Varint);
        Number(value);
        return this;
    }

    internal ProtoMessage PutFixed(int field, ulong value)
    {
        Key(field, Fixed);
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.GetSpan(sizeof(ulong)), value);
        _bytes.Advance(sizeof(ulong));
        return this;
    }

    internal ProtoMessage Put(int field, string value)
    {
        byte[] text = Encoding.UTF8.GetBytes(value);
        Key(field, Bytes);
        Number((ulong)text.Length);
        _bytes.Write(text);
        return this;
    }

    internal ProtoMessage Put(int field, ProtoMessage value)
    {
        Key(field, Bytes);
        Number((ulong)value._bytes.WrittenCount);
        _bytes.Write(value._bytes.WrittenSpan);
        return this;
    }

    internal void WriteTo(Stream output) => output.Write(_bytes.WrittenSpan);

    private void Key(int field, int wireType) => Number((ulong)(field << 3 | wireType));

    private void Number(ulong value)
    {
        for (; value >= More; value >>= 7)
            Byte((byte)(value | More));
        Byte((byte)value);
    }

    private void Byte(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
    }
}
