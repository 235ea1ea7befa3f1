using Wirq.Board.Machine;
using Wirq.Board.Workarounds;
using Wirq.Linux;

namespace Wirq.Board.Cpus;

/// <summary>How the guest ends at an exit that no device serves.</summary>
internal static class Ends
{
    internal static GuestEnd Of(int cpu, KvmExit exit, GuestView view) => exit.Reason switch
    {
        KvmExitReason.Shutdown => new GuestEnd(GuestEndKind.TripleFault, Detail: $"cpu{cpu}: {view.Describe()}"),
        KvmExitReason.SystemEvent => new GuestEnd(GuestEndKind.Reset, Detail: $"cpu{cpu}: {exit.ToString()}"),
        // INIT of the bootstrap processor leads to the reset vector (Intel SDM vol. 3, 9.4.2). There is no memory, so
        // KVM cannot fetch.
        _ when view.IsAtResetVector => new GuestEnd(GuestEndKind.Reset,
            Detail: $"cpu{cpu} was sent INIT: it stands at the reset vector, where this board has no firmware"),
        // KVM does not fetch from devices either. In this case the guest caused it.
        KvmExitReason.InternalError when !view.MayHaveCode => new GuestEnd(GuestEndKind.NoCode, Detail: $"cpu{cpu}: {view.Describe()}"),
        _ => new GuestEnd(GuestEndKind.HostCannot, Detail: $"cpu{cpu}: {exit.ToString()}; {view.Describe()}"),
    };
}
