using System.Runtime.InteropServices;
using System.Text;
using Wirq.Linux.VfioUser;
using Wirq.Vfio;

namespace Wirq.Linux.Tests.VfioUser;

/// <summary>Messages, byte by byte: numbers as they stand in the specification, so that nothing here is the code's own.</summary>
internal static class Message
{
    internal const int Version = 1, MapDma = 2, UnmapDma = 3, GetInfo = 4, GetRegionInfo = 5, GetRegionIoFds = 6, GetIrqInfo = 7,
        SetIrqs = 8, Read = 9, Write = 10, DmaRead = 11, Reset = 13, WriteMulti = 15, Feature = 16, MigrationRead = 17;

    internal const int NoReply = 0x10;

    internal static byte[] Of(int command, byte[] body, int id = 7, int flags = 0, int? size = null) =>
        [.. Words16(id, command), .. Words(size ?? 16 + body.Length, flags, 0), .. body];

    internal static byte[] Words(params int[] words) => MemoryMarshal.AsBytes(words.AsSpan()).ToArray();

    internal static byte[] Words16(params int[] words) => [.. words.SelectMany(word => BitConverter.GetBytes((ushort)word))];

    internal static byte[] Long(ulong value) => BitConverter.GetBytes(value);

    internal static byte[] VersionBody(string? json = null, int major = 0, int minor = 1) =>
        json is null ? Words16(major, minor) : [.. Words16(major, minor), .. Encoding.UTF8.GetBytes(json), 0];

    internal static byte[] IrqBody(VfioIrqIndex index, VfioIrqSetBits flags, int start = 0, int count = 1, int argsz = 20) =>
        Words(argsz, (int)flags, (int)index, start, count);

    internal static byte[] AccessBody(int region, ulong offset, int count, params byte[] data) => [.. Long(offset), .. Words(region, count), .. data];
}

/// <summary>The reply to a message.</summary>
internal readonly record struct Reply(int Id, int Command, int Flags, int Error, byte[] Body)
{
    internal static Reply Of(ReadOnlySpan<byte> bytes)
    {
        Assert.True(bytes.Length >= 16, "a reply without a head");
        Assert.Equal(bytes.Length, MemoryMarshal.Read<int>(bytes[4..]));
        return new(MemoryMarshal.Read<ushort>(bytes), MemoryMarshal.Read<ushort>(bytes[2..]), MemoryMarshal.Read<int>(bytes[8..]),
            MemoryMarshal.Read<int>(bytes[12..]), bytes[16..].ToArray());
    }

    internal int[] Words => MemoryMarshal.Cast<byte, int>(Body).ToArray();
}

/// <summary>A session without a socket.</summary>
internal sealed class SessionBench : IDisposable
{
    private readonly byte[] _reply = new byte[VfioUserLimits.Message];

    internal SessionBench(PciFunctionOptions? options = null, bool negotiated = true)
    {
        KvmHost.RequireLinux();
        Function = new PciFunction(options ?? new() { MsiVectors = 4, MsixVectors = 40 }, Registers);
        Session = new VfioUserSession(Function);
        if (negotiated)
            Ask(Message.Version, Message.VersionBody());
    }

    internal PlainRegisters Registers { get; } = new();
    internal PciFunction Function { get; }
    internal VfioUserSession Session { get; }

    internal Reply Ask(int command, byte[] body, params int[] descriptors) => Reply.Of(AskRaw(command, body, 0, descriptors));

    internal ReadOnlySpan<byte> AskRaw(int command, byte[] body, int flags, int[] descriptors)
    {
        byte[] message = Message.Of(command, body, flags: flags);
        return _reply.AsSpan(0, Session.Take(VfioUserHeader.Read(message), message.AsSpan(16), descriptors, _reply));
    }

    internal void Fails(int error, int command, byte[] body, params int[] descriptors)
    {
        Reply reply = Ask(command, body, descriptors);
        Assert.Equal((7, command, 0x21, error, 0), (reply.Id, reply.Command, reply.Flags, reply.Error, reply.Body.Length));
    }

    internal Reply Holds(int command, byte[] body, params int[] descriptors)
    {
        Reply reply = Ask(command, body, descriptors);
        Assert.Equal((7, command, 1, 0), (reply.Id, reply.Command, reply.Flags, reply.Error));
        return reply;
    }

    public void Dispose() => Function.Dispose();
}
