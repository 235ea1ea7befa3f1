using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Wirq.Linux.Interop;
using Wirq.Vfio;

namespace Wirq.Linux.VfioUser;

/// <summary>The server's side of one connection: takes whole messages, and makes the reply of each. It has no socket.</summary>
/// <remarks>A message may be anything. Each that wants a reply gets one. Errors are those of libvfio-user's own tests, and of
/// VFIO behind them.</remarks>
internal sealed class VfioUserSession(IVfioUserDevice device)
{
    internal DmaTable Dma { get; } = new();

    /// <summary>Whether the first message was answered.</summary>
    internal bool IsNegotiated { get; private set; }

    /// <summary>Whether the connection must be closed once the reply was sent.</summary>
    internal bool HasEnded { get; private set; }

    /// <summary>Takes a message.</summary>
    /// <param name="header">Its head.</param>
    /// <param name="body">What follows.</param>
    /// <param name="descriptors">Descriptors that came with it. Those that are kept are replaced by -1; the caller closes the
    /// others.</param>
    /// <param name="reply">Where the reply goes: <see cref="VfioUserLimits.Message"/> bytes.</param>
    /// <returns>Bytes of the reply; 0 for none.</returns>
    internal int Take(in VfioUserHeader header, ReadOnlySpan<byte> body, Span<int> descriptors, Span<byte> reply)
    {
        int done = header.IsCommand ? Do(header.Command, body, descriptors, reply[VfioUserHeader.Size..]) : -Errno.Invalid;
        return done >= 0 ? Answer(header, done, reply) : Fail(header, -done, reply);
    }

    /// <summary>Refuses a message whose body was not looked at.</summary>
    internal int Fail(in VfioUserHeader header, int error, Span<byte> reply)
    {
        device.Refused();
        // A client that does not begin with a version that is known here speaks another protocol.
        HasEnded |= !IsNegotiated;
        if (!header.WantsReply)
            return 0;
        header.Fail(error).Write(reply);
        return VfioUserHeader.Size;
    }

    private static int Answer(in VfioUserHeader header, int length, Span<byte> reply)
    {
        if (!header.WantsReply)
            return 0;
        header.Answer(VfioUserHeader.Size + length).Write(reply);
        return VfioUserHeader.Size + length;
    }

    // --- commands: each returns how many bytes its answer has, or a negative error number

    private int Do(VfioUserCommand command, ReadOnlySpan<byte> body, Span<int> descriptors, Span<byte> answer)
    {
        if (IsNegotiated == (command == VfioUserCommand.Version))
            return -Errno.Invalid;
        return command switch
        {
            VfioUserCommand.Version => Negotiate(body, answer),
            VfioUserCommand.DmaMap => TryRead(body, out DmaMap map) ? -Dma.Map(map) : -Errno.Invalid,
            VfioUserCommand.DmaUnmap => Unmap(body, answer),
            VfioUserCommand.GetInfo => GetInfo(body, answer),
            VfioUserCommand.GetRegionInfo => GetRegionInfo(body, answer),
            VfioUserCommand.GetRegionIoFds => GetRegionIoFds(body, answer),
            VfioUserCommand.GetIrqInfo => GetIrqInfo(body, answer),
            VfioUserCommand.SetIrqs => SetIrqs(body, descriptors),
            VfioUserCommand.RegionRead => Read(body, answer),
            VfioUserCommand.RegionWrite => Write(body, answer),
            VfioUserCommand.RegionWriteMulti => WriteMulti(body, answer),
            VfioUserCommand.Reset => Reset(),
            _ => -Errno.Invalid,
        };
    }

    private int Negotiate(ReadOnlySpan<byte> body, Span<byte> answer)
    {
        if (!TryRead(body, out VersionHead head) || head.Major != VfioUserLimits.Major)
            return -Errno.Invalid;
        int error = VfioUserCapabilities.Read(body[VersionHead.Size..], out VfioUserCapabilities client);
        if (error != 0)
            return -error;
        IsNegotiated = true;
        byte[] offered = VfioUserCapabilities.OfferTo(client).ToBytes();
        MemoryMarshal.Write(answer, new VersionHead { Major = head.Major, Minor = Math.Min(head.Minor, VfioUserLimits.Minor) });
        offered.CopyTo(answer[VersionHead.Size..]);
        return VersionHead.Size + offered.Length;
    }

    private int Unmap(ReadOnlySpan<byte> body, Span<byte> answer)
    {
        if (!TryRead(body, out DmaUnmap unmap))
            return -Errno.Invalid;
        int error = Dma.Unmap(unmap);
        return error != 0 ? -error : Put(unmap, answer);
    }

    private int GetInfo(ReadOnlySpan<byte> body, Span<byte> answer)
    {
        if (!TryRead(body, out VfioDeviceInfo info) || info.ArgumentSize < Unsafe.SizeOf<VfioDeviceInfo>())
            return -Errno.Invalid;
        return Put(new VfioDeviceInfo
        {
            ArgumentSize = (uint)Unsafe.SizeOf<VfioDeviceInfo>(),
            Flags = VfioDeviceInfo.CanReset | VfioDeviceInfo.IsPci,
            Regions = (uint)device.Regions,
            IrqIndexes = (uint)device.IrqIndexes,
        }, answer);
    }

