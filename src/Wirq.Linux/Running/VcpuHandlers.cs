namespace Wirq.Linux;

/// <summary>What all handlers of vCPUs have in common.</summary>
internal static class VcpuHandlers
{
    /// <summary>Finishes the instruction that exited; the handler handles its remaining parts.</summary>
    /// <param name="handler">The handler.</param>
    /// <param name="vcpu">The vCPU.</param>
    /// <returns>False if the handler requests the end.</returns>
    internal static bool Finish(this IVcpuHandler handler, KvmVcpu vcpu)
    {
        bool goOn = true;
        while (vcpu.Complete() != KvmExitReason.Interrupted)
            goOn &= handler.Exited(vcpu, vcpu.Exit) != VcpuNext.Stop;
        return goOn;
    }
}
