using Wirq.Linux.VfioUser;

namespace Wirq.Linux.Tests.VfioUser;

/// <summary>The file of a socket that listens.</summary>
public sealed class SocketPathTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"wirq-{Guid.NewGuid():n}.sock");

    public SocketPathTests() => KvmHost.RequireLinux();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void It_is_made_and_removed()
    {
        using (SocketPath.Listen(_path))
            Assert.True(File.Exists(_path));
        Assert.False(File.Exists(_path));
    }

    [Fact]
    public void A_file_that_is_no_socket_stays_as_it_is()
    {
        File.WriteAllText(_path, "mine");
        Assert.Contains("is no socket", Assert.Throws<VfioUserException>(() => SocketPath.Listen(_path)).Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_path));
        Assert.Contains("is no socket", Assert.Throws<VfioUserException>(() => SocketPath.Listen(Path.GetTempPath())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_somebody_listens_nobody_else_does()
    {
        using SocketPath first = SocketPath.Listen(_path);
        Assert.Contains("somebody listens", Assert.Throws<VfioUserException>(() => SocketPath.Listen(_path)).Message, StringComparison.Ordinal);
        Assert.True(File.Exists(_path));
    }

    [Fact]
    public void A_socket_at_which_nobody_listens_any_more_is_replaced()
    {
        using SocketPath left = SocketPath.Listen(_path);
        // As if its process had been killed: the file stays.
        File.Move(_path, _path + ".kept");
        left.Dispose();
        File.Move(_path + ".kept", _path);
        using SocketPath next = SocketPath.Listen(_path);
        Assert.True(File.Exists(_path));
    }

    [Fact]
    public void A_file_that_took_its_place_is_not_removed()
    {
        using (SocketPath.Listen(_path))
        {
            File.Move(_path, _path + ".moved");
            File.WriteAllText(_path, "another");
        }
        File.Delete(_path + ".moved");
        Assert.Equal("another", File.ReadAllText(_path));
    }

    [Fact]
    public void A_server_that_cannot_listen_leaves_nothing_open()
    {
        using var function = new PciFunction(new(), new PlainRegisters());
        File.WriteAllText(_path, "mine");
        int before = ServedFunction.OpenDescriptors;
        const int tries = 200;
        for (int i = 0; i < tries; i++)
            Assert.Throws<VfioUserException>(() => new VfioUserServer(_path, function));
        // At once: what is only forgotten is closed some time later. The runtime opens some for a moment now and then.
        Assert.InRange(ServedFunction.OpenDescriptors, 0, before + tries / 2);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/tmp/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345")]
    [InlineData("/no/such/folder/x.sock")]
    public void A_path_that_cannot_be_is_refused(string path) => Assert.Throws<VfioUserException>(() => SocketPath.Listen(path));
}
