using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.Linux.Interop;

/// <summary>A count and as many rows behind it, as several calls of KVM take them. The memory is kept from call to
/// call.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class CountedRows<TRow> where TRow : unmanaged
{
    private const int HeaderBytes = 8, FirstCapacity = 64;

    // Words, so that the header and the rows, all of which hold words of at most 64 bits, are aligned.
    private ulong[] _words = [];
    private int _capacity;

    /// <summary>The rows of the next call.</summary>
    /// <param name="count">How many; it may grow the memory, whose rows are lost then.</param>
    internal Span<TRow> Room(int count)
    {
        if (count > _capacity || _capacity == 0)
        {
            _capacity = Math.Max(count, Math.Max(FirstCapacity, _capacity * 2));
            int bytes = HeaderBytes + _capacity * Unsafe.SizeOf<TRow>();
            _words = GC.AllocateArray<ulong>((bytes + sizeof(ulong) - 1) / sizeof(ulong), pinned: true);
        }
        return MemoryMarshal.Cast<byte, TRow>(MemoryMarshal.AsBytes(_words.AsSpan())[HeaderBytes..])[..count];
    }

    /// <summary>Makes a call with the first rows.</summary>
    /// <param name="call">The call.</param>
    /// <param name="target">The descriptor.</param>
    /// <param name="count">How many, at most as many as there was room made for. Some calls answer with
    /// another.</param>
    /// <returns>What it returned; where it failed, the error number, negated.</returns>
    internal unsafe int TryInvoke(KvmCall call, FileDescriptor target, ref int count)
    {
        Debug.Assert(_capacity != 0 && count <= _capacity, "room was made");
        Debug.Assert(call.Request.Size == HeaderBytes, "the number of such a call counts the header alone");
        ref int header = ref Unsafe.As<ulong, int>(ref MemoryMarshal.GetArrayDataReference(_words));
        // Both headers have the count in the lower half and zero above.
        _words[0] = 0;
        header = count;
        int result;
        // SAFETY: the array is pinned for its life, and long enough for the header and the rows that it counts.
        fixed (ulong* pinned = _words)
            result = call.TryInvoke(target, (void*)pinned);
        count = header;
        return result;
    }
}
