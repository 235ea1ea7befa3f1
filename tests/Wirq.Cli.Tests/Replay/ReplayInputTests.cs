using Wirq.Cli.Outputs;
using Wirq.Cli.Replay;

namespace Wirq.Cli.Tests.Replay;

public sealed class ReplayInputTests
{
    [Fact]
    public void A_pipe_that_cannot_be_read_is_bad_input_and_is_named()
    {
        UsageException bad = Assert.Throws<UsageException>(() => ReplayInput.Copy(new Broken(new IOException("Input/output error")), "a.log"));
        Assert.Equal("a.log: cannot be read: Input/output error", bad.Message);
    }

    [Fact]
    public void A_pipe_that_can_is_copied_whole()
    {
        byte[] bytes = new byte[200_000];
        new Random(1).NextBytes(bytes);
        string copy = ReplayInput.Copy(new MemoryStream(bytes), "a.log");
        Assert.Equal(bytes, File.ReadAllBytes(copy));
        File.Delete(copy);
    }

    private sealed class Broken(Exception failure) : MemoryStream(new byte[16])
    {
        public override int Read(Span<byte> buffer) => throw failure;
        public override int Read(byte[] buffer, int offset, int count) => throw failure;
    }
}
