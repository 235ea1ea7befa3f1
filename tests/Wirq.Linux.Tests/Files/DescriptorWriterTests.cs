using System.IO.Pipes;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Wirq.Linux.Files;
using Wirq.Linux.Interop;

namespace Wirq.Linux.Tests.Files;

public sealed class DescriptorWriterTests
{
    // More than a pipe has room for (pipe(7)).
    private const int Bytes = 1 << 18;

    [Fact]
    public async Task All_of_it_comes_out_in_order()
    {
        KvmHost.RequireLinux();
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        byte[] sent = new byte[Bytes], came = new byte[Bytes];
        new Random(1).NextBytes(sent);
        Task writing = Task.Run(() =>
        {
            using DescriptorWriter writer = WriterOf(pipe, () => false);
            writer.Write(sent);
        }, TestContext.Current.CancellationToken);
        pipe.ReadExactly(came);
        await writing;
        Assert.Equal(sent, came);
    }

    [Fact]
    public void A_reader_that_has_gone_is_told()
    {
        KvmHost.RequireLinux();
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        pipe.ClientSafePipeHandle.Dispose();
        using var gone = new DescriptorWriter(new SafeFileHandle(pipe.SafePipeHandle.DangerousGetHandle(), ownsHandle: false));
        Assert.Equal(DescriptorWriter.ReaderGone, Assert.Throws<IOException>(() => gone.Write("x"u8)).HResult);
    }

    [Fact]
    public async Task Who_does_not_read_is_waited_for_until_it_is_called_off()
    {
        KvmHost.RequireLinux();
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        using var stop = new CancellationTokenSource();
        // It checks again after each wait: twice here, and the first check did not stop it.
        int asked = 0;
        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using DescriptorWriter writer = WriterOf(pipe, () =>
        {
            if (++asked == 2)
                waits.SetResult();
            return stop.IsCancellationRequested;
        });
        Task writing = Task.Run(() => writer.Write(new byte[Bytes]), TestContext.Current.CancellationToken);
        await Task.WhenAny(waits.Task, writing);
        Assert.False(writing.IsCompleted);
        await stop.CancelAsync();
        var refused = await Assert.ThrowsAsync<IOException>(() => writing);
        Assert.Contains("nobody reads it", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A wait that a signal broke off goes on; one that the host refuses would spin.</summary>
    [Fact]
    public void A_wait_that_the_host_refuses_is_told_by_its_call_and_its_number()
    {
        KvmHost.RequireLinux();
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        int waits = 0;
        using var writer = new DescriptorWriter(HandleOf(pipe), () => false)
        {
            Poll = (ref PollDescriptor _, nuint _, int _) =>
            {
                if (++waits > 2)
                    throw new InvalidOperationException("it spins");
                Marshal.SetLastPInvokeError(waits == 1 ? Errno.Interrupted : Errno.Invalid);
                return -1;
            },
        };
        IOException refused = Assert.Throws<IOException>(() => writer.Write("x"u8));
        Assert.Equal(("poll: Invalid argument (errno 22)", Errno.Invalid), (refused.Message, refused.HResult));
        Assert.Equal(2, waits);
    }

    [Fact]
    public void A_duplicate_writes_where_the_first_stands()
    {
        KvmHost.RequireLinux();
        string path = Path.GetTempFileName();
        using (SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write))
        using (var first = new DescriptorWriter(file))
        {
            first.Write("one "u8);
            using (var second = new DescriptorWriter(DescriptorWriter.Duplicate((int)file.DangerousGetHandle())))
                second.Write("two "u8);
            first.Write("three"u8);
        }
        Assert.Equal("one two three", File.ReadAllText(path));
        File.Delete(path);
    }

    [Fact]
    public void What_is_not_open_has_no_duplicate()
    {
        KvmHost.RequireLinux();
        IOException refused = Assert.Throws<IOException>(() => DescriptorWriter.Duplicate(-1));
        Assert.Equal(("fcntl: Bad file descriptor (errno 9)", Errno.BadDescriptor), (refused.Message, refused.HResult));
    }

    private static DescriptorWriter WriterOf(AnonymousPipeServerStream pipe, Func<bool> calledOff) => new(HandleOf(pipe), calledOff);

    private static SafeFileHandle HandleOf(AnonymousPipeServerStream pipe) =>
        new(pipe.ClientSafePipeHandle.DangerousGetHandle(), ownsHandle: false);
}
