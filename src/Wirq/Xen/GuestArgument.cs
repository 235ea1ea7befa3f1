using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.Xen;

/// <summary>A hypercall of one kind of argument.</summary>
/// <param name="owner">Who carries it out.</param>
/// <param name="caller">The domain that makes it.</param>
/// <param name="argument">Its argument; results go there.</param>
internal delegate XenError GuestCall<TOwner, TCaller, T>(TOwner owner, TCaller caller, ref T argument) where T : struct;

/// <summary>The structure in guest memory that a hypercall points to.</summary>
internal static class GuestArgument
{
    /// <summary>Runs a call on a copy of its argument, which the guest cannot change meanwhile.</summary>
    /// <param name="owner">Who carries the call out.</param>
    /// <param name="caller">The domain that makes it.</param>
    /// <param name="argument">The guest's bytes. Too few are bytes that cannot be read.</param>
    /// <param name="call">The call.</param>
    /// <param name="always">Whether the structure is written back also after an error.</param>
    internal static XenError Pass<TOwner, TCaller, T>(TOwner owner, TCaller caller, Span<byte> argument, GuestCall<TOwner, TCaller, T> call,
        bool always = false) where T : unmanaged
    {
        if (argument.Length < Unsafe.SizeOf<T>())
            return XenError.Fault;
        var copy = MemoryMarshal.Read<T>(argument);
        XenError answer = call(owner, caller, ref copy);
        if (always || answer == XenError.None)
            MemoryMarshal.Write(argument, copy);
        return answer;
    }
}
