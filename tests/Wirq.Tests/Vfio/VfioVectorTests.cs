using System.IO.Compression;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Vfio;

/// <summary>What a real vfio-pci answered, held against ours. <c>WIRQ_VFIO_VECTORS=DIR</c> names a directory with more of it,
/// plain or compressed by gzip.</summary>
public class VfioVectorTests
{
    private const string Variable = "WIRQ_VFIO_VECTORS";

    /// <summary>The files that stand here.</summary>
    public static TheoryData<string> Kept => [.. Directory.GetFiles(Folder).Order(StringComparer.Ordinal).Select(file => Path.GetFileName(file))];

    private static string Folder => Repository.PathOf("tests/Wirq.Tests/Vfio/Vectors");

    [Theory, MemberData(nameof(Kept))]
    public void Each_step_agrees_with_Linux(string file) => Agrees(FirstParting(Path.Combine(Folder, file)));

    [Fact]
    public void Lines_and_messages_stand_here() => Assert.Equal(2, Directory.GetFiles(Folder).Length);

    [Fact]
    public void Each_step_of_a_named_directory_agrees_with_Linux()
    {
        string? directory = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(string.IsNullOrEmpty(directory), $"{Variable} names no directory with longer vectors");
        Agrees(FirstPartings(directory!));
    }

    [Fact]
    public void A_directory_without_vectors_fails()
    {
        DirectoryInfo empty = Directory.CreateTempSubdirectory("wirq-vfio-");
        try
        {
            Assert.Contains("no file of vectors", FirstPartings(empty.FullName), StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(empty.FullName, "README.md"), "# About\n");
            Assert.Contains("no file of vectors", FirstPartings(empty.FullName), StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(empty.FullName, "run.txt"), "# only a remark\n\n");
            Assert.Contains("run.txt has no step", FirstPartings(empty.FullName), StringComparison.Ordinal);
        }
        finally
        {
            empty.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("open\nset intx mask none 0 1 -> 0\n", "line 2: Linux says \"set intx mask none 0 1 -> 0\", Wirq says \"set intx mask none 0 1 -> -22\"")]
    [InlineData("open\nset intx trigger eventfd 0 1 e -> 0\nline 1\nread e -> -  # a remark\n", "line 4: Linux says \"read e -> -\", Wirq says \"read e -> 1\"")]
    [InlineData("open\ninfo intx -> 0 1 9\n", "line 2: Linux says \"info intx -> 0 1 9\", Wirq says \"info intx -> 0 1 7\"")]
    [InlineData("open\nsomething\n", "line 2: \"something\" is of no form")]
    [InlineData("open\nread e\n", "line 2: \"read e\" is of no form")]
    [InlineData("open\nline 2\n", "line 2: \"line 2\" is of no form")]
    [InlineData("open\nset intx poke none 0 1 -> 0\n", "line 2: \"set intx poke none 0 1 -> 0\" is of no form")]
    [InlineData("open\nset intx mask none 0 99999999999 -> 0\n", "is of no form")]
    [InlineData("open -> 0\n", "line 1: \"open -> 0\" is of no form")]
    public void The_first_step_that_parts_is_named_with_both_answers(string lines, string said)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, lines);
            Assert.Contains(said, FirstParting(file), StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    // Not Assert.Equal, which cuts long texts.
    private static void Agrees(string said) => Assert.True(said.Length == 0, said);

    private static string FirstPartings(string directory)
    {
        string[] files = [.. Directory.GetFiles(directory).Order(StringComparer.Ordinal)
            .Where(file => !file.EndsWith(".md", StringComparison.Ordinal))];
        return files.Length == 0 ? $"no file of vectors in {directory}"
            : string.Join('\n', files.Select(FirstParting).Where(said => said.Length > 0));
    }

    /// <summary>The steps of a file.</summary>
    /// <returns>Empty if all agree.</returns>
    private static string FirstParting(string file)
    {
        using var reader = new StreamReader(file.EndsWith(".gz", StringComparison.Ordinal)
            ? new GZipStream(File.OpenRead(file), CompressionMode.Decompress) : File.OpenRead(file));
        var vectors = new VfioVectors();
        int steps = 0;
        for (int number = 1; reader.ReadLine() is { } line; number++)
        {
            string? ours;
            try
            {
                ours = vectors.Step(line);
            }
            catch (Exception failure) when (failure is FormatException or OverflowException)
            {
                return $"{Path.GetFileName(file)}, line {number}: \"{line}\" is of no form";
            }
            if (ours is null)
                continue;
            steps++;
            string theirs = VfioVectors.Plain(line);
            if (ours != theirs)
                return $"{Path.GetFileName(file)}, line {number}: Linux says \"{theirs}\", Wirq says \"{ours}\"";
        }
        return steps == 0 ? $"{Path.GetFileName(file)} has no step" : "";
    }
}
