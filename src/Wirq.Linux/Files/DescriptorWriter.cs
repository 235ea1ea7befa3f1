using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Wirq.Linux.Interop;

namespace Wirq.Linux.Files;

/// <summary>Writes to a descriptor: to a pipe, a terminal, a device, or a file at its current position.</summary>
/// <remarks>Unlike the runtime's streams it reports a pipe whose reader has closed it, and its wait for a reader can be
/// cancelled.</remarks>
/// <param name="descriptor">The descriptor; disposed of together with the writer.</param>
/// <param name="calledOff">Checked while there is no room: whether to stop waiting for a reader. Null to wait without
/// limit.</param>
internal sealed unsafe class DescriptorWriter(SafeFileHandle descriptor, Func<bool>? calledOff = null) : IDisposable
{
    /// <summary>The error number in <see cref="Exception.HResult"/> if the reader has closed the pipe.</summary>
    internal const int ReaderGone = Errno.BrokenPipe;

    // A pipe that poll reports as writable accepts this many bytes without waiting (pipe(7), PIPE_BUF).
    private const int Piece = 4096;
    private const int LookEachMilliseconds = 50;

    /// <summary>As <see cref="Libc.Poll"/>.</summary>
    internal delegate int Poller(ref PollDescriptor descriptors, nuint count, int milliseconds);

    /// <summary>The poll function; tests replace it to make it fail.</summary>
    internal Poller Poll { get; init; } = Libc.Poll;

    /// <summary>Duplicates a descriptor of this process. The copy shares the position in the file, and programs that
    /// are started from here do not inherit it.</summary>
    /// <exception cref="IOException">There is no such descriptor.</exception>
    internal static SafeFileHandle Duplicate(int number)
    {
        int made = Libc.Control(number, ControlCommands.Duplicate, argument: 0);
        return made >= 0 ? new SafeFileHandle(made, ownsHandle: true) : throw Failed("fcntl", Marshal.GetLastPInvokeError());
    }

    /// <summary>Writes all of the buffer.</summary>
    /// <exception cref="IOException">It cannot be written; <see cref="Exception.HResult"/> is the error number.</exception>
    internal void Write(ReadOnlySpan<byte> buffer)
    {
        using var lease = new Lease(descriptor);
        // SAFETY: the span is pinned for the call, and the length that is passed is not more than what is left.
        fixed (byte* bytes = buffer)
        {
            for (int done = 0; done < buffer.Length;)
            {
                if (calledOff is not null)
                    AwaitRoom(lease.Number);
                nint written = Libc.Write(lease.Number, bytes + done, (nuint)Math.Min(calledOff is null ? int.MaxValue : Piece, buffer.Length - done));
                if (written >= 0)
                    done += (int)written;
                else if (Marshal.GetLastPInvokeError() is var errno && errno == Errno.Again)
                    AwaitRoom(lease.Number);
                else if (errno != Errno.Interrupted)
                    throw new IOException(Marshal.GetPInvokeErrorMessage(errno), errno);
            }
        }
    }

    public void Dispose() => descriptor.Dispose();

    private void AwaitRoom(int number)
    {
        var polled = new PollDescriptor { Number = number, Wanted = PollFlags.Writable };
        // The write itself reports anything else that the poll finds.
        while (Poll(ref polled, 1, LookEachMilliseconds) is var found && found <= 0)
        {
            if (found < 0 && Marshal.GetLastPInvokeError() is var errno && errno != Errno.Interrupted)
                throw Failed("poll", errno);
            if (calledOff?.Invoke() == true)
                throw new IOException("nobody reads it", Errno.Again);
        }
    }

    private static IOException Failed(string call, int errno) =>
        new($"{call}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})", errno);

    private readonly ref struct Lease : IDisposable
    {
        private readonly SafeFileHandle _held;

        internal Lease(SafeFileHandle descriptor)
        {
            bool held = false;
            descriptor.DangerousAddRef(ref held);
            _held = descriptor;
            Number = (int)descriptor.DangerousGetHandle();
        }

        internal int Number { get; }

        public void Dispose() => _held.DangerousRelease();
    }
}
