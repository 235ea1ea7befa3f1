using System.Diagnostics;
using Wirq.Board.Loading;

namespace Wirq.Board.Tests.Loading;

public sealed class ImageFileTests
{
    [Fact]
    public void A_file_comes_whole()
    {
        string path = Path.GetTempFileName();
        try
        {
            byte[] bytes = [.. Enumerable.Range(0, 200_001).Select(i => (byte)i)];
            File.WriteAllBytes(path, bytes);
            Assert.Equal(bytes, ImageFile.Read(path));
            File.WriteAllBytes(path, []);
            Assert.Empty(ImageFile.Read(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void One_that_goes_on_for_ever_is_refused_at_the_limit()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: /dev/zero");
        ImageException refused = Assert.Throws<ImageException>(() => ImageFile.Read("/dev/zero"));
        Assert.Equal("/dev/zero: expected a file of at most 268435456 bytes; it goes on", refused.Message);
    }

    [Fact]
    public void One_that_is_too_long_is_refused_unread()
    {
        string path = Path.GetTempFileName();
        try
        {
            // Sparse: nothing is written.
            using (FileStream file = File.OpenWrite(path))
                file.SetLength(ImageFile.MaxBytes + 1L);
            Assert.Equal($"{path}: expected a file of at most 268435456 bytes; it has 268435457", Assert.Throws<ImageException>(() => ImageFile.Read(path)).Message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_file_of_proc_which_claims_to_be_empty_comes_whole()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: /proc");
        Assert.Equal(File.ReadAllText("/proc/self/maps").Length > 0, ImageFile.Read("/proc/self/maps").Length > 0);
        Assert.Equal(File.ReadAllBytes("/proc/version"), ImageFile.Read("/proc/version"));
    }

    [Fact]
    public async Task A_pipe_comes_whole()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: a FIFO");
        string path = Path.Combine(Path.GetTempPath(), $"wirq-{Guid.NewGuid():n}.fifo");
        using (Process made = Process.Start("mkfifo", [path]))
            made.WaitForExit();
        try
        {
            byte[] bytes = [.. Enumerable.Range(0, 200_001).Select(i => (byte)i)];
            Task writing = Task.Run(() => File.WriteAllBytes(path, bytes), TestContext.Current.CancellationToken);
            Assert.Equal(bytes, ImageFile.Read(path));
            await writing;
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_directory_is_called_one() => Assert.Equal($"{Path.GetTempPath()}: expected a file; it is a directory",
        Assert.Throws<ImageException>(() => ImageFile.Read(Path.GetTempPath())).Message);

    [Fact]
    public void One_that_is_not_there_is_named() => Assert.StartsWith("/no/such: expected a file that can be read: ",
        Assert.Throws<ImageException>(() => ImageFile.Read("/no/such")).Message, StringComparison.Ordinal);
}
