using Wirq.Cli.Outputs;

namespace Wirq.Cli.Tests.Outputs;

public sealed class OutputFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-output-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_file_comes_to_its_place_when_it_is_whole()
    {
        using OutputFile output = Open();
        output.Stream.Write("all"u8);
        Assert.Equal(("old", "all"), (Read("file"), Read("file.part")));
        Assert.Equal(CommandLine.Failure, output.Complete(CommandLine.Failure));
        Assert.Equal("all", Read("file"));
        Assert.False(File.Exists(In("file.part")));
    }

    [Fact]
    public void What_was_not_completed_stays_beside()
    {
        using (OutputFile output = Open())
        {
            output.Stream.Write("so far"u8);
            output.Stream.Dispose();
        }
        Assert.Equal(("old", "so far"), (Read("file"), Read("file.part")));
    }

    [Fact]
    public void What_was_cut_off_before_is_written_over_by_the_first_byte()
    {
        File.WriteAllText(In("file.part"), "longer than what comes");
        using (Open())
        {
        }
        Assert.Equal("longer than what comes", Read("file.part"));
        using OutputFile output = Open();
        output.Stream.Write("new"u8);
        Assert.Equal("new", Read("file.part"));
    }

    [Fact]
    public void Two_at_once_do_not_write_over_each_other()
    {
        using OutputFile first = Open();
        first.Stream.Write("first"u8);
        Assert.Throws<OutputException>(Open);
        Assert.Equal("first", Read("file.part"));
    }

    private OutputFile Open()
    {
        if (!File.Exists(In("file")))
            File.WriteAllText(In("file"), "old");
        return OutputFile.Open("--record", new FileInfo(In("file")), [])!;
    }

    private string In(string name) => Path.Combine(_folder.FullName, name);

    // A file that is being written is locked for other readers.
    private string Read(string name)
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("cat", [In(name)]) { RedirectStandardOutput = true })!;
        return process.StandardOutput.ReadToEnd();
    }
}
