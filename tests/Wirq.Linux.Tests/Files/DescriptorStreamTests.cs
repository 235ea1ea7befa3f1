using System.IO.Pipes;
using Microsoft.Win32.SafeHandles;
using Wirq.Linux.Files;

namespace Wirq.Linux.Tests.Files;

public sealed class DescriptorStreamTests
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
        using var never = new CancellationTokenSource();
        Task writing = Task.Run(() =>
        {
            using DescriptorStream stream = WriterOf(pipe, never.Token);
            stream.Write(sent);
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
        using var gone = new DescriptorStream(new SafeFileHandle(pipe.SafePipeHandle.DangerousGetHandle(), ownsHandle: false));
        Assert.Equal(DescriptorStream.ReaderGone, Assert.Throws<IOException>(() => gone.Write("x"u8)).HResult);
    }

    [Fact]
    public async Task Who_does_not_read_is_waited_for_until_it_is_called_off()
    {
        KvmHost.RequireLinux();
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        using var stop = new CancellationTokenSource();
        using DescriptorStream stream = WriterOf(pipe, stop.Token);
        Task writing = Task.Run(() => stream.Write(new byte[Bytes]), TestContext.Current.CancellationToken);
        await Task.Delay(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken);
        Assert.False(writing.IsCompleted);
        await stop.CancelAsync();
        var refused = await Assert.ThrowsAsync<IOException>(() => writing);
        Assert.Contains("nobody reads it", refused.Message, StringComparison.Ordinal);
    }

    private static DescriptorStream WriterOf(AnonymousPipeServerStream pipe, CancellationToken stop) =>
        new(new SafeFileHandle(pipe.ClientSafePipeHandle.DangerousGetHandle(), ownsHandle: false), stop);
}
