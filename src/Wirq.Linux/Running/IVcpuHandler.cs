namespace Wirq.Linux;

/// <summary>What a vCPU's thread does next.</summary>
public enum VcpuNext : byte
{
    /// <summary>It enters the guest.</summary>
    Enter,
    /// <summary>It sleeps until it is kicked: the guest has halted, or waits for INIT.</summary>
    Wait,
    /// <summary>It ends.</summary>
    Stop,
}

/// <summary>Handles the exits of a vCPU, on its thread.</summary>
public interface IVcpuHandler
{
    /// <summary>Called before each entry, and at least once after each kick. So check here for what a kick announces:
    /// an interrupt to inject (<see cref="KvmVcpu.TryInterrupt"/>), an NMI, INIT.</summary>
    /// <param name="vcpu">The vCPU. Its registers may be read and written, unless <see cref="KvmExit.IsUnfinished"/>
    /// was true at the last exit.</param>
    VcpuNext BeforeEntry(KvmVcpu vcpu);

    /// <summary>Called for each exit except <see cref="KvmExitReason.Interrupted"/>.</summary>
    /// <param name="vcpu">The vCPU.</param>
    /// <param name="exit">The exit; reads are answered in it.</param>
    /// <returns><see cref="VcpuNext.Stop"/> to end the thread; else <see cref="BeforeEntry"/> is called.</returns>
    VcpuNext Exited(KvmVcpu vcpu, KvmExit exit);
}
