using Wirq.Events;
using Wirq.State;

namespace Wirq;

/// <summary>The local APICs of a machine and the bus between them.</summary>
public sealed class LocalApics
{
    /// <summary>Builds them with their state in <paramref name="arena"/>.</summary>
    public LocalApics(LocalApicOptions options, StateArena arena) => throw new NotImplementedException();
    /// <summary>How many there are.</summary>
    public int Count => throw new NotImplementedException();
    /// <summary>Whether <paramref name="address"/> lies in the enabled xAPIC page of a CPU.</summary>
    public bool Maps(int cpu, ulong address, out uint offset) => throw new NotImplementedException();
    /// <summary>Reads 32 bits at a page offset in xAPIC mode.</summary>
    public uint Read(int cpu, uint offset, EventBuffer events) => throw new NotImplementedException();
    /// <summary>Writes 32 bits at a page offset in xAPIC mode.</summary>
    public void Write(int cpu, uint offset, uint value, EventBuffer events) => throw new NotImplementedException();
    /// <summary>Whether an MSR is one of ours: 0x1B, 0x6E0, 0x800 to 0x8FF.</summary>
    public static bool ClaimsMsr(uint msr) => msr is 0x1B or 0x6E0 or (>= 0x800 and <= 0x8FF);
    /// <summary>Reads an MSR; false means <c>#GP(0)</c>.</summary>
    public bool TryReadMsr(int cpu, uint msr, EventBuffer events, out ulong value) => throw new NotImplementedException();
    /// <summary>Writes an MSR; false means <c>#GP(0)</c>.</summary>
    public bool TryWriteMsr(int cpu, uint msr, ulong value, EventBuffer events) => throw new NotImplementedException();
    /// <summary>CR8: bits 7:4 of the TPR.</summary>
    public byte ReadCr8(int cpu) => throw new NotImplementedException();
    /// <summary>Writes CR8; false means <c>#GP(0)</c> (reserved bits).</summary>
    public bool TryWriteCr8(int cpu, ulong value, EventBuffer events) => throw new NotImplementedException();
    /// <summary>A message arrives on the bus.</summary>
    /// <returns><see cref="RefusalReason.None"/> where at least one local APIC accepted it.</returns>
    public RefusalReason Deliver(InterruptMessage message, Origin origin, EventBuffer events) => throw new NotImplementedException();
    /// <summary>Whether a vector is pending that the processor priority lets through.</summary>
    public bool HasInterrupt(int cpu) => throw new NotImplementedException();
    /// <summary>Whether a CPU would run an INTA cycle to the 8259, INTR being at <paramref name="intr"/>.</summary>
    public bool HasExtInt(int cpu, bool intr) => throw new NotImplementedException();
    /// <summary>The CPU takes its highest vector: IRR to ISR. With none to take, the spurious vector.</summary>
    public byte Take(int cpu, EventBuffer events) => throw new NotImplementedException();
    /// <summary>The CPU has run an INTA cycle: an ExtINT that came by message is used up.</summary>
    public void ExtIntTaken(int cpu) => throw new NotImplementedException();
    /// <summary>Sets the level of LINT0 or LINT1 of a CPU.</summary>
    public void SetLint(int cpu, int pin, bool high, EventBuffer events) => throw new NotImplementedException();
    /// <summary>Power-up or RESET of one local APIC.</summary>
    public void Reset(int cpu, EventBuffer events) => throw new NotImplementedException();
    /// <summary>INIT of one local APIC: as reset, but the APIC id and IA32_APIC_BASE stay.</summary>
    public void Init(int cpu, EventBuffer events) => throw new NotImplementedException();
    /// <summary>The next virtual time at which a timer expires, in ns; <see cref="long.MaxValue"/> for none.</summary>
    public long NextDeadline => throw new NotImplementedException();
    /// <summary>Lets the timers that are due at <c>events.Now</c> expire.</summary>
    public void Advance(EventBuffer events) => throw new NotImplementedException();
}
