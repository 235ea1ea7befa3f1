using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Wirq.Linux.Interop;
using Wirq.Routing;
using Wirq.Vfio;

namespace Wirq.Linux.VfioUser;

/// <summary>A client of the vfio-user protocol: a PCI function in another process.</summary>
/// <remarks>Thread-safe: one request is under way at a time. Each call waits for the answer of the server. An answer that is
/// malformed, or that does not come in time, ends the connection: no later answer could be told apart.</remarks>
public sealed partial class VfioUserClient : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly VfioUserWire _wire;
    private VfioUserCapabilities _server = new();

    private VfioUserClient(Socket socket, TimeSpan patience) => _wire = new VfioUserWire(socket, patience);

    /// <summary>How many regions the function has.</summary>
    public int Regions { get; private set; }

    /// <summary>How many IRQ indexes it has.</summary>
    public int IrqIndexes { get; private set; }

    /// <summary>The most descriptors that the server takes in one message.</summary>
    public int MostDescriptors => Math.Clamp(_server.Descriptors, 1, VfioUserLimits.Descriptors);

    /// <summary>Connects to a server.</summary>
    /// <param name="path">The socket's file.</param>
    /// <param name="patience">How long to wait for an answer; by default 5 s.</param>
    /// <exception cref="VfioUserException">Nobody listens there, or it is no server of this protocol.</exception>
    public static VfioUserClient Connect(string path, TimeSpan? patience = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        HostPlatform.Require();
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new VfioUserClient(socket, patience ?? s_patience).Begin();
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            socket.Dispose();
            throw new VfioUserException($"nobody can be reached at '{path}': {e.Message}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private VfioUserClient Begin()
    {
        byte[] offer = new VfioUserCapabilities
        {
            Descriptors = VfioUserLimits.Descriptors,
            Transfer = VfioUserLimits.Transfer,
            DmaMaps = VfioUserLimits.DmaMaps,
            PageSizes = VfioUserLimits.PageSize,
        }.ToBytes();
        var body = new byte[VersionHead.Size + offer.Length];
        MemoryMarshal.Write(body, new VersionHead { Major = VfioUserLimits.Major, Minor = VfioUserLimits.Minor });
        offer.CopyTo(body, VersionHead.Size);
        byte[] answer = Call(VfioUserCommand.Version, body);
        VersionHead version = Read<VersionHead>(answer, "the version");
        if (version.Major != VfioUserLimits.Major || version.Minor > VfioUserLimits.Minor
            || VfioUserCapabilities.Read(answer.AsSpan(VersionHead.Size), out _server) != 0)
            throw new VfioUserException($"the server speaks version {version.Major}.{version.Minor}, or its capabilities are malformed; expected {VfioUserLimits.Major}.{VfioUserLimits.Minor}");
        VfioDeviceInfo info = Read<VfioDeviceInfo>(Call(VfioUserCommand.GetInfo, Bytes(new VfioDeviceInfo { ArgumentSize = (uint)Unsafe.SizeOf<VfioDeviceInfo>() })), "the device");
        if (info.Regions > VfioUserLimits.Regions || info.IrqIndexes > VfioUserLimits.IrqIndexes)
            throw new VfioUserException($"the server offers {info.Regions} regions and {info.IrqIndexes} kinds of interrupts; at most {VfioUserLimits.Regions} and {VfioUserLimits.IrqIndexes} are possible");
        (Regions, IrqIndexes) = ((int)info.Regions, (int)info.IrqIndexes);
        return this;
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose() => _wire.Dispose();

    // --- regions

    /// <summary>The size of a region, in bytes; 0 for none.</summary>
    /// <exception cref="VfioUserException">The server refuses, or is gone.</exception>
    public ulong SizeOf(int region) => Read<VfioRegionInfo>(Call(VfioUserCommand.GetRegionInfo,
        Bytes(new VfioRegionInfo { ArgumentSize = (uint)Unsafe.SizeOf<VfioRegionInfo>(), Index = (uint)region })), "a region").Length;

    /// <summary>Reads from a region.</summary>
    /// <exception cref="VfioUserException">The server refuses, or is gone.</exception>
    public void Read(int region, ulong offset, Span<byte> bytes)
    {
        foreach ((int at, int count) in Pieces(bytes.Length))
        {
            byte[] answer = Call(VfioUserCommand.RegionRead, Bytes(new RegionAccess { Offset = offset + (ulong)at, Region = (uint)region, Count = (uint)count }));
            if (answer.Length != RegionAccess.Size + count || Read<RegionAccess>(answer, "a read").Count != (uint)count)
                throw _wire.Break($"{answer.Length} bytes came for a read of {count}");
            answer.AsSpan(RegionAccess.Size).CopyTo(bytes[at..]);
        }
    }

    /// <summary>Writes to a region, and waits until it is done.</summary>
    /// <exception cref="VfioUserException">The server refuses, or is gone.</exception>
    public void Write(int region, ulong offset, ReadOnlySpan<byte> bytes)
    {
        foreach ((int at, int count) in Pieces(bytes.Length))
        {
            var body = new byte[RegionAccess.Size + count];
            MemoryMarshal.Write(body, new RegionAccess { Offset = offset + (ulong)at, Region = (uint)region, Count = (uint)count });
            bytes.Slice(at, count).CopyTo(body.AsSpan(RegionAccess.Size));
            if (Read<RegionAccess>(Call(VfioUserCommand.RegionWrite, body), "a write").Count != (uint)count)
                throw _wire.Break($"not all of a write of {count} bytes was made");
        }
    }

    /// <summary>Reads 32 bits of a region.</summary>
    /// <exception cref="VfioUserException">The server refuses, or is gone.</exception>
    public uint Read32(int region, ulong offset)
    {
        uint value = 0;
        Read(region, offset, MemoryMarshal.AsBytes(new Span<uint>(ref value)));
        return value;
    }

    /// <summary>Writes 32 bits of a region.</summary>
    /// <exception cref="VfioUserException">The server refuses, or is gone.</exception>
    public void Write32(int region, ulong offset, uint value) => Write(region, offset, MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in value)));

    /// <summary>Resets the function.</summary>
    /// <exception cref="VfioUserException">The server refuses, or is gone.</exception>
    public void Reset() => Call(VfioUserCommand.Reset, []);

    // --- DMA

    /// <summary>Opens a window of memory for the function.</summary>
    /// <param name="address">Where the function finds it.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="writable">Whether the function may write it.</param>
    /// <param name="memory">What the function can map; null if there is nothing.</param>
    /// <param name="offset">Where the window begins in it.</param>
    /// <exception cref="VfioUserException">The server refuses, or is gone.</exception>
    public void MapDma(ulong address, ulong length, bool writable = true, FileDescriptor? memory = null, ulong offset = 0)
    {
        byte[] body = Bytes(new DmaMap { ArgumentSize = DmaMap.Size, Flags = writable ? 3u : 1u, Offset = offset, Address = address, Length = length });
        if (memory is null)
        {
            Call(VfioUserCommand.DmaMap, body);
            return;
        }
        using FileDescriptor.Lease lease = memory.Borrow(out int number);
        Call(VfioUserCommand.DmaMap, body, [number]);
    }

    /// <summary>Closes a window.</summary>
    /// <exception cref="VfioUserException">The server refuses, or is gone.</exception>
    public void UnmapDma(ulong address, ulong length) =>
        Call(VfioUserCommand.DmaUnmap, Bytes(new DmaUnmap { ArgumentSize = DmaUnmap.Size, Address = address, Length = length }));

    private IEnumerable<(int At, int Count)> Pieces(int length)
    {
        int most = (int)Math.Clamp(_server.Transfer, 1, VfioUserLimits.Transfer);
        for (int at = 0; at < length; at += most)
            yield return (at, Math.Min(most, length - at));
    }

    private byte[] Call(VfioUserCommand command, ReadOnlySpan<byte> body, ReadOnlySpan<int> descriptors = default)
    {
        lock (_lock)
            return _wire.Call(command, body, descriptors);
    }

    private T Read<T>(byte[] answer, string what) where T : unmanaged =>
        MemoryMarshal.TryRead(answer, out T read) ? read : throw _wire.Break($"the answer about {what} has {answer.Length} bytes instead of {Unsafe.SizeOf<T>()}");

    private static byte[] Bytes<T>(T value) where T : unmanaged
    {
        var bytes = new byte[Unsafe.SizeOf<T>()];
        MemoryMarshal.Write(bytes, value);
        return bytes;
    }
}
