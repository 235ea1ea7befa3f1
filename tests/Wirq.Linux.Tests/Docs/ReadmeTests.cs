using Wirq.Tests.Shared;
using Wirq.Tests.Shared.Samples;

namespace Wirq.Linux.Tests.Docs;

public sealed class ReadmeTests
{
    private const int MostLines = 30;

    [Fact]
    public void The_sample_of_a_device_compiles_and_does_what_it_says()
    {
        string program = Assert.Single(ShownProgram.BlocksOf("docs/start/vmm.md"));
        Assert.InRange(program.Split('\n').Count(line => line.Length > 0), 1, MostLines);
        // With KVM it runs on KVM, else on the simulated kernel; a device that is there and shut is neither.
        if (File.Exists("/dev/kvm"))
            KvmHost.Require().Dispose();
        Assert.Equal("served 1 time", ShownProgram.Printed(program));
        Assert.Contains("It prints\n\n```\nserved 1 time\n```\n", File.ReadAllText(Repository.PathOf("docs/start/vmm.md")).ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }
}
