using System.Text;
using Wirq.Board.Devices;
using Wirq.Board.Machine;
using Wirq.Board.Tests.Devices;

namespace Wirq.Board.Tests.Machine;

public sealed class ConsoleInputTests : IDisposable
{
    private const int Data = 0x3F8, FifoControl = 0x3FA, LineStatus = 0x3FD;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly DeviceBench _bench = new();
    private readonly Serial _serial;

    public ConsoleInputTests()
    {
        _serial = new Serial(_bench.Host, _ => { });
        _serial.MapAt(_bench.Bus);
    }

    public void Dispose() => _serial.Dispose();

    [Fact]
    public void Each_line_waits_for_a_prompt()
    {
        ConsoleInput input = Of("one\ntwo\n", prompt: "$ ");
        input.Start(_serial);
        Assert.False(Arrives(TimeSpan.FromMilliseconds(50)));
        Show(input, "hello\n$ ");
        Assert.Equal("one\n", Read(4));
        Assert.False(Arrives(TimeSpan.FromMilliseconds(50)));
        Show(input, "one\n$");
        Assert.False(Arrives(TimeSpan.FromMilliseconds(50)));
        Show(input, " ");
        Assert.Equal("two\n", Read(4));
        input.Stop();
    }

    [Fact]
    public void Without_a_prompt_it_is_typed_at_once_and_the_end_needs_no_end_of_line()
    {
        ConsoleInput input = Of("one\ntwo");
        input.Start(_serial);
        Assert.Equal("one\ntwo", Read(7));
        input.Stop();
    }

    [Fact]
    public void More_than_waits_at_once_is_typed_as_the_guest_reads()
    {
        string text = string.Concat(Enumerable.Range(0, Serial.MaxWaiting / 4).Select(i => $"{i:x7}\n"));
        ConsoleInput input = Of(text);
        _bench.Out(FifoControl, 1);
        input.Start(_serial);
        Assert.Equal(text, Read(text.Length));
        // No overrun.
        Assert.Equal(0x60, _bench.In(LineStatus));
        input.Stop();
    }

    [Fact]
    public void Once_stopped_it_types_no_more()
    {
        ConsoleInput input = Of("one\n", prompt: "$ ");
        input.Start(_serial);
        input.Stop();
        Show(input, "$ ");
        Assert.False(Arrives(TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public void An_input_that_cannot_be_read_is_said()
    {
        var input = new ConsoleInput(new BadStream());
        input.Start(_serial);
        Assert.True(SpinWait.SpinUntil(() => input.Failure == "no medium", s_patience));
    }

    private static ConsoleInput Of(string text, string prompt = "") => new(new MemoryStream(Encoding.ASCII.GetBytes(text)), prompt);

    private static void Show(ConsoleInput input, string text)
    {
        foreach (char character in text)
            input.Saw((byte)character);
    }

    private bool Arrives(TimeSpan patience) => SpinWait.SpinUntil(() => (_bench.In(LineStatus) & 1) != 0, patience);

    private string Read(int bytes)
    {
        var read = new StringBuilder();
        while (read.Length < bytes && Arrives(s_patience))
            read.Append((char)_bench.In(Data));
        return read.ToString();
    }

    private sealed class BadStream : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count) => throw new IOException("no medium");
    }
}
