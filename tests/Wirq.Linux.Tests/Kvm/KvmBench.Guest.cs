using System.Diagnostics;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests.Differential;
using Wirq.Tests.Shared.Kernels;

namespace Wirq.Linux.Tests.Kvm;

// The guest of the bench.
internal partial class KvmBench
{
    private const uint IoApicSelect = 0xFEC00000, IoApicWindow = IoApicSelect + 0x10, FirstEntryRegister = 0x10;
    private static readonly TimeSpan s_guestLimit = TimeSpan.FromSeconds(60), s_patience = TimeSpan.FromSeconds(5);
    private static readonly Lazy<ProbeResult> s_runs = new(() => PatientProbes.Ask("guest-runs")), s_keeps = new(() => PatientProbes.Ask("isr-until-eoi"));

    private bool _extInt;
    private long _ended;

    public TimeSpan SinceEoi => Stopwatch.GetElapsedTime(_ended);

    private AccessGuest Guest => _guest ?? throw new InvalidOperationException("the test has not said that it needs a guest");

    /// <summary>The guest takes an interrupt. On a host that ends each interrupt as it delivers it, vectors of the local
    /// APIC are put in service by the bench instead; the guest ends them all the same.</summary>
    public int Take(int cpu)
    {
        if (_extInt || _vm.IrqChip == KvmIrqChip.None || s_keeps.Value.Outcome == ProbeOutcome.Faithful)
        {
            int taken = Guest.TakeInterrupt(cpu);
            _extInt &= taken < 0;
            return taken;
        }
        KvmVcpu vcpu = _vm.Vcpus[cpu];
        vcpu.GetLapic(out LapicState state);
        int vector = Highest(state, ApicRegister.Request);
        if (vector < 0 || vector >> 4 <= Math.Max(Highest(state, ApicRegister.InService), 0) >> 4)
            return -1;
        state.Set(ApicRegister.Request, (byte)vector, false);
        state.Set(ApicRegister.InService, (byte)vector, true);
        vcpu.SetLapic(state);
        return vector;
    }

    public void Enter(int cpu) => Guest.ReadMemory(0, cpu);

    public virtual void Eoi(int cpu)
    {
        _ended = Stopwatch.GetTimestamp();
        GuestWritesApic(cpu, ApicRegister.Eoi, 0);
    }

    public bool Wait()
    {
        Thread.Sleep(1);
        return SinceEoi < s_patience;
    }

    public void GuestWritesEntry(int pin, RedirectionEntry entry)
    {
        var now = _vm.GetIoApic().Entries[pin];
        var register = FirstEntryRegister + 2 * (uint)pin;
        // A write of a half has effects even if it changes nothing.
        if (now.High != entry.High)
            WriteIoApic(register + 1, entry.High);
        WriteIoApic(register, entry.Low);
    }

    public void GuestWritesApic(int cpu, ApicRegister register, uint value) =>
        Guest.WriteMemory((uint)ApicBase.DefaultPage + (uint)register, value, cpu);

    public int TakeExit(int cpu) => Guest.TakeEoiExit(cpu);

    private void WriteIoApic(uint register, uint value)
    {
        Guest.WriteMemory(IoApicSelect, register);
        Guest.WriteMemory(IoApicWindow, value);
    }

    private AccessGuest OpenGuest(BenchNeeds needs)
    {
        Assert.SkipUnless(s_runs.Value.Outcome == ProbeOutcome.Faithful, $"a guest does not run here: {s_runs.Value.Finding}");
        ProbeResult keeps = s_keeps.Value;
        Assert.SkipWhen(keeps.Outcome == ProbeOutcome.Failed, $"it is not known whether interrupts stay in service here: {keeps.Finding}");
        if ((needs & BenchNeeds.Delivery) == BenchNeeds.Delivery)
            Assert.SkipUnless(keeps.Outcome == ProbeOutcome.Faithful, $"this host's KVM does not keep an interrupt in service until its EOI ({keeps.Finding})");
        return new AccessGuest(_system, _vm, s_guestLimit);
    }

    private static int Highest(in LapicState state, ApicRegister bank) => state.VectorsIn(bank) is [.., int last] ? last : -1;
}
