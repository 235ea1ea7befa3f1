using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.Linux.Interop;

/// <summary>A count, followed by that number of rows, as several KVM calls expect it. The memory is kept between
/// calls.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class CountedRows<TRow> where TRow : unmanaged
{
    private const int HeaderBytes = 8, FirstCapacity = 64;

    // An array of 64-bit words aligns the header and the rows: they contain words of at most 64 bits.
    private ulong[] _words = [];
    private int _capacity;

    /// <summary>The rows of the next call.</summary>
    /// <param name="count">The number of rows. If the memory has to grow, the previous rows are lost.</param>
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
    /// <param name="count">The number of rows, at most the number in the last call of <see cref="Room"/>. Some calls
    /// return another number here.</param>
    /// <returns>The result of the call; if it failed, the negated error number.</returns>
    internal unsafe int TryInvoke(KvmCall call, FileDescriptor target, ref int count)
    {
        Debug.Assert(_capacity != 0 && count <= _capacity, "room was made");
        Debug.Assert(call.Request.Size == HeaderBytes, "the number of such a call counts the header alone");
        ref int header = ref Unsafe.As<ulong, int>(ref MemoryMarshal.GetArrayDataReference(_words));
        // Both headers have the count in the lower 32 bits and zero in the upper ones.
        _words[0] = 0;
        header = count;
        int result;
        // SAFETY: the array is pinned for its lifetime, and long enough for the header and the rows that it counts.
        fixed (ulong* pinned = _words)
            result = call.TryInvoke(target, (void*)pinned);
        count = header;
        return result;
    }
}
