using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>A descriptor of Linux that is closed once, when no thread is inside a call with it.</summary>
public class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    /// <summary>Takes over an open descriptor.</summary>
    /// <param name="number">The descriptor; negative for none.</param>
    internal FileDescriptor(int number) : base(ownsHandle: true) => SetHandle(number);

    /// <summary>Takes over the descriptor that a call returned.</summary>
    /// <param name="number">The descriptor, or a negative number.</param>
    /// <param name="call">The call, as its manual names it.</param>
    /// <exception cref="Routing.KernelException">The call failed.</exception>
    internal static FileDescriptor From(int number, string call) =>
        number >= 0 ? new(number) : throw HostError.Last(call);

    /// <summary>Keeps the descriptor open until the lease is disposed.</summary>
    /// <param name="number">Its number.</param>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    internal Lease Borrow(out int number) => Borrow(this, out number);

    /// <inheritdoc cref="Borrow(out int)"/>
    /// <param name="descriptor">The descriptor, such as a socket's.</param>
    /// <param name="number">Its number.</param>
    internal static Lease Borrow(SafeHandle descriptor, out int number)
    {
        bool held = false;
        descriptor.DangerousAddRef(ref held);
        number = (int)descriptor.DangerousGetHandle();
        return new Lease(descriptor);
    }

    /// <inheritdoc/>
    // Linux frees the descriptor even if close is interrupted: a second close might close a new descriptor with that
    // number.
    protected override bool ReleaseHandle()
    {
        int previous = Marshal.GetLastPInvokeError();
        bool closed = Libc.Close((int)handle) == 0;
        Marshal.SetLastPInvokeError(previous);
        return closed;
    }

    /// <summary>Keeps the descriptor open while the lease lives.</summary>
    internal readonly ref struct Lease(SafeHandle descriptor) : IDisposable
    {
        public void Dispose() => descriptor.DangerousRelease();
    }
}
