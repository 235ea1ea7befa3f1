using System.Runtime.Versioning;
using Wirq.Cli.Outputs;

namespace Wirq.Cli.Tests.Outputs;

/// <summary>Pumped data waits for its reader, and blocks no caller that must not wait.</summary>
[SupportedOSPlatform("linux")]
public sealed class OutputPumpTests
{
    private const int Room = 1 << 16;
    // Linux include/uapi/asm-generic/errno-base.h: EPIPE.
    private const int BrokenPipe = 32;
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(20);

    public OutputPumpTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: guests run on KVM");

    [Fact]
    public void All_of_it_comes_in_order()
    {
        using var reader = new Reader();
        using var pump = new OutputPump(reader, "out");
        byte[] bytes = [.. Enumerable.Range(0, 5 * Room + 17).Select(i => (byte)i)];
        foreach (byte value in bytes)
            pump.WriteOrWait(value);
        Assert.True(pump.Flush(() => false));
        Assert.Equal(bytes, reader.Bytes);
        Assert.Equal(0, pump.Unwritten);
    }

    [Fact]
    public void A_prompt_comes_out_without_the_end_of_its_line()
    {
        using var reader = new Reader();
        using var pump = new OutputPump(reader, "out");
        foreach (byte value in "login: "u8)
            pump.WriteOrWait(value);
        Assert.True(SpinWait.SpinUntil(() => reader.Bytes.Length == 7, s_soon));
    }

    [Fact]
    public void What_a_reader_that_has_gone_does_not_read_is_not_lost()
    {
        using var reader = new Reader { Failure = new IOException("Broken pipe") { HResult = BrokenPipe } };
        using var pump = new OutputPump(reader, "out");
        pump.Write("a line\n"u8);
        Assert.True(SpinWait.SpinUntil(() => pump.Failure is not null, s_soon));
        Assert.True(pump.Flush(() => true));
    }

    [Fact]
    public async Task A_guest_waits_for_a_reader_and_nothing_is_lost()
    {
        using var reader = new Reader { Reads = false };
        using var pump = new OutputPump(reader, "out");
        int written = 0;
        Task guest = Task.Run(() =>
        {
            for (; written < 4 * Room; written++)
                pump.WriteOrWait((byte)'x');
        }, TestContext.Current.CancellationToken);
        // One part is on its way and another waits; then it stands, however long.
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref written) >= Room, s_soon));
        await Assert.ThrowsAsync<TimeoutException>(() => guest.WaitAsync(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken));
        reader.Reads = true;
        await guest.WaitAsync(s_soon, TestContext.Current.CancellationToken);
        Assert.True(pump.Flush(() => false));
        Assert.Equal(4 * Room, reader.Bytes.Length);
    }

    [Fact]
    public async Task Let_go_a_guest_does_not_wait_and_what_is_lost_is_counted()
    {
        using var reader = new Reader { Reads = false };
        using var pump = new OutputPump(reader, "out");
        Task guest = Task.Run(() =>
        {
            for (int i = 0; i < 4 * Room; i++)
                pump.WriteOrWait((byte)'x');
        }, TestContext.Current.CancellationToken);
        pump.LetGo();
        await guest.WaitAsync(s_soon, TestContext.Current.CancellationToken);
        Assert.False(pump.Flush(() => true));
        Assert.Equal(4 * Room, pump.Unwritten);
        reader.Reads = true;
    }

    [Fact]
    public void In_a_hurry_a_reader_that_reads_is_waited_for()
    {
        using var reader = new Reader { Pause = TimeSpan.FromMilliseconds(100) };
        using var pump = new OutputPump(reader, "out");
        // Longer than one that does not read is waited for.
        pump.Write(new byte[20 * 4096]);
        Assert.True(pump.Flush(() => true));
        Assert.Equal(20 * 4096, reader.Bytes.Length);
    }

    [Theory]
    [InlineData(typeof(IOException))]
    [InlineData(typeof(UnauthorizedAccessException))]
    [InlineData(typeof(ObjectDisposedException))]
    public void A_failure_is_kept_and_holds_nobody(Type failure)
    {
        using var reader = new Reader { Failure = (Exception)Activator.CreateInstance(failure, "no room")! };
        using var pump = new OutputPump(reader, "out");
        for (int i = 0; i < 4 * Room; i++)
            pump.WriteOrWait((byte)'\n');
        Assert.False(pump.Flush(() => false));
        Assert.Equal((reader.Failure.Message, 4 * Room), (pump.Failure, pump.Unwritten));
    }

    /// <summary>A stream that reads only when the test allows it.</summary>
    private sealed class Reader : Stream
    {
        private readonly MemoryStream _bytes = new();
        private readonly ManualResetEventSlim _reads = new(true);

        internal bool Reads { set => (value ? (Action)_reads.Set : _reads.Reset)(); }
        internal TimeSpan Pause { get; init; }
        internal Exception? Failure { get; init; }

        internal byte[] Bytes
        {
            get
            {
                lock (_bytes)
                    return _bytes.ToArray();
            }
        }

        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (Failure is not null)
                throw Failure;
            _reads.Wait();
            Thread.Sleep(Pause);
            lock (_bytes)
                _bytes.Write(buffer);
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
