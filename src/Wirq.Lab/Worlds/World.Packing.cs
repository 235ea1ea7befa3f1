using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <content>A world as a few bytes: how it differs from another one.</content>
/// <remarks><code>
/// +------+--------------+-----------+-------+--------+- -+-------+--------+------+- -+-----------+------+- -+-----------+
/// | Now  | kernel's Now | misuses   | waits | event  | … | pages | number | hash | … | snapshots | name | … | the arena |
/// | 8    | 8            | 8 + 4     | 2     | 32     |   | 2     | 4      | 16   |   | 2         | 16   |   | the rest  |
/// +------+--------------+-----------+-------+--------+- -+-------+--------+------+- -+-----------+------+- -+-----------+
/// </code>Numbers are bytes. The pages that Xen's guests share with it follow the pages in the same form, where there is Xen;
/// then what waits in the queues of a host below and of the guest's kernel, where there are such. Lists of the journal are found by their state in the arena. What <see cref="CopyFrom"/> does not copy is
/// not here either.</remarks>
public sealed partial class World
{
    private const int FixedBytes = 2 * sizeof(long) + sizeof(long) + sizeof(int) + 3 * sizeof(ushort);

    /// <summary>The most bytes that <see cref="Pack"/> writes now; -1 if worlds of this size cannot be packed.</summary>
    internal int PackedMost => _deltaMost < 0 ? -1
        : _deltaMost + FixedBytes + Fabric.Events.Count * Unsafe.SizeOf<Event>() + (_memory?.PackedMost ?? 0)
        + (_xen is null ? 0 : sizeof(ushort) + _xen.Memory.PackedMost)
        + _snapshots.Length * Unsafe.SizeOf<UInt128>() + PackedQueues;

    private int _deltaMost;

    /// <summary>Prepares to pack and unpack: the layout of the arena is final.</summary>
    internal void PreparePacking() => _deltaMost = ArenaDelta.MostBytes(Arena);

    /// <summary>Writes how this world differs from another one of the same scenario and design.</summary>
    /// <param name="root">The other one.</param>
    /// <param name="pool">Gets the pages and lists.</param>
    /// <param name="into">At least <see cref="PackedMost"/> bytes.</param>
    /// <returns>The number of bytes.</returns>
    internal int Pack(World root, PackPool pool, Span<byte> into)
    {
        EventBuffer events = Fabric.Events;
        int at = 0;
        Put(into, ref at, events.Now);
        Put(into, ref at, _host?.Kernel?.Now ?? 0);
        Put(into, ref at, events.MisuseWindowState.Since);
        Put(into, ref at, events.MisuseWindowState.Count);
        Put(into, ref at, checked((ushort)events.Count));
        for (int i = 0; i < events.Count; i++)
            Put(into, ref at, events.Peek(i));
        if (_memory is null)
            Put(into, ref at, (ushort)0);
        else
            _memory.Pack(root._memory!, pool, into, ref at);
        _xen?.Memory.Pack(root._xen!.Memory, pool, into, ref at);
        PackQueue(_below?.Events, into, ref at);
        PackQueue(_guest?.Events, into, ref at);
        Journal.Pack(pool);
        PackSnapshots(pool, into, ref at);
        return at + ArenaDelta.Write(Arena, root.Arena, into[at..]);
    }

    /// <summary>Becomes a world that was packed.</summary>
    /// <param name="root">The world from which it differs. It is not changed, except that its pages are shared from now
    /// on.</param>
    /// <param name="pool">The pool of the packing.</param>
    /// <param name="packed">The bytes.</param>
    internal void Unpack(World root, PackPool pool, ReadOnlySpan<byte> packed)
    {
        CopyFrom(root);
        EventBuffer events = Fabric.Events;
        events.Clear();
        int at = 0;
        events.Now = Get<long>(packed, ref at);
        long kernelNow = Get<long>(packed, ref at);
        _host?.Kernel?.Restored(kernelNow);
        events.MisuseWindowState = (Get<long>(packed, ref at), Get<int>(packed, ref at));
        for (int left = Get<ushort>(packed, ref at); left > 0; left--)
            events.Restore(Get<Event>(packed, ref at));
        int pages = Get<ushort>(packed, ref at);
        if (pages > 0)
            _memory!.Unpack(pool, packed, ref at, pages);
        if (_xen is not null)
            _xen.Memory.Unpack(pool, packed, ref at, Get<ushort>(packed, ref at));
        UnpackQueue(_below?.Events, packed, ref at);
        UnpackQueue(_guest?.Events, packed, ref at);
        for (int number = 0, count = Get<ushort>(packed, ref at); number < count; number++)
            _snapshots[number] = pool.SnapshotOf(Get<UInt128>(packed, ref at));
        ArenaDelta.Read(Arena, packed[at..]);
        Journal.Unpack(pool);
        Fabric.Carrier.Copied();
        Fabric.Xen?.Callback.NameSources();
    }

    /// <summary>Most worlds have none, and need no more than their count.</summary>
    private void PackSnapshots(PackPool pool, Span<byte> into, ref int at)
    {
        int count = Array.FindLastIndex(_snapshots, static saved => saved is not null) + 1;
        Put(into, ref at, checked((ushort)count));
        foreach (SavedMachine? saved in _snapshots.AsSpan(0, count))
        {
            if (saved is not null)
                pool.Keep(saved);
            Put(into, ref at, saved?.Name ?? UInt128.Zero);
        }
    }

    internal static void Put<T>(Span<byte> into, ref int at, in T value) where T : unmanaged
    {
        MemoryMarshal.Write(into[at..], in value);
        at += Unsafe.SizeOf<T>();
    }

    internal static T Get<T>(ReadOnlySpan<byte> from, ref int at) where T : unmanaged
    {
        T value = MemoryMarshal.Read<T>(from[at..]);
        at += Unsafe.SizeOf<T>();
        return value;
    }
}
