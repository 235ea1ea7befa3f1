using Wirq.Tests.Shared;

namespace Wirq.Tests.Vfio;

/// <summary>What a real vfio-pci answered, held against ours. <c>WIRQ_VFIO_VECTORS=DIR</c> names a directory with more of it,
/// plain or compressed by gzip.</summary>
public class VfioVectorTests
{
    private static readonly VectorFiles s_files = new("WIRQ_VFIO_VECTORS", FirstParting);

    /// <summary>The files that stand here.</summary>
    public static TheoryData<string> Kept => VectorFiles.Of(Folder);

    private static string Folder => Repository.PathOf("tests/Wirq.Tests/Vfio/Vectors");

    [Theory, MemberData(nameof(Kept))]
    public void Each_step_agrees_with_Linux(string file) => VectorFiles.Agrees(FirstParting(Path.Combine(Folder, file)));

    [Fact]
    public void Lines_and_messages_stand_here() => Assert.Equal(2, Directory.GetFiles(Folder).Length);

    [Fact]
    public void Each_step_of_a_named_directory_agrees_with_Linux() => s_files.AgreesWithNamedDirectory();

    [Fact]
    public void A_directory_without_vectors_fails()
    {
        Assert.Contains("no file of vectors", s_files.PartingsOf(), StringComparison.Ordinal);
        Assert.Contains("no file of vectors", s_files.PartingsOf(("README.md", "# About\n")), StringComparison.Ordinal);
        Assert.Contains("run.txt has no step", s_files.PartingsOf(("run.txt", "# only a remark\n\n")), StringComparison.Ordinal);
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
    public void The_first_step_that_parts_is_named_with_both_answers(string lines, string said) =>
        Assert.Contains(said, s_files.PartingsOf(("run.txt", lines)), StringComparison.Ordinal);

    /// <summary>The steps of a file.</summary>
    /// <returns>Empty if all agree.</returns>
    private static string FirstParting(string file)
    {
        using StreamReader reader = VectorFiles.Open(file);
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