    private int GetRegionInfo(ReadOnlySpan<byte> body, Span<byte> answer)
    {
        if (!TryRead(body, out VfioRegionInfo info) || info.ArgumentSize < Unsafe.SizeOf<VfioRegionInfo>() || info.Index >= (uint)device.Regions)
            return -Errno.Invalid;
        ulong size = device.SizeOf((int)info.Index);
        return Put(new VfioRegionInfo
        {
            ArgumentSize = (uint)Unsafe.SizeOf<VfioRegionInfo>(),
            Flags = size == 0 ? 0 : VfioRegionInfo.Readable | VfioRegionInfo.Writable,
            Index = info.Index,
            Length = size,
        }, answer);
    }

    /// <summary>No descriptor serves a region here: each access comes as a message.</summary>
    private int GetRegionIoFds(ReadOnlySpan<byte> body, Span<byte> answer)
    {
        if (!TryRead(body, out RegionIoFds asked) || asked.ArgumentSize < RegionIoFds.Size || asked.Flags != 0 || asked.Count != 0
            || asked.Index >= (uint)device.Regions)
            return -Errno.Invalid;
        return Put(asked with { ArgumentSize = RegionIoFds.Size }, answer);
    }

    private int GetIrqInfo(ReadOnlySpan<byte> body, Span<byte> answer)
    {
        if (!TryRead(body, out VfioIrqInfo info) || info.ArgumentSize < Unsafe.SizeOf<VfioIrqInfo>())
            return -Errno.Invalid;
        int error = device.GetIrqInfo(info.Index, out int count, out VfioIrqInfoBits flags);
        if (error != 0)
            return error;
        return Put(new VfioIrqInfo
        {
            ArgumentSize = (uint)Unsafe.SizeOf<VfioIrqInfo>(),
            Flags = (uint)flags,
            Index = info.Index,
            Count = (uint)count,
        }, answer);
    }

    private int SetIrqs(ReadOnlySpan<byte> body, Span<int> descriptors) =>
        TryRead(body, out VfioIrqSet set) ? device.SetIrqs(set, body[VfioIrqSet.Size..], descriptors) : -Errno.Invalid;

    private int Read(ReadOnlySpan<byte> body, Span<byte> answer)
    {
        if (!TryRead(body, out RegionAccess access) || !Exists(access.Region, access.Offset, access.Count))
            return -Errno.Invalid;
        int length = Put(access, answer);
        Span<byte> bytes = answer.Slice(length, (int)access.Count);
        // What a reply contains comes from the device alone.
        bytes.Clear();
        device.Read((int)access.Region, access.Offset, bytes);
        return length + bytes.Length;
    }

    private int Write(ReadOnlySpan<byte> body, Span<byte> answer)
    {
        if (!TryRead(body, out RegionAccess access) || (uint)(body.Length - RegionAccess.Size) != access.Count
            || !Exists(access.Region, access.Offset, access.Count))
            return -Errno.Invalid;
        device.Write((int)access.Region, access.Offset, body[RegionAccess.Size..]);
        return Put(access, answer);
    }

    /// <summary>All writes are looked at before the first is made.</summary>
    private int WriteMulti(ReadOnlySpan<byte> body, Span<byte> answer)
    {
        if (!TryRead(body, out ulong count) || count != (ulong)(body.Length - sizeof(ulong)) / RegionWriteOne.Size
            || (body.Length - sizeof(ulong)) % RegionWriteOne.Size != 0)
            return -Errno.Invalid;
        ReadOnlySpan<RegionWriteOne> writes = MemoryMarshal.Cast<byte, RegionWriteOne>(body[sizeof(ulong)..]);
        foreach (ref readonly RegionWriteOne one in writes)
        {
            if (one.Count > sizeof(ulong) || !Exists(one.Region, one.Offset, one.Count))
                return -Errno.Invalid;
        }
        foreach (RegionWriteOne one in writes)
        {
            ulong data = one.Data;
            device.Write((int)one.Region, one.Offset, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in data))[..(int)one.Count]);
        }
        return Put(count, answer);
    }

    private int Reset()
    {
        device.Reset();
        return 0;
    }

    private bool Exists(uint region, ulong offset, uint count) => region < (uint)device.Regions && count <= VfioUserLimits.Transfer
        && device.SizeOf((int)region) is var size && offset <= size && count <= size - offset && size != 0;

    private static bool TryRead<T>(ReadOnlySpan<byte> body, out T read) where T : unmanaged => MemoryMarshal.TryRead(body, out read);

    private static int Put<T>(in T value, Span<byte> answer) where T : unmanaged
    {
        MemoryMarshal.Write(answer, value);
        return Unsafe.SizeOf<T>();
    }
}
