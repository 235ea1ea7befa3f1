using Wirq.Tests.Shared;

namespace Wirq.Tests.Xen;

/// <summary>Outputs of Xen's own code, held against ours. <c>WIRQ_XEN_VECTORS=DIR</c> names a directory with more of
/// them, plain or compressed by gzip, of any length.</summary>
public class XenVectorTests
{
    private static readonly VectorFiles s_files = new("WIRQ_XEN_VECTORS", FirstParting);

    /// <summary>The files that stand here: the beginnings of longer runs.</summary>
    public static TheoryData<string> Kept => VectorFiles.Of(Folder);

    private static string Folder => Repository.PathOf("tests/Wirq.Tests/Xen/Vectors");

    [Theory, MemberData(nameof(Kept))]
    public void Each_step_agrees_with_Xen(string file) => VectorFiles.Agrees(FirstParting(Path.Combine(Folder, file)));

    [Fact]
    public void Both_ABIs_and_the_line_stand_here() => Assert.Equal(3, Directory.GetFiles(Folder).Length);

    [Fact]
    public void Each_step_of_a_named_directory_agrees_with_Xen() => s_files.AgreesWithNamedDirectory();

    [Fact]
    public void A_directory_without_vectors_fails()
    {
        Assert.Contains("no file of vectors", s_files.PartingsOf(), StringComparison.Ordinal);
        Assert.Contains("no file of vectors", s_files.PartingsOf(("README.md", "# About\n")), StringComparison.Ordinal);
        // Whatever is no page is meant to be read.
        Assert.Contains("run.txt, line 1: \"nothing of the kind\" is of no form", s_files.PartingsOf(("run.txt", "nothing of the kind\n")), StringComparison.Ordinal);
        Assert.Contains("run.txt is empty", s_files.PartingsOf(("run.txt", "")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("isa+ 7 -> io+7 pic+7 | g7=1\nisa- 7 -> pic-7 |\n", "line 2: Xen says \"isa- 7 -> pic-7 |\", Wirq says \"isa- 7 -> pic-7 | g7=0\"")]
    [InlineData("H 1.0 4 09000000 -22 09000000 | \nH 1.0 6 f07f000000000000 0 f07f000002000000 | \nH 1.0 4 01000000 0 01000000 | 1.0\n",
        "line 2: Xen says \"H 1.0 6 f07f000000000000 0 f07f000002000000 |\", Wirq says \"H 1.0 6 f07f000000000000 0 f07f000001000000 |\"")]
    [InlineData("D 1 0000000000000000 9c735bed0a722325\n", "line 1: Xen says \"D 1 0000000000000000 9c735bed0a722325\"")]
    [InlineData("H 1.0 4 09000000 -22 09000000 | \nnonsense\n", "line 2: \"nonsense\" is of no form")]
    [InlineData("H 1.0 4 09000000\n", "line 1: \"H 1.0 4 09000000\" is of no form")]
    public void The_first_step_that_parts_is_named_with_both_answers(string lines, string said) =>
        Assert.Contains(said, s_files.PartingsOf(("run.txt", lines)), StringComparison.Ordinal);

    /// <summary>The steps of a file.</summary>
    /// <returns>Empty if all agree.</returns>
    private static string FirstParting(string file)
    {
        using StreamReader reader = VectorFiles.Open(file);
        Func<string, string>? steps = null;
        int number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            steps ??= ReaderOf(line);
            string said = Said(steps, line.TrimEnd());
            if (said.Length > 0)
                return $"{Path.GetFileName(file)}, line {number}: {said}";
        }
        return number == 0 ? $"{Path.GetFileName(file)} is empty" : "";
    }

    private static string Said(Func<string, string>? steps, string line)
    {
        try
        {
            string ours = steps?.Invoke(line).TrimEnd() ?? throw new FormatException();
            return ours == line ? "" : ours.Contains('|', StringComparison.Ordinal) && !line.Contains('|', StringComparison.Ordinal) ? throw new FormatException() : $"Xen says \"{line}\", Wirq says \"{ours}\"";
        }
        catch (Exception failure) when (failure is FormatException or IndexOutOfRangeException or ArgumentException or OverflowException)
        {
            return $"\"{line}\" is of no form that this test reads";
        }
    }

    private static Func<string, string>? ReaderOf(string line) => EventChannelVectors.Reads(line) ? new EventChannelVectors().Step
        : CallbackVectors.Reads(line) ? new CallbackVectors().Step : null;
}
