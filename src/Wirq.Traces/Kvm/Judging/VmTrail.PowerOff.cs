using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>A guest turned its machine off, put it to sleep, or reset it, and nothing of the guest follows.</summary>
/// <param name="At">When.</param>
/// <param name="Cpu">The vCPU that did it.</param>
/// <param name="How">By what: a register's name and place.</param>
internal sealed record PowerOff(Mark At, int Cpu, string How);

// The end of the guest.
internal sealed partial class VmTrail
{
    // ACPI 6.5, 4.8.3.2.1: SLP_EN of PM1 control; where that register is stands in the guest's tables. ACPICA writes the sleep type first,
    // and then the same with SLP_EN.
    private const ulong SleepEnable = 1 << 13;
    private const ulong ResetPort = 0xCF9, ResetCpu = 1 << 2, KeyboardPort = 0x64, PulseReset = 0xFE;
    // KVM_EXIT_SHUTDOWN: a triple fault; KVM_EXIT_SYSTEM_EVENT.
    private const int ShutdownReason = 8, SystemEventReason = 24;

    private (ulong Port, ulong Value) _lastOut;

    /// <summary>The guest ended its machine, and did nothing after that; null where it did not, or goes on.</summary>
    internal PowerOff? TurnedOff { get; private set; }

    private void LookAtPower(KvmRecord record, Mark at, VcpuTrail? own)
    {
        if (own is null)
            return;
        switch (record.Event)
        {
            case KvmEvent.Pio when record.Write:
                TurnedOff = record.Address switch
                {
                    ResetPort when (record.Value & ResetCpu) != 0 => new(at, own.Index, "a reset by port 0xcf9"),
                    KeyboardPort when record.Value == PulseReset => new(at, own.Index, "a reset by port 0x64"),
                    _ when (record.Value & SleepEnable) != 0 && _lastOut == (record.Address, record.Value & ~SleepEnable) => new(at, own.Index, $"SLP_EN at port 0x{record.Address:x}"),
                    _ => null,
                };
                _lastOut = (record.Address, record.Value);
                break;
            case KvmEvent.UserspaceExit when record is { Reason: ShutdownReason or SystemEventReason, Restart: false }:
                TurnedOff = new(at, own.Index, record.Reason == ShutdownReason ? "a triple fault" : "a call to the VMM");
                break;
            case KvmEvent.Exit when record.Exit == KvmExit.Shutdown:
                TurnedOff = new(at, own.Index, "a triple fault");
                break;
            case KvmEvent.Entry when own.Index == TurnedOff?.Cpu:
            case KvmEvent.Apic or KvmEvent.Mmio or KvmEvent.Pio or KvmEvent.Msr or KvmEvent.Eoi or KvmEvent.PvEoi or KvmEvent.InjectIrq:
                TurnedOff = null;
                break;
        }
    }
}
