namespace Wirq.Traces.Kvm;

/// <summary>The names of KVM's tracepoints and of the local APIC's registers as they print them.</summary>
internal static class KvmNames
{
    /// <summary>AMD's extended registers (APM vol. 2, 16.3.5).</summary>
    private const ApicRegister ExtendedFeatures = (ApicRegister)0x400, ExtendedControl = (ApicRegister)0x410;

    /// <summary>The events that tell something.</summary>
    internal static (byte[] Name, KvmEvent Event)[] Events { get; } =
    [.. new (string Name, KvmEvent Event)[] {
        ("kvm_set_irq", KvmEvent.SetIrq), ("kvm_pic_set_irq", KvmEvent.PicSetIrq), ("kvm_ioapic_set_irq", KvmEvent.IoApicSetIrq),
        ("kvm_ioapic_delayed_eoi_inj", KvmEvent.DelayedEoi), ("kvm_msi_set_irq", KvmEvent.MsiSetIrq),
        ("kvm_apic_accept_irq", KvmEvent.AcceptIrq), ("kvm_apic_ipi", KvmEvent.ApicIpi), ("kvm_apic", KvmEvent.Apic),
        ("kvm_eoi", KvmEvent.Eoi), ("kvm_pv_eoi", KvmEvent.PvEoi), ("kvm_ack_irq", KvmEvent.AckIrq),
        ("kvm_inj_virq", KvmEvent.InjectIrq), ("kvm_inj_exception", KvmEvent.InjectException), ("kvm_entry", KvmEvent.Entry),
        ("kvm_exit", KvmEvent.Exit), ("kvm_userspace_exit", KvmEvent.UserspaceExit), ("kvm_vcpu_wakeup", KvmEvent.Wakeup),
        ("kvm_mmio", KvmEvent.Mmio), ("kvm_pio", KvmEvent.Pio), ("kvm_msr", KvmEvent.Msr), ("kvm_write_tsc_offset", KvmEvent.TscOffset),
        ("kvm_apicv_accept_irq", KvmEvent.ApicvAcceptIrq), ("kvm_avic_incomplete_ipi", KvmEvent.Avic),
        ("kvm_avic_unaccelerated_access", KvmEvent.Avic), ("kvm_avic_kick_vcpu_slowpath", KvmEvent.Avic), ("kvm_apicv_inhibit_changed", KvmEvent.ApicvInhibit),
        ("kvm_pi_irte_update", KvmEvent.PostedRoute) }
        .Select(pair => (System.Text.Encoding.ASCII.GetBytes(pair.Name), pair.Event))];

    private static readonly (byte[] Name, int Register)[] Registers =
    [.. new (string, ApicRegister)[] { ("ID", ApicRegister.Id), ("LVR", ApicRegister.Version), ("TASKPRI", ApicRegister.TaskPriority),
        ("ARBPRI", ApicRegister.ArbitrationPriority), ("PROCPRI", ApicRegister.ProcessorPriority), ("EOI", ApicRegister.Eoi),
        ("RRR", ApicRegister.RemoteRead), ("LDR", ApicRegister.LogicalDestination), ("DFR", ApicRegister.DestinationFormat),
        ("SPIV", ApicRegister.SpuriousVector), ("ISR", ApicRegister.InService), ("TMR", ApicRegister.TriggerMode), ("IRR", ApicRegister.Request),
        ("ESR", ApicRegister.ErrorStatus), ("ICR", ApicRegister.CommandLow), ("ICR2", ApicRegister.CommandHigh), ("LVTT", ApicRegister.Timer),
        ("LVTTHMR", ApicRegister.Thermal), ("LVTPC", ApicRegister.Performance), ("LVT0", ApicRegister.Lint0), ("LVT1", ApicRegister.Lint1),
        ("LVTERR", ApicRegister.Error), ("TMICT", ApicRegister.InitialCount), ("TMCCT", ApicRegister.CurrentCount),
        ("TDCR", ApicRegister.DivideConfiguration), ("SELF_IPI", ApicRegister.SelfIpi), ("EFEAT", ExtendedFeatures), ("ECTRL", ExtendedControl) }
        .Select(pair => (System.Text.Encoding.ASCII.GetBytes("APIC_" + pair.Item1), (int)pair.Item2))];

    /// <summary>The delivery modes, in the order of their numbers.</summary>
    private static readonly string[] s_modes = ["Fixed", "LowPrio", "SMI", "Res3", "NMI", "INIT", "SIPI", "ExtINT"];

    private static readonly byte[][] s_modeWords = [.. s_modes.Select(System.Text.Encoding.ASCII.GetBytes)];

    internal static string NameOf(DeliveryMode mode) => s_modes[(int)mode];

    /// <summary>The delivery mode of a name; null for none.</summary>
    internal static DeliveryMode? Mode(ReadOnlySpan<byte> name)
    {
        for (int mode = 0; mode < s_modeWords.Length; mode++)
        {
            if (name.SequenceEqual(s_modeWords[mode]))
                return (DeliveryMode)mode;
        }
        return null;
    }

    internal static KvmEvent Of(ReadOnlySpan<byte> name)
    {
        foreach ((byte[] known, KvmEvent happened) in Events)
        {
            if (name.SequenceEqual(known))
                return happened;
        }
        return KvmEvent.Other;
    }

    private static readonly string[] s_names = [.. Enum.GetValues<KvmEvent>()
        .Select(happened => Events.FirstOrDefault(one => one.Event == happened).Name is { } name ? System.Text.Encoding.ASCII.GetString(name) : "record")];

    internal static string NameOf(KvmEvent happened) => s_names[(int)happened];

    /// <summary>The offset of a register by its name; -1 for none.</summary>
    internal static int Register(ReadOnlySpan<byte> name)
    {
        foreach ((byte[] known, int register) in Registers)
        {
            if (name.SequenceEqual(known))
                return register;
        }
        return KvmRecord.Untold;
    }
}
