namespace Wirq.Lab.Kernels;

/// <summary>The chips of a machine that a kernel owns.</summary>
public enum KernelKind : byte
{
    /// <summary>None: all chips are in userspace (no KVM_CREATE_IRQCHIP).</summary>
    None,
    /// <summary>The local APICs (KVM_CAP_SPLIT_IRQCHIP).</summary>
    Split,
    /// <summary>The local APICs, one I/OAPIC and the 8259 pair (KVM_CREATE_IRQCHIP).</summary>
    Full,
}

/// <summary>The enabled flags of KVM_CAP_X2APIC_API.</summary>
[Flags]
public enum SimulatedX2ApicApi
{
    /// <summary>Not enabled.</summary>
    None = 0,
    /// <summary>32-bit destinations: KVM_X2APIC_API_USE_32BIT_IDS.</summary>
    Use32BitIds = 1,
    /// <summary>0xFF is an ordinary id in x2APIC mode: KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK.</summary>
    DisableBroadcastQuirk = 2,
    /// <summary>SVR bit 12 keeps EOIs from userspace: KVM_X2APIC_ENABLE_SUPPRESS_EOI_BROADCAST; split only.</summary>
    EnableSuppressEoi = 4,
    /// <summary>SVR bit 12 does not exist: KVM_X2APIC_DISABLE_SUPPRESS_EOI_BROADCAST.</summary>
    DisableSuppressEoi = 8,
}

/// <summary>How a machine of a simulated kernel is built.</summary>
public sealed record SimulatedKernelOptions
{
    /// <summary>The highest number of routes in Linux (KVM_MAX_IRQ_ROUTES).</summary>
    public const int MaxRoutes = 4096;

    /// <summary>No KVM makes a vCPU with this id or a higher one: KVM_MAX_VCPU_IDS is 4 for each of KVM_MAX_NR_VCPUS, which
    /// is 4096 at most (arch/x86/kvm/Kconfig). It is 4096 in a kernel that is built for 1024 vCPUs, as usual.</summary>
    public const int MaxVcpuIds = 16384;

    /// <summary>The flags with which every APIC id of 32 bits can be addressed.</summary>
    internal const SimulatedX2ApicApi WideIds = SimulatedX2ApicApi.Use32BitIds | SimulatedX2ApicApi.DisableBroadcastQuirk;

    /// <summary>The chips that are in the kernel.</summary>
    public KernelKind Kind { get; init; } = KernelKind.Split;
    /// <summary>The number of CPUs, 1 to <see cref="LocalApicOptions.MaxCount"/>.</summary>
    public int Cpus { get; init; } = 1;
    /// <summary>APIC ids by CPU, below <see cref="MaxVcpuIds"/>; null for 0, 1, 2, …</summary>
    public IReadOnlyList<uint>? ApicIds { get; init; }
    /// <summary>EOIs of level vectors are reported for GSIs below this number; split only. 0 to
    /// <see cref="Routes"/>.</summary>
    public int ReservedGsis { get; init; } = 24;
    /// <summary>The number of GSIs and rows of the table, 1 to <see cref="MaxRoutes"/>. Linux has 4096. A world that is
    /// explored has fewer, so that its state is small.</summary>
    public int Routes { get; init; } = MaxRoutes;
    /// <summary>Flags of KVM_CAP_X2APIC_API.</summary>
    public SimulatedX2ApicApi X2ApicApi { get; init; }
    /// <summary>Whether deferred injections run at once. If not, they wait for <see cref="SimulatedKernel.Settle"/> or
    /// <see cref="SimulatedKernel.RunPendingWork()"/>. A real work queue may run them late, so this makes it possible
    /// to explore the interleavings.</summary>
    public bool WorksAtOnce { get; init; }
    /// <summary>Behaviours that depend on the version.</summary>
    public KernelBehaviour Behaviour { get; init; } = new();
    /// <summary>The defects of the kernel, for controls.</summary>
    public KernelDefects Defects { get; init; }

    /// <summary>Throws if no machine can be built with these options.</summary>
    /// <exception cref="OptionException">A field is out of its range, or does not fit another.</exception>
    public void Validate()
    {
        OptionCheck check = OptionCheck.Whole;
        check.Defined(Kind);
        check.Range(Cpus, 1, LocalApicOptions.MaxCount);
        LocalApicOptions.CheckIds(check, ApicIds, Cpus, nameof(ApicIds));
        uint highest = ApicIds?.Max() ?? 0;
        check.That(highest < MaxVcpuIds, $"{highest}", $"ids below {MaxVcpuIds}: KVM makes no other vCPU", nameof(ApicIds));
        check.Range(Routes, 1, MaxRoutes);
        check.Range(ReservedGsis, 0, Routes);
        check.Present(Behaviour);
        const SimulatedX2ApicApi suppress = SimulatedX2ApicApi.EnableSuppressEoi | SimulatedX2ApicApi.DisableSuppressEoi, all = WideIds | suppress;
        // arch/x86/kvm/x86.c, kvm_vm_ioctl_enable_cap: unknown flags, both of the pair, and ENABLE without a split
        // irqchip are EINVAL.
        bool wrong = (X2ApicApi & ~all) != 0 || (X2ApicApi & suppress) == suppress
            || (X2ApicApi & SimulatedX2ApicApi.EnableSuppressEoi) != 0 && Kind != KernelKind.Split;
        check.That(!wrong, X2ApicApi.ToString(), "flags that KVM_CAP_X2APIC_API takes here", nameof(X2ApicApi));
    }
}
