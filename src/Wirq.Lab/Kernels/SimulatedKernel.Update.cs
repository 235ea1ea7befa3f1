using Wirq.Snapshots;
using Wirq.State;

namespace Wirq.Lab.Kernels;

// The state of virtual CPUs, which a live update carries from one machine to the next.
public sealed partial class SimulatedKernel
{
    /// <summary>Takes over the CPUs of another machine of the same options: KVM_GET_LAPIC and KVM_GET_VCPU_EVENTS there,
    /// KVM_SET_LAPIC and KVM_SET_VCPU_EVENTS here. Routes and irqfds are not taken over; an EOI exit that the other machine
    /// has not reported yet is.</summary>
    /// <exception cref="ArgumentException">The machines have different numbers of CPUs, or a kernel that owns the
    /// I/OAPIC.</exception>
    public void RestoreCpus(SimulatedKernel saved)
    {
        ArgumentNullException.ThrowIfNull(saved);
        if (saved.Options.Cpus != Options.Cpus || Options.Kind != KernelKind.Split || saved.Options.Kind != KernelKind.Split)
            throw new ArgumentException("CPUs go from a split irqchip to another with as many", nameof(saved));
        RestoreCpus(saved.SaveCpus());
    }

    /// <summary>The state of the CPUs.</summary>
    internal byte[] SaveCpus()
    {
        var writer = new FieldWriter { Now = Now };
        Move(writer);
        return writer.Finish();
    }

    /// <summary>This machine is destroyed, and another takes its place: without routes and irqfds, with CPUs that were saved
    /// earlier. What the old one did to its CPUs since then is gone.</summary>
    internal void Replace(byte[] cpus)
    {
        Release();
        _routes.Span.Clear();
        RestoreCpus(cpus);
    }

    private void RestoreCpus(byte[] cpus)
    {
        var reader = new FieldReader(cpus) { Now = Now };
        Move(reader);
        reader.Finish();
    }

    private void Move(SnapshotFields f) => f.Section(SectionId.LocalApics, "cpus", () =>
    {
        _apics!.Move(f);
        f.Row("states", _cpus.Count, cpu => Move(f, ref _cpus[cpu]));
    });

    private static void Move(Fields f, ref CpuState cpu)
    {
        LocalApics.Move(f, "handled", ref cpu.Handled);
        cpu.StaleAndOne = f.Number("staleAndOne", cpu.StaleAndOne, 0, 256);
        cpu.ExitAndOne = f.Number("exitAndOne", cpu.ExitAndOne, 0, 256);
        cpu.ExtIntAndOne = f.Number("extIntAndOne", cpu.ExtIntAndOne, 0, 256);
        cpu.Signals = (CpuSignals)f.U32("signals", (uint)cpu.Signals, 15);
    }
}
