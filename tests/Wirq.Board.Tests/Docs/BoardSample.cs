using Wirq.Board.Loading;
using Wirq.Board.Machine;
using Wirq.Linux;
using Wirq.Linux.Probes;

namespace Wirq.Board.Tests.Docs;

/// <summary>The sample of <c>docs/board.md</c>.</summary>
internal static class BoardSample
{
    internal static GuestEnd Run(string file)
    {
        // sample
        using KvmSystem system = KvmSystem.Open();
        using var watch = new BoardWatch(file); // checks the laws
        using var pc = new Pc(system, new PcOptions
        {
            Board = new BoardOptions { Cpus = 2, X2Apic = true, Workarounds = HostReport.Read().Workarounds, Observe = watch.Begin },
            Console = value => Console.Write((char)value),
        });
        pc.Load(MultibootImage.Open(file), arguments: "");
        return pc.Board.Run(Timeout.InfiniteTimeSpan)!;
        // end
    }
}
