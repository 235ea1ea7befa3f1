using System.Diagnostics;
using Wirq.Linux.Files;

namespace Wirq.Linux.Tests.Files;

public sealed class FileStatusTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-status-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_file_is_the_same_by_whatever_name()
    {
        KvmHost.RequireLinux();
        File.WriteAllText(In("file"), "");
        File.WriteAllText(In("another"), "");
        File.CreateSymbolicLink(In("link"), "file");
        Process.Start("ln", [In("file"), In("name")]).WaitForExit();
        Assert.True(FileStatus.Of(In("file"))!.Value.IsRegular);
        Assert.Equal(FileStatus.Of(In("file")), FileStatus.Of(In("link")));
        Assert.Equal(FileStatus.Of(In("file")), FileStatus.Of(In("name")));
        Assert.NotEqual(FileStatus.Of(In("file")), FileStatus.Of(In("another")));
    }

    [Fact]
    public void What_keeps_nothing_is_no_regular_file()
    {
        KvmHost.RequireLinux();
        Assert.False(FileStatus.Of("/dev/null")!.Value.IsRegular);
        Assert.Equal((false, true), (FileStatus.Of(_folder.FullName)!.Value.IsRegular, FileStatus.Of(_folder.FullName)!.Value.IsFolder));
        Assert.Null(FileStatus.Of(In("none")));
    }

    private string In(string name) => Path.Combine(_folder.FullName, name);
}
