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
    internal int Invoke(FileDescriptor target, nuint argument = 0, string? advice = null)
    {
        Debug.Assert(request.Size == 0, $"{name} takes a struct");
        int result;
        do
            result = Outcome(Libc.Ioctl(target, request.Bits, argument));
        while (result == -Errno.Interrupted);
        return result >= 0 ? result : throw HostError.Of(name, -result, advice: advice);
    }

    /// <summary>Makes the call once, without arguments: who interrupts it wants it to return.</summary>
    /// <returns>What it returned; where it failed, the error number, negated.</returns>
    internal int TryInvokeOnce(FileDescriptor target)
    {
        Debug.Assert(request.Size == 0, $"{name} takes a struct");
        return Outcome(Libc.Ioctl(target, request.Bits, (nuint)0));
    }

    /// <summary>Makes the call with a struct.</summary>
    /// <returns>What it returned; not negative.</returns>
    /// <exception cref="Routing.KernelException">It failed.</exception>
    internal int Invoke<T>(FileDescriptor target, ref T argument, string? advice = null) where T : unmanaged
    {
        int result = TryInvoke(target, ref argument);
        return result >= 0 ? result : throw HostError.Of(name, -result, advice: advice);
    }

    /// <summary>Makes the call with a struct.</summary>
    /// <returns>What it returned; where it failed, the error number, negated.</returns>
    internal unsafe int TryInvoke<T>(FileDescriptor target, ref T argument) where T : unmanaged
    {
        Debug.Assert(request.Size == Unsafe.SizeOf<T>(), $"{name} takes {request.Size} bytes");
        // SAFETY: the struct is pinned, and has the size that the request number says the kernel reads or writes.
        fixed (T* pinned = &argument)
            return TryInvoke(target, (void*)pinned);
    }

    /// <summary>Makes the call with a struct and what follows it in memory.</summary>
    /// <param name="target">The descriptor.</param>
    /// <param name="buffer">Pinned by the caller, with as many rows as its header says.</param>
    /// <returns>What it returned; where it failed, the error number, negated.</returns>
    internal unsafe int TryInvoke(FileDescriptor target, void* buffer)
    {
        int result;
        do
            result = Outcome(Libc.Ioctl(target, request.Bits, buffer));
        while (result == -Errno.Interrupted);
        return result;
    }

    /// <summary>Keeps the error number while it is still this call's.</summary>
    private static int Outcome(int result) => result >= 0 ? result : -Marshal.GetLastPInvokeError();
}
