using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Wirq.Linux.Interop;

namespace Wirq.Linux.Files;

/// <summary>Writes to a descriptor: to a pipe, a terminal, a device, or a file at the place where it stands.</summary>
/// <remarks>Unlike the runtime's streams it tells of a pipe whose reader has gone, and can be called off while it waits for a
/// reader that does not read.</remarks>
/// <param name="descriptor">Where it goes; disposed of together with the stream.</param>
/// <param name="stop">Once this is cancelled, nothing waits for a reader any more.</param>
internal sealed unsafe class DescriptorStream(SafeFileHandle descriptor, CancellationToken stop = default) : Stream
{
    /// <summary>The number in <see cref="Exception.HResult"/> of the failure where the reader has gone.</summary>
    internal const int ReaderGone = Errno.BrokenPipe;

    // A pipe that is called writable takes as much without waiting (pipe(7), PIPE_BUF).
    private const int Piece = 4096;
    private const int LookEachMilliseconds = 50;

    public override bool CanRead => false;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    /// <exception cref="IOException">It cannot be written; <see cref="Exception.HResult"/> is the error number.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        using var lease = new Lease(descriptor);
        // SAFETY: the span is pinned for the call, and not more of it is told than is left.
        fixed (byte* bytes = buffer)
        {
            for (int done = 0; done < buffer.Length;)
            {
                if (stop.CanBeCanceled)
                    AwaitRoom(lease.Number);
                nint written = Libc.Write(lease.Number, bytes + done, (nuint)Math.Min(stop.CanBeCanceled ? Piece : int.MaxValue, buffer.Length - done));
                if (written >= 0)
                    done += (int)written;
                else if (Marshal.GetLastPInvokeError() is var errno && errno == Errno.Again)
                    AwaitRoom(lease.Number);
                else if (errno != Errno.Interrupted)
                    throw new IOException(Marshal.GetPInvokeErrorMessage(errno), errno);
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() { }
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            descriptor.Dispose();
        base.Dispose(disposing);
    }

    private void AwaitRoom(int number)
    {
        var polled = new PollDescriptor { Number = number, Wanted = PollFlags.Writable };
        // Whatever else is found, the write itself tells it.
        while (Libc.Poll(ref polled, 1, LookEachMilliseconds) <= 0)
        {
            if (stop.IsCancellationRequested)
                throw new IOException("nobody reads it", Errno.Again);
        }
    }

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
