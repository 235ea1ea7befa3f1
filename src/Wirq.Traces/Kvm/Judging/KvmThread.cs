using System.Text;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>What a thread of the host is to a VM.</summary>
internal enum ThreadRole : byte
{
    /// <summary>A thread of the VMM.</summary>
    Vmm,
    Vcpu,
    /// <summary>A thread of the kernel, or an interrupt: it works for any VM.</summary>
    Kernel,
}

/// <summary>What a log tells of a thread.</summary>
internal sealed class KvmThread(int number)
{
    /// <summary>KVM_EXIT_HLT.</summary>
    private const int HaltReason = 5;

    private readonly ulong[] _vectors = new ulong[4];

    private bool _namesProcess;

    internal int Number => number;
    internal string Name { get; private set; } = "";
    /// <summary>Its process (thread group); -1 where nothing tells it.</summary>
    internal int Process { get; private set; } = KvmRecord.Untold;
    /// <summary>The vCPU that it runs; -1 where nothing tells it.</summary>
    internal int Vcpu { get; private set; } = KvmRecord.Untold;
    internal ThreadRole Role { get; private set; }
    /// <summary>The VM; -1 for none.</summary>
    internal int Vm { get; set; } = KvmRecord.Untold;

    /// <summary>It left to tell the VMM of an EOI: that has the I/OAPIC.</summary>
    internal bool EoiExits { get; private set; }
    /// <summary>It left because its guest had halted: KVM keeps such a vCPU itself, if it has its local APIC (x86.c, __kvm_emulate_halt).</summary>
    internal bool HaltExits { get; private set; }
    /// <summary>A record of KVM's own I/OAPIC or 8259 pair.</summary>
    internal bool HasPins { get; private set; }
    /// <summary>A record of a chip of KVM's.</summary>
    internal bool UsesChips { get; private set; }

    /// <summary>Whether it is to a VM what the other is. Which vectors it knows is the VM's question.</summary>
    internal bool IsLike(KvmThread other) => (Role, Vcpu, Process, Vm) == (other.Role, other.Vcpu, other.Process, other.Vm);

    internal bool Knows(int vector) => vector is >= 0 and < 256 && (_vectors[vector >> 6] >> (vector & 63) & 1) != 0;

    internal void Take(KvmRecord record)
    {
        if (Name.Length == 0 && record.Task.Length > 0 && !record.Task.SequenceEqual("<...>"u8))
            Named(Encoding.UTF8.GetString(record.Task));
        // The kernel's own thread for a VM is a process by itself, and its name tells whose it is.
        if (record.Process > 0 && Role != ThreadRole.Kernel && !_namesProcess)
            Process = record.Process;
        if (Role == ThreadRole.Kernel)
            return;
        switch (record.Event)
        {
            case KvmEvent.Entry or KvmEvent.Exit or KvmEvent.Eoi or KvmEvent.PvEoi:
                Role = ThreadRole.Vcpu;
                if (record.Vcpu >= 0)
                    Vcpu = record.Vcpu;
                break;
            case KvmEvent.Apic or KvmEvent.Mmio or KvmEvent.Pio or KvmEvent.Msr or KvmEvent.InjectIrq or KvmEvent.InjectException or KvmEvent.UserspaceExit
                or KvmEvent.Wakeup:
                Role = ThreadRole.Vcpu;
                break;
        }
        HasPins |= record.Event is KvmEvent.PicSetIrq or KvmEvent.IoApicSetIrq or KvmEvent.AckIrq or KvmEvent.DelayedEoi;
        EoiExits |= KvmJudge.IsEoiExit(record);
        HaltExits |= record is { Event: KvmEvent.UserspaceExit, Reason: HaltReason, Restart: false };
        UsesChips |= record.Event is KvmEvent.PicSetIrq or KvmEvent.IoApicSetIrq or KvmEvent.DelayedEoi or KvmEvent.MsiSetIrq or KvmEvent.AcceptIrq or KvmEvent.ApicIpi
            or KvmEvent.Apic or KvmEvent.Eoi or KvmEvent.PvEoi or KvmEvent.AckIrq or KvmEvent.ApicvAcceptIrq or KvmEvent.Avic;
        if (record.Event is KvmEvent.Eoi or KvmEvent.PvEoi or KvmEvent.AcceptIrq or KvmEvent.InjectIrq && record.Vector is >= 0 and < 256)
            _vectors[record.Vector >> 6] |= 1UL << (record.Vector & 63);
    }

    internal void Runs(int vcpu) => Vcpu = vcpu;

    private void Named(string name)
    {
        Name = name;
        if (name.StartsWith("kworker", StringComparison.Ordinal) || name is "<idle>" or "swapper" || name.StartsWith("swapper/", StringComparison.Ordinal)
            || name.StartsWith("ksoftirqd", StringComparison.Ordinal) || name.StartsWith("irq/", StringComparison.Ordinal) || number == 0)
            Role = ThreadRole.Kernel;
        else if (Behind(name, "kvm-pit/") is >= 0 and int pit)
            (Process, _namesProcess) = (pit, true);
        else if (Behind(name, "vhost-") is >= 0 and int vhost)
            (Process, _namesProcess) = (vhost, true);
        else if (VcpuIn(name) is >= 0 and int vcpu)
            (Role, Vcpu) = (ThreadRole.Vcpu, vcpu);
    }

    private static int Behind(string name, string word) =>
        name.StartsWith(word, StringComparison.Ordinal) ? Parse(name.AsSpan(word.Length), whole: true) : -1;

    /// <summary>The vCPU in a thread's name: <c>CPU 1/KVM</c> of QEMU, <c>fc_vcpu 1</c>, <c>vcpu1</c>, <c>crosvm_vcpu1</c>.</summary>
    private static int VcpuIn(string name)
    {
        int at = name.LastIndexOf("CPU ", StringComparison.Ordinal);
        if (at >= 0 && name.EndsWith("/KVM", StringComparison.Ordinal))
            return Parse(name.AsSpan(at + 4), whole: false);
        at = name.LastIndexOf("vcpu", StringComparison.Ordinal);
        return at < 0 ? -1 : Parse(name.AsSpan(at + 4).TrimStart(" _-"), whole: true);
    }

    private static int Parse(ReadOnlySpan<char> text, bool whole)
    {
        int digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]))
            digits++;
        return digits is > 0 and < 10 && (!whole || digits == text.Length) ? int.Parse(text[..digits], System.Globalization.CultureInfo.InvariantCulture) : -1;
    }
}
