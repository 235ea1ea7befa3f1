using Wirq.Tests.Shared.Samples;

namespace Wirq.Linux.Tests.Docs;

/// <summary>Pieces of programs that a page shows: they compile with what stands around them in a VMM.</summary>
public sealed class FragmentTests
{
    private const string Around = """
        using System;
        using System.Collections.Generic;
        using System.Diagnostics;
        using System.Net.Sockets;
        using System.Threading;
        using Wirq;
        using Wirq.Host;
        using Wirq.Linux;
        using Wirq.Linux.VfioUser;

        internal static class Fragment
        {
            internal static void Of(/* given */)
            {
        // here
            }
        }
        """;

    private const string Vcpu = "KvmVcpu vcpu, Fabric fabric, int cpu, IVcpuHandler handler";

    [Theory]
    [InlineData("docs/linux.md", 3, Vcpu)]
    [InlineData("docs/device.md", 1, "FabricHost host")]
    [InlineData("docs/snapshots.md", 4, "Fabric fabric, FabricHost host, FabricOptions options, int slot, Socket socket, EventFdHandle disk, "
        + "EventFdHandle card, EventFdHandle resample, MemoryFile memory, byte[] cpuState, Process next, nuint ramBytes, "
        + "Wirq.Vfio.VfioHost vfio, Wirq.Vfio.VfioOptions vfioOptions, Wirq.Vfio.IVfioEventFds eventFds, Dictionary<int, int> received")]
    public void The_pieces_of_a_page_compile(string page, int count, string given)
    {
        string[] pieces = ShownProgram.BlocksOf(page);
        Assert.Equal(count, pieces.Length);
        Assert.All(pieces, piece => Assert.Empty(ShownProgram.Errors(Around.Replace("// here",
            // What stands around may be declared by the piece itself.
            piece, StringComparison.Ordinal).Replace("/* given */", given, StringComparison.Ordinal).Replace("KvmVcpu vcpu = ", "vcpu = ", StringComparison.Ordinal)
            .Replace("Source disk = ", "Source source = ", StringComparison.Ordinal))));
    }

    [Fact]
    public void A_piece_with_a_name_that_does_not_exist_is_found() =>
        Assert.NotEmpty(ShownProgram.Errors(Around.Replace("/* given */", Vcpu, StringComparison.Ordinal)
            .Replace("// here", "vcpu.Kik();", StringComparison.Ordinal)));
}
