using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.Linux.Interop;

/// <summary>A call of KVM: an ioctl with a name, so that its failure says which it was.</summary>
/// <param name="name">As the manual and the header name it.</param>
/// <param name="request">Its number.</param>
internal sealed class KvmCall(string name, Ioctl request)
{
    /// <summary>As the manual and the header name it.</summary>
    internal string Name => name;
    /// <summary>Its number.</summary>
    internal Ioctl Request => request;

    /// <summary>Makes the call with a number.</summary>
    /// <returns>What it returned; not negative.</returns>
    /// <exception cref="Routing.KernelException">It failed.</exception>
    internal int Invoke(FileDescriptor target, nuint argument = 0, int gsi = -1, string? advice = null)
    {
        Debug.Assert(request.Size == 0, $"{name} takes a struct");
        int result = TryInvoke(target, argument);
        return result >= 0 ? result : throw HostError.Last(name, gsi, advice);
    }

    /// <summary>Makes the call with a struct.</summary>
    /// <returns>What it returned; not negative.</returns>
    /// <exception cref="Routing.KernelException">It failed.</exception>
    internal int Invoke<T>(FileDescriptor target, ref T argument, int gsi = -1, string? advice = null) where T : unmanaged
    {
        int result = TryInvoke(target, ref argument);
        return result >= 0 ? result : throw HostError.Last(name, gsi, advice);
    }

    /// <summary>Makes the call with a number; negative where it failed.</summary>
    internal int TryInvoke(FileDescriptor target, nuint argument)
    {
        int result;
        do
            result = Libc.Ioctl(target, request.Bits, argument);
        while (result < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted);
        return result;
    }

    /// <summary>Makes the call with a struct; negative where it failed.</summary>
    internal unsafe int TryInvoke<T>(FileDescriptor target, ref T argument) where T : unmanaged
    {
        Debug.Assert(request.Size == Unsafe.SizeOf<T>(), $"{name} takes {request.Size} bytes");
        // SAFETY: the struct is pinned, and has the size that the request number says the kernel reads or writes.
        fixed (T* pinned = &argument)
            return TryInvoke(target, (void*)pinned);
    }

    /// <summary>Makes the call with a struct and what follows it in memory; negative where it failed.</summary>
    /// <param name="target">The descriptor.</param>
    /// <param name="buffer">Pinned by the caller, with as many rows as its header says.</param>
    internal unsafe int TryInvoke(FileDescriptor target, void* buffer)
    {
        int result;
        do
            result = Libc.Ioctl(target, request.Bits, buffer);
        while (result < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted);
        return result;
    }
}
