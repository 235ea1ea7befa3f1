using Wirq.Linux;

namespace Wirq.Board.Workarounds;

/// <summary>What a vCPU does after work-arounds had their say.</summary>
internal enum WorkaroundResult : byte
{
    /// <summary>It goes on.</summary>
    GoOn,
    /// <summary>The guest's state was changed: check again whether an interrupt can be injected.</summary>
    LookAgain,
}

/// <summary>Something that a peculiar KVM needs, and an ordinary one does not: one object per vCPU. Its probe alone
/// switches it on (<see cref="Wirq.Linux.Probes.HostWorkaround"/>).</summary>
internal abstract class Workaround
{
    /// <summary>Its name, as <c>wirq host</c> prints it.</summary>
    internal abstract string Name { get; }

    /// <summary>Called before an entry.</summary>
    /// <param name="view">The guest.</param>
    /// <param name="interruptWaits">Whether an interrupt waits until KVM can inject it.</param>
    /// <param name="finish">Finishes what exited; to be called before registers are looked at.</param>
    internal virtual WorkaroundResult BeforeEntry(GuestView view, bool interruptWaits, Action finish) => WorkaroundResult.GoOn;

    /// <summary>Called before an interrupt is injected.</summary>
    internal virtual void Injecting(GuestView view, Action finish) { }

    /// <summary>Called for each exit.</summary>
    /// <returns>Whether it was served.</returns>
    internal virtual bool Exited(GuestView view, KvmExit exit) => false;

    /// <summary>The vCPU is reset.</summary>
    internal virtual void Forget(GuestView view) { }
}
