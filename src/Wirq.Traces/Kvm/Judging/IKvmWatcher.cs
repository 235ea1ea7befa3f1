using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>What became of an accept line.</summary>
internal enum AcceptOutcome : byte
{
    /// <summary>The vector is pending.</summary>
    Pending,
    /// <summary>It merged into one that was pending.</summary>
    Merged,
    /// <summary>The local APIC was disabled, and refused it.</summary>
    Refused,
    /// <summary>It was taken already, by a record that stands before it.</summary>
    Taken,
}

/// <summary>Sees what a judge of KVM's records makes of them, while it does. It asks the trails for what is so.</summary>
internal interface IKvmWatcher
{
    /// <summary>A record was taken.</summary>
    /// <param name="record">The record.</param>
    /// <param name="at">Where it is.</param>
    /// <param name="vm">The VM that has it; null where that is none, or not told.</param>
    /// <param name="context">Its thread; null where records are missing.</param>
    /// <param name="epoch">How many gaps the log had.</param>
    void Took(KvmRecord record, Mark at, VmTrail? vm, ThreadContext? context, int epoch);

    /// <summary>A local APIC accepted a vector, or refused it; before <see cref="Took"/> of the record.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="accepted">What was accepted.</param>
    /// <param name="context">The thread, with what it began before.</param>
    /// <param name="outcome">What became of it.</param>
    void Accepted(VmTrail vm, VcpuTrail vcpu, Accepted accepted, ThreadContext context, AcceptOutcome outcome);

    /// <summary>Nothing accepted a message, and nothing of it follows.</summary>
    /// <param name="vm">The VM.</param>
    /// <param name="message">The message.</param>
    /// <param name="isIpi">It was an IPI.</param>
    /// <param name="sender">The vCPU that sent an IPI; -1 where it is not told.</param>
    void Unaccepted(VmTrail vm, in OpenMessage message, bool isIpi, int sender);
}
