namespace Wirq.Traces.Kvm;

/// <summary>Reads kvm_exit, of which five forms are in use.</summary>
internal static class ExitText
{
    private const int VmxTripleFault = 2, VmxHalt = 12, VmxWindow = 7, VmxEoi = 45, VmxApicWrite = 56, SvmHalt = 0x78, SvmWindow = 0x64, SvmShutdown = 0x7F, SvmAvicIpi = 0x401, SvmAvicAccess = 0x402;

    internal static bool Read(ref TextScan scan, KvmRecord record)
    {
        // The plugin of trace-cmd leaves the vCPU out; so did Linux before 5.10.
        if (scan.Word("vcpu"u8) && !scan.Number(out record.Vcpu))
            return false;
        if (!scan.Word("reason"u8))
            return false;
        ReadOnlySpan<byte> reason = scan.Token(" "u8);
        record.Exit = Named(reason);
        if (reason.IsEmpty)
            return scan.Word("r"u8);
        // A reason that no name is known of may be several words; what follows it decides nothing here.
        if (scan.Word("rip"u8) && scan.Hex(out record.Rip))
            record.HasRip = true;
        return true;
    }

    /// <summary>An exit by its number: isa 1 is VMX, 2 is SVM.</summary>
    internal static KvmExit Numbered(ulong reason, ulong isa) => (isa, reason & 0xFFFF) switch
    {
        (1, VmxHalt) or (2, SvmHalt) => KvmExit.Halt,
        (1, VmxWindow) or (2, SvmWindow) => KvmExit.InterruptWindow,
        (1, VmxEoi or VmxApicWrite) or (2, SvmAvicIpi or SvmAvicAccess) => KvmExit.OfVirtualApic,
        (1, VmxTripleFault) or (2, SvmShutdown) => KvmExit.Shutdown,
        _ => KvmExit.Other,
    };

    private static KvmExit Named(ReadOnlySpan<byte> reason)
    {
        if (reason.StartsWith("EXIT_"u8))
            reason = reason["EXIT_"u8.Length..];
        return reason.SequenceEqual("HLT"u8) || reason.SequenceEqual("hlt"u8) ? KvmExit.Halt
            : reason.SequenceEqual("INTERRUPT_WINDOW"u8) || reason.SequenceEqual("PENDING_INTERRUPT"u8) || reason.SequenceEqual("vintr"u8)
                || reason.SequenceEqual("VINTR"u8) ? KvmExit.InterruptWindow
            : reason.SequenceEqual("EOI_INDUCED"u8) || reason.SequenceEqual("APIC_WRITE"u8) || reason.StartsWith("avic_"u8) ? KvmExit.OfVirtualApic
            : reason.SequenceEqual("TRIPLE_FAULT"u8) || reason.SequenceEqual("shutdown"u8) ? KvmExit.Shutdown : KvmExit.Other;
    }
}
