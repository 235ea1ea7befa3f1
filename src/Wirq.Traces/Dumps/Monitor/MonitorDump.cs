namespace Wirq.Traces.Dumps.Monitor;

/// <summary>What QEMU's monitor prints of a machine's interrupt controllers, as one state: <c>info pic</c> and
/// <c>info lapic</c>.</summary>
internal static class MonitorDump
{
    internal const string Format = "qemu-monitor";
    private const string What = "what QEMU's monitor printed (info pic, info lapic)";

    /// <summary>The moment to which a piece belongs.</summary>
    internal static DumpPart Part(DumpParts parts, string piece, string? file) => parts.Of(Format, What, piece, file);

    /// <summary>Says what the monitor did not print.</summary>
    internal static void Lacks(DumpPart part)
    {
        const string all = "info pic, and info lapic N for every CPU of info cpus; what led to it: -trace 'ioapic_*' -trace 'apic_*' -trace 'pic_*' -msg timestamp=on "
            + "(chips of QEMU), or the kvm events of the host's kernel (chips of KVM)";
        var state = part.State;
        bool pics = state.Pics.Count > 0;
        if (state.IoApics.Count == 0 || !pics)
        {
            string missing = state.IoApics.Count > 0 ? "no 8259" : pics ? "no I/OAPIC" : "no lines: neither the pins of the I/OAPIC nor the 8259s";
            part.Lack($"It has {missing}, so what is owed there is not known", all);
        }
        part.Lack(state.Cpus.Count == 0 ? "It has no local APIC, so what is pending or in service at a CPU is not known"
            : $"It has the local {(state.Cpus.Count == 1 ? "APIC" : "APICs")} of {Phrase.All([.. state.Cpus.Select(cpu => cpu.Name)], 8)}: info lapic prints one CPU, and whether there are others "
                + "it does not tell; nor whether a CPU is halted or has its interrupts off, nor an APIC id", state.IoApics.Count == 0 || !pics ? "" : all);
        part.Lack("The monitor prints no device: whether one holds its line or has an MSI-X vector pending is not known",
            "a migration stream (migrate \"exec:cat > guest.qevm\", virsh save), which wirq why reads too");
    }
}
