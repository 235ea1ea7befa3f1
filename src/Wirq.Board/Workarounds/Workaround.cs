using Wirq.Linux;

namespace Wirq.Board.Workarounds;

/// <summary>What a vCPU does after the work-arounds have run.</summary>
internal enum WorkaroundResult : byte
{
    /// <summary>It continues.</summary>
    GoOn,
    /// <summary>The guest's state was changed: check again whether an interrupt can be injected.</summary>
    LookAgain,
}

/// <summary>Code that only a KVM with a deviation needs: one object per vCPU. Only its probe enables it
/// (<see cref="Wirq.Linux.Probes.HostWorkaround"/>).</summary>
internal abstract class Workaround
{
    /// <summary>Its name in the output of <c>wirq host</c>.</summary>
    internal abstract string Name { get; }

    /// <summary>Called before an entry.</summary>
    /// <param name="view">The guest.</param>
    /// <param name="interruptWaits">Whether an interrupt waits until KVM can inject it.</param>
    /// <param name="finish">Finishes the instruction that exited; call it before registers are read.</param>
    internal virtual WorkaroundResult BeforeEntry(GuestView view, bool interruptWaits, Action finish) => WorkaroundResult.GoOn;

    /// <summary>Called before an interrupt is injected.</summary>
    internal virtual void Injecting(GuestView view, Action finish) { }

    /// <summary>Called for each exit.</summary>
    /// <returns>Whether it was served.</returns>
    internal virtual bool Exited(GuestView view, KvmExit exit) => false;

    /// <summary>The vCPU is reset.</summary>
    internal virtual void Forget(GuestView view) { }
}
