using Wirq.Tests.Shared;

namespace Wirq.Linux.Tests.Docs;

public sealed class ReadmeTests
{
    private const int MostLines = 30;

    [Fact]
    public void The_sample_of_a_device_compiles_and_does_what_it_says()
    {
        string source = File.ReadAllText(Repository.PathOf("tests/Wirq.Linux.Tests/Docs/DeviceSample.cs"));
        string sample = source[(source.IndexOf("// sample", StringComparison.Ordinal) + 9)..source.IndexOf("// end", StringComparison.Ordinal)];
        string[] lines = [.. Lines(sample.Split('\n'))];
        string[] readme = [.. Lines(File.ReadAllLines(Repository.PathOf("README.md")))];
        int start = Array.IndexOf(readme, lines[0]);
        Assert.True(start >= 0, "the README does not show the sample");
        Assert.Equal(lines, readme[start..(start + lines.Length)]);
        Assert.InRange(lines.Length, 1, MostLines);
        // With KVM it runs on KVM, else on the simulated kernel; a device that is there and shut is neither.
        if (File.Exists("/dev/kvm"))
            KvmHost.Require().Dispose();
        Assert.Equal(1, DeviceSample.Run());
    }

    private static IEnumerable<string> Lines(IEnumerable<string> lines) =>
        lines.Select(line => line.Trim()).Where(line => line.Length > 0);
}
