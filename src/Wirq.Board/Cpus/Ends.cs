using Wirq.Board.Machine;
using Wirq.Board.Workarounds;
using Wirq.Linux;

namespace Wirq.Board.Cpus;

/// <summary>What an exit that nobody serves means for the guest.</summary>
internal static class Ends
{
    internal static GuestEnd Of(int cpu, KvmExit exit, GuestView view) => exit.Reason switch
    {
        KvmExitReason.Shutdown => new GuestEnd(GuestEndKind.TripleFault, Detail: $"cpu{cpu}: {view.Describe()}"),
        KvmExitReason.SystemEvent => new GuestEnd(GuestEndKind.Reset, Detail: $"cpu{cpu}: {exit.ToString()}"),
        _ => new GuestEnd(GuestEndKind.HostCannot, Detail: $"cpu{cpu}: {exit.ToString()}; {view.Describe()}"),
    };
}
