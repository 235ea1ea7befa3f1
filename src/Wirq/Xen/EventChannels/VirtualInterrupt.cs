namespace Wirq.Xen;

/// <summary>To whom a virtual interrupt belongs.</summary>
internal enum VirqScope
{
    /// <summary>Each vCPU has its own.</summary>
    Vcpu,
    /// <summary>Each domain has one.</summary>
    Domain,
    /// <summary>There is one, and one domain handles it.</summary>
    Global,
}

/// <summary>The virtual interrupts (<c>VIRQ_*</c>).</summary>
public static class VirtualInterrupt
{
    /// <summary>How many there are.</summary>
    public const int Count = 24;
    /// <summary>The timer of a vCPU.</summary>
    public const int Timer = 0;
    /// <summary>A request of a debug dump, to a vCPU.</summary>
    public const int Debug = 1;
    /// <summary>The console of the hypervisor has input. Global.</summary>
    public const int Console = 2;
    /// <summary>A domain ended. Global.</summary>
    public const int DomainException = 3;
    /// <summary>The profiler of a vCPU.</summary>
    public const int Profiler = 7;
    /// <summary>Argo has a message, for a domain.</summary>
    public const int Argo = 11;
    /// <summary>The performance counters of a vCPU.</summary>
    public const int PerformanceCounters = 13;

    /// <summary>The vCPU at which the port of a virtual interrupt is noted. A global one stays noted at vCPU 0, wherever it
    /// was moved.</summary>
    internal static int HolderOf(in ChannelState channel) => ScopeOf(channel.Peer) == VirqScope.Vcpu ? channel.Vcpu : 0;

    internal static VirqScope ScopeOf(uint virq) => virq switch
    {
        Timer or Debug or Profiler or PerformanceCounters => VirqScope.Vcpu,
        Argo => VirqScope.Domain,
        _ => VirqScope.Global,
    };
}
