namespace Wirq.Linux.Tests.Running;

public sealed class ThreadLimitsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("wirq-limits-").FullName;

    public ThreadLimitsTests()
    {
        Write("proc/self/limits", """
            Limit                     Soft Limit           Hard Limit           Units
            Max processes             40                   50                   processes
            Max address space         unlimited            unlimited            bytes

            """);
        Write("proc/sys/kernel/threads-max", "1234\n");
    }

    [Theory]
    [InlineData("0::/a/b\n", "sys/fs/cgroup/a/b")]
    [InlineData("0::/a/b\n", "sys/fs/cgroup/a")]
    [InlineData("0::/\n", "sys/fs/cgroup")]
    [InlineData("9:memory:/x\n8:pids:/a\n0::/\n", "sys/fs/cgroup/pids/a")]
    [InlineData("8:pids:/a\n", "sys/fs/cgroup/pids")]
    public void A_control_group_whose_limit_is_reached_is_named(string groups, string reached)
    {
        Write("proc/self/cgroup", groups);
        Write($"{reached}/pids.max", "60\n");
        Write($"{reached}/pids.current", "60\n");
        Assert.Equal("the pids.max of its control group, 60, is reached; raise it, or use fewer CPUs", new ThreadLimits(_root).Explain());
    }

    [Theory]
    [InlineData("max\n", "60\n")]
    [InlineData("60\n", "59\n")]
    public void Where_no_control_group_is_at_its_limit_the_others_are_told_with_their_values(string most, string current)
    {
        Write("proc/self/cgroup", "0::/a\n");
        Write("sys/fs/cgroup/a/pids.max", most);
        Write("sys/fs/cgroup/a/pids.current", current);
        Assert.Equal("RLIMIT_NPROC (40), RLIMIT_AS (unlimited), kernel.threads-max (1234) or memory is exhausted; raise it, or use fewer CPUs",
            new ThreadLimits(_root).Explain());
    }

    [Fact]
    public void A_host_that_shows_nothing_is_no_failure() =>
        Assert.StartsWith("RLIMIT_NPROC (not known)", new ThreadLimits(Path.Combine(_root, "none")).Explain(), StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private void Write(string file, string text)
    {
        string path = Path.Combine(_root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
