using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.Linux.Interop;

/// <summary>A KVM call: an ioctl with a name, so that an error message can name it.</summary>
/// <param name="name">The name in the manual and the header.</param>
/// <param name="request">Its number.</param>
internal sealed class KvmCall(string name, Ioctl request)
{
    /// <summary>The name in the manual and the header.</summary>
    internal string Name => name;
    /// <summary>Its number.</summary>
    internal Ioctl Request => request;

    /// <summary>Makes the call with a number.</summary>
    /// <returns>The result; not negative.</returns>
    /// <exception cref="Routing.KernelException">It failed.</exception>
    internal int Invoke(FileDescriptor target, nuint argument = 0, string? advice = null)
    {
        Debug.Assert(request.Size == 0, $"{name} takes a struct");
        int result;
        do
            result = Outcome(Libc.Ioctl(target, request.Bits, argument));
        while (result == -Errno.Interrupted);
        return result >= 0 ? result : throw HostError.Of(name, -result, advice: advice);
    }

    /// <summary>Makes the call once, without arguments. It is not repeated after EINTR, because a signal is sent to
    /// make it return.</summary>
    /// <returns>The result; if the call failed, the negated error number.</returns>
    internal int TryInvokeOnce(FileDescriptor target)
    {
        Debug.Assert(request.Size == 0, $"{name} takes a struct");
        return Outcome(Libc.Ioctl(target, request.Bits, (nuint)0));
    }

    /// <summary>Makes the call with a struct.</summary>
    /// <returns>The result; not negative.</returns>
    /// <exception cref="Routing.KernelException">It failed.</exception>
    internal int Invoke<T>(FileDescriptor target, ref T argument, string? advice = null) where T : unmanaged
    {
        int result = TryInvoke(target, ref argument);
        return result >= 0 ? result : throw HostError.Of(name, -result, advice: advice);
    }

    /// <summary>Makes the call with a struct.</summary>
    /// <returns>The result; if the call failed, the negated error number.</returns>
    internal unsafe int TryInvoke<T>(FileDescriptor target, ref T argument) where T : unmanaged
    {
        Debug.Assert(request.Size == Unsafe.SizeOf<T>(), $"{name} takes {request.Size} bytes");
        // SAFETY: the struct is pinned, and has the size that the request number says the kernel reads or writes.
        fixed (T* pinned = &argument)
            return TryInvoke(target, (void*)pinned);
    }

    /// <summary>Makes the call with a header and the rows that follow it in memory.</summary>
    /// <param name="target">The descriptor.</param>
    /// <param name="buffer">Pinned by the caller, with as many rows as its header says.</param>
    /// <returns>The result; if the call failed, the negated error number.</returns>
    internal unsafe int TryInvoke(FileDescriptor target, void* buffer)
    {
        int result;
        do
            result = Outcome(Libc.Ioctl(target, request.Bits, buffer));
        while (result == -Errno.Interrupted);
        return result;
    }

    /// <summary>Reads the error number before another call replaces it.</summary>
    private static int Outcome(int result) => result >= 0 ? result : -Marshal.GetLastPInvokeError();
}
