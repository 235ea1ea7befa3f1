using Wirq.Events;
using Wirq.State;

namespace Wirq.Tests.LocalApic;

/// <summary>Local APICs with the environment for a test. By default every one is software-enabled with spurious vector
/// 0xFF, and only effects are recorded.</summary>
internal sealed class ApicBench
{
    public const uint Id = 0x20, Version = 0x30, Tpr = 0x80, Ppr = 0xA0, Eoi = 0xB0, Ldr = 0xD0, Dfr = 0xE0, Svr = 0xF0,
        Isr = 0x100, Tmr = 0x180, Irr = 0x200, Esr = 0x280, Cmci = 0x2F0, IcrLow = 0x300, IcrHigh = 0x310,
        Timer = 0x320, Thermal = 0x330, Performance = 0x340, Lint0 = 0x350, Lint1 = 0x360, Error = 0x370,
        InitialCount = 0x380, CurrentCount = 0x390, Divide = 0x3E0, SelfIpi = 0x3F0;
    public const uint BaseMsr = 0x1B, DeadlineMsr = 0x6E0;
    public const ulong Enabled = 0xFEE00800, Extended = 0xFEE00C00, Disabled = 0xFEE00000;

    public ApicBench(LocalApicOptions options, bool enable = true)
    {
        Apics = new LocalApics(options, Arena);
        if (enable)
        {
            for (int cpu = 0; cpu < options.Count; cpu++)
                Write(Svr, 0x1FF, cpu);
        }
        Events.Clear();
    }

    public ApicBench(int count = 1, Profile profile = Profile.Manual, bool enable = true)
        : this(new LocalApicOptions { Count = count, Profile = profile }, enable) { }

    public StateArena Arena { get; } = new();
    public LocalApics Apics { get; }
    public EventBuffer Events { get; } = new();

    public uint Read(uint offset, int cpu = 0) => Apics.Read(cpu, offset, Events);
    public void Write(uint offset, uint value, int cpu = 0) => Apics.Write(cpu, offset, value, Events);

    public static uint MsrOf(uint offset) => 0x800 + offset / 16;
    public bool TryReadMsr(uint msr, out ulong value, int cpu = 0) => Apics.TryReadMsr(cpu, msr, Events, out value);
    public bool TryWriteMsr(uint msr, ulong value, int cpu = 0) => Apics.TryWriteMsr(cpu, msr, value, Events);
    public ulong ReadMsr(uint msr, int cpu = 0)
    {
        Assert.True(TryReadMsr(msr, out ulong value, cpu), $"#GP at RDMSR 0x{msr:x}");
        return value;
    }
    public void WriteMsr(uint msr, ulong value, int cpu = 0) =>
        Assert.True(TryWriteMsr(msr, value, cpu), $"#GP at WRMSR 0x{msr:x} 0x{value:x}");
    /// <summary>Reads a register in x2APIC mode, by its xAPIC offset.</summary>
    public ulong ReadX2(uint offset, int cpu = 0) => ReadMsr(MsrOf(offset), cpu);
    public void WriteX2(uint offset, ulong value, int cpu = 0) => WriteMsr(MsrOf(offset), value, cpu);

    /// <summary>Brings CPUs to x2APIC mode; all without arguments.</summary>
    public void ToX2Apic(params ReadOnlySpan<int> cpus)
    {
        if (cpus.IsEmpty)
        {
            for (int cpu = 0; cpu < Apics.Count; cpu++)
                ToX2Apic(cpu);
            return;
        }
        foreach (int cpu in cpus)
            WriteMsr(BaseMsr, Extended | ReadMsr(BaseMsr, cpu) & 0x100, cpu);
        Events.Clear();
    }

    public RefusalReason Send(byte vector, uint destination = 0, DeliveryMode mode = DeliveryMode.Fixed,
        bool logical = false, bool level = false, bool assert = true, bool hint = false) =>
        Apics.Deliver(InterruptMessage.Create(vector, mode, destination, logical, level, assert, hint),
            Origin.Device(0x10), Events);

    public byte Take(int cpu = 0) => Apics.Take(cpu, Events);

    /// <summary>The vectors pending at a CPU, ascending.</summary>
    public List<int> Pending(int cpu = 0) => Vectors(Apics.State(cpu).Irr);
    public List<int> InService(int cpu = 0) => Vectors(Apics.State(cpu).Isr);
    public List<int> LevelVectors(int cpu = 0) => Vectors(Apics.State(cpu).Tmr);

    /// <summary>The CPUs at which a vector is pending.</summary>
    public List<int> Holders(byte vector) =>
        [.. Enumerable.Range(0, Apics.Count).Where(cpu => Pending(cpu).Contains(vector))];

    /// <summary>The ESR after the write that shows it.</summary>
    public uint LatchedErrors(int cpu = 0)
    {
        Write(Esr, 0, cpu);
        return Read(Esr, cpu);
    }

    /// <summary>Moves time and lets timers expire.</summary>
    public void Advance(long to)
    {
        Events.Now = to;
        Apics.Advance(Events);
    }

    /// <summary>All events so far, which are then gone.</summary>
    public List<Event> Drain()
    {
        List<Event> all = [];
        while (Events.TryTake(out Event next))
            all.Add(next);
        return all;
    }

    /// <summary>As <see cref="Drain"/>, in words: kind, unit and A.</summary>
    public List<string> DrainText() => [.. Drain().Select(e => $"{e.Kind} {e.Unit} 0x{e.A:x}")];

    private static List<int> Vectors(in Vectors256 set)
    {
        Vectors256 copy = set;
        return [.. Enumerable.Range(0, 256).Where(vector => copy.Has(vector))];
    }
}
