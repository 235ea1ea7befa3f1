using Wirq.Events;
using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

/// <summary>A million operations on every input, with what must hold after each of them.</summary>
public sealed class ApicFuzzTests(ITestOutputHelper output)
{
    private const ulong Seed = 0x5EED_A81C_0000_0001;
    private const int Operations = 350_000, ForkEvery = 512, ForkLength = 64;
    private static readonly uint[] s_ids = [0, 1, 300, 17, 255];

    /// <summary>A generator that is a value: a copy generates the same numbers.</summary>
    private struct Dice(ulong seed)
    {
        private ulong _state = seed;

        public ulong Next()
        {
            ulong x = _state += 0x9E3779B97F4A7C15;
            x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
            x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
            return x ^ (x >> 31);
        }

        public int Below(int limit) => (int)(Next() % (uint)limit);
        public bool OneIn(int chances) => Below(chances) == 0;
        public T Of<T>(params ReadOnlySpan<T> choices) => choices[Below(choices.Length)];
        /// <summary>Bits that are sparse, dense or all over the place.</summary>
        public ulong Bits() => Below(4) switch
        {
            0 => 1ul << Below(64),
            1 => Next(),
            2 => Next() & Next() & Next(),
            _ => (uint)Below(512),
        };
        /// <summary>A vector from few, so that they meet; sometimes any.</summary>
        public byte Vector() => OneIn(6) ? (byte)Next() : Of<byte>(0x05, 0x10, 0x31, 0x41, 0x42, 0x61, 0xF1, 0xFF);
    }

    [Theory]
    [InlineData(Profile.Manual)]
    [InlineData(Profile.Qemu)]
    [InlineData(Profile.Kvm)]
    public void Nothing_a_guest_does_breaks_what_must_hold(Profile profile)
    {
        output.WriteLine($"seed 0x{Seed:x}, profile {profile}");
        var options = new LocalApicOptions
        {
            Count = s_ids.Length,
            Ids = s_ids,
            Profile = profile,
            BusHz = 66_666_667,
            TscHz = 2_893_000_000,
        };
        ApicBench bench = new(options), twin = new(options);
        var dice = new Dice(Seed + (ulong)profile);
        int forked = 0;
        for (int i = 0; i < Operations; i++)
        {
            if (i % ForkEvery == 0)
            {
                twin.Arena.CopyFrom(bench.Arena);
                twin.Events.CopyFrom(bench.Events);
                twin.Events.Observing = bench.Events.Observing = dice.OneIn(2);
                forked = ForkLength;
            }
            Dice copy = dice;
            (int Kind, int Cpu) what = default;
            try
            {
                what = Step(bench, profile, ref dice);
                if (forked-- > 0)
                {
                    Step(twin, profile, ref copy);
                    Same(bench, twin);
                    twin.Events.Clear();
                }
                bench.Events.Clear();
                Invariants(bench, profile, all: i % 32 == 0);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"operation {i} of seed 0x{Seed:x}: {what}", e);
            }
        }
    }

    /// <summary>One operation, checked.</summary>
    private static (int Kind, int Cpu) Step(ApicBench bench, Profile profile, ref Dice dice)
    {
        LocalApics apics = bench.Apics;
        Span<bool> had = stackalloc bool[apics.Count];
        for (int other = 0; other < had.Length; other++)
            had[other] = apics.HasInterrupt(other);
        int cpu = dice.Below(apics.Count), kind = dice.Below(32);
        switch (kind)
        {
            case < 8:
                WriteRegister(bench, cpu, ref dice);
                break;
            case < 10:
                bench.Read(dice.OneIn(8) ? (uint)dice.Next() : (uint)dice.Below(0x42) * 16, cpu);
                break;
            case < 12:
                bench.TryReadMsr(dice.Of(BaseMsr, DeadlineMsr, 0x800 + (uint)dice.Below(0x40)), out _, cpu);
                break;
            case 12:
                ulong state = dice.Of(Enabled, Enabled, Extended, Extended, Disabled);
                bench.TryWriteMsr(BaseMsr, dice.OneIn(16) ? state | dice.Bits() : state, cpu);
                break;
            case 13:
                ulong tsc = apics.TscAt(bench.Events.Now) + dice.Of<ulong>(0, 1, 1000, dice.Bits());
                bench.TryWriteMsr(DeadlineMsr, tsc, cpu);
                break;
            case 14:
                apics.TryWriteCr8(cpu, dice.OneIn(8) ? dice.Bits() : (ulong)dice.Below(8), bench.Events);
                break;
            case < 20:
                Send(bench, profile, ref dice);
                break;
            case < 24:
                Take(bench, cpu);
                break;
            case < 26:
                bench.Write(Eoi, 0, cpu);
                bench.TryWriteMsr(MsrOf(Eoi), 0, cpu);
                break;
            case 26:
                apics.SetLint(cpu, dice.Below(2), dice.OneIn(2), bench.Events);
                break;
            case 27:
                LocalVector source = dice.Of(LocalVector.Cmci, LocalVector.Thermal, LocalVector.Performance);
                apics.RaiseLocal(cpu, source, bench.Events);
                break;
            case 28:
                apics.ExtIntTaken(cpu);
                break;
            case 29 when dice.OneIn(4):
                apics.Reset(cpu, bench.Events);
                break;
            case 30 when dice.OneIn(4):
                apics.Init(cpu, bench.Events);
                break;
            default:
                long now = bench.Events.Now + (dice.OneIn(50) ? (long)(dice.Bits() >> 8) : dice.Below(5000));
                bench.Advance(now > bench.Events.Now ? now : bench.Events.Now);
                Assert.True(apics.NextDeadline > bench.Events.Now || bench.Events.Now == long.MaxValue);
                break;
        }
        WakeUps(bench, had);
        return (kind, cpu);
    }

    private static void WriteRegister(ApicBench bench, int cpu, ref Dice dice)
    {
        uint offset = dice.Of(Id, Tpr, Ldr, Dfr, Svr, Svr, Esr, ApicBench.Cmci, IcrLow, IcrLow, IcrHigh,
            ApicBench.Timer, ApicBench.Timer, Thermal, Performance, Lint0, Lint0, Lint1, ApicBench.Error, InitialCount, Divide, SelfIpi,
            (uint)dice.Below(0x40) * 16);
        uint value = offset switch
        {
            _ when dice.OneIn(10) => (uint)dice.Bits(),
            Svr => dice.Of<uint>(0x1FF, 0x1FF, 0x1FF, 0x11FF, 0xFF),
            Id or Ldr or IcrHigh => dice.Of<uint>(0, 1, 2, 3, 0x11, 0x2C, 0xFF) << 24,
            Dfr => dice.Of<uint>(uint.MaxValue, 0x0FFFFFFF),
            Tpr => (uint)dice.Below(0x60),
            ApicBench.Timer => dice.Vector() | (uint)dice.Below(4) << 17 | (dice.OneIn(4) ? 0x10000u : 0),
            IcrLow => dice.Vector() | (uint)dice.Below(8) << 8 | (uint)dice.Next() & 0xCC800,
            InitialCount => (uint)dice.Below(300),
            SelfIpi or Divide => (uint)dice.Below(256),
            _ => dice.Vector() | dice.Of<uint>(0, 0, 4, 7, 2) << 8 | (uint)dice.Next() & 0x1A000 & (uint)dice.Next(),
        };
        bench.Write(offset, value, cpu);
        ulong wide = offset == IcrLow ? (ulong)dice.Of<uint>(0, 1, 300, 0x120001, 0xFF, uint.MaxValue) << 32 | value : value;
        bench.TryWriteMsr(MsrOf(offset), wide, cpu);
    }

    private static void Send(ApicBench bench, Profile profile, ref Dice dice)
    {
        DeliveryMode mode = dice.OneIn(3) ? (DeliveryMode)dice.Below(8) : DeliveryMode.Fixed;
        uint to = dice.Of<uint>(0, 1, 2, 3, 5, 17, 300, 0xFF, 0x2C, 0x11, 0x10003, 0x121000, uint.MaxValue,
            (uint)dice.Bits());
        var message = InterruptMessage.Create(dice.Vector(), mode, to, dice.OneIn(2), dice.OneIn(3), !dice.OneIn(8), dice.OneIn(8));
        bool plain = profile == Profile.Manual && message.Mode == DeliveryMode.Fixed && message.Vector >= 16
            && !(message.Hint && message.Logical) && !(message.Level && !message.Assert);
        List<int> expected = plain ? Addressed(bench, message) : [];
        RefusalReason reason = bench.Apics.Deliver(message, Origin.Device(1), bench.Events);
        if (!plain)
            return;
        List<int> enabled = expected.FindAll(cpu => bench.Apics.State(cpu).Spurious.Enabled);
        foreach (int cpu in enabled)
            Assert.True(bench.Apics.State(cpu).Irr.Has(message.Vector));
        Assert.Equal(enabled.Count > 0 ? RefusalReason.None : expected.Count > 0 ? RefusalReason.SoftwareDisabled
            : RefusalReason.NoDestination, reason);
    }

    /// <summary>The CPUs that a message addresses by the SDM, in plain arithmetic.</summary>
    private static List<int> Addressed(ApicBench bench, InterruptMessage message)
    {
        List<int> addressed = [];
        uint to = message.Destination;
        for (int cpu = 0; cpu < s_ids.Length; cpu++)
        {
            ref ApicState s = ref bench.Apics.State(cpu);
            uint id = s_ids[cpu], ldr = s.Logical.Bits >> 24;
            bool hit = s.Base.Mode switch
            {
                ApicMode.X2Apic when to == uint.MaxValue => true,
                ApicMode.X2Apic when message.Logical => to >> 16 == id >> 4 && (to >> (int)(id & 15) & 1) != 0,
                ApicMode.X2Apic => to == id,
                ApicMode.XApic when to is 0xFF or uint.MaxValue => true,
                ApicMode.XApic when to > 0xFF => false,
                ApicMode.XApic when !message.Logical => to == s.Id.Bits >> 24,
                ApicMode.XApic when s.Format.Bits == 0xFFFFFFFF => (to & ldr) != 0,
                ApicMode.XApic when s.Format.Bits == 0x0FFFFFFF => to >> 4 == ldr >> 4 && (to & ldr & 15) != 0,
                _ => false,
            };
            if (hit)
                addressed.Add(cpu);
        }
        return addressed;
    }

    private static void Take(ApicBench bench, int cpu)
    {
        bool has = bench.Apics.HasInterrupt(cpu);
        ref ApicState s = ref bench.Apics.State(cpu);
        int highest = s.Irr.Highest, inService = s.Isr.Count, pending = s.Irr.Count;
        byte vector = bench.Take(cpu);
        Assert.True(vector == (has ? highest : s.Spurious.Vector));
        Assert.True(s.Irr.Count == (has ? pending - 1 : pending));
        if (has)
            Assert.True(s.Isr.Has(vector));
        else
            Assert.True(s.Isr.Count == inService);
        // QEMU's vectors of class 0 do not keep each other out.
        Assert.False(bench.Apics.HasInterrupt(cpu) && has && vector >= 16);
    }

    /// <summary>A CPU is woken exactly when it has an interrupt that it did not have, or for INTR.</summary>
    private static void WakeUps(ApicBench bench, ReadOnlySpan<bool> had)
    {
        Span<bool> woken = stackalloc bool[had.Length], reset = stackalloc bool[had.Length];
        for (int i = 0; i < bench.Events.Count; i++)
        {
            Event e = bench.Events.Peek(i);
            if (e.Kind == EventKind.CpuInterrupt)
                woken[e.Cpu] = true;
            if (e.Kind == EventKind.CpuInit)
                reset[e.Cpu] = true;
        }
        for (int cpu = 0; cpu < had.Length; cpu++)
        {
            bool has = bench.Apics.HasInterrupt(cpu);
            Assert.True(had[cpu] || !has || woken[cpu], "a CPU has an interrupt and was not woken");
            bool reason = has || reset[cpu] || bench.Apics.HasExtInt(cpu, true);
            Assert.True(!woken[cpu] || reason, "a CPU was woken for nothing");
        }
    }

    private static void Invariants(ApicBench bench, Profile profile, bool all)
    {
        int xApics = 0, renumbered = 0;
        long earliest = long.MaxValue;
        for (int cpu = 0; cpu < s_ids.Length; cpu++)
        {
            ref ApicState s = ref bench.Apics.State(cpu);
            byte kept = s.Ppr;
            s.UpdatePriority();
            Assert.True(s.Ppr == kept, "PPR is stale");
            if (!all)
                continue;
            Assert.True(s.Base.Mode != ApicMode.Invalid);
            // QEMU's still partakes when it is off.
            bool off = profile == Profile.Qemu && s.Base.Mode == ApicMode.Disabled && s.Base.Bits != 0;
            if (s.Base.Mode == ApicMode.XApic || off)
            {
                xApics++;
                renumbered += s.Id.Id != s_ids[cpu] ? 1 : 0;
            }
            // QEMU stores that bit as software writes it.
            Assert.True(profile == Profile.Qemu || !s.Lint0.RemoteIrr || s.Lint0.Level && s.Lint0.Mode == DeliveryMode.Fixed);
            if (profile == Profile.Manual)
            {
                Assert.True((s.Irr.Register(0) & 0xFFFF) == 0);
                Assert.True((s.Isr.Register(0) & 0xFFFF) == 0);
                Assert.True(s.Base.Enabled || s.Irr.IsEmpty && s.Isr.IsEmpty);
                for (var entry = LocalVector.Cmci; entry <= LocalVector.Error; entry++)
                    Assert.True(s.Spurious.Enabled || s.Entry(entry).Masked);
            }
            earliest = Math.Min(earliest, bench.Apics.Deadlines[cpu]);
        }
        if (!all)
            return;
        Assert.True((xApics, renumbered) == (bench.Apics.Bus.XApics, bench.Apics.Bus.Renumbered));
        Assert.True(earliest == bench.Apics.NextDeadline);
    }

    // The number of earlier reports of misuse depends on the buffer, not on the chip.
    private static IEnumerable<Event> Told(ApicBench bench) =>
        Enumerable.Range(0, bench.Events.Count).Select(bench.Events.Peek).Where(told => told.Kind != EventKind.GuestMisuse);

    private static void Same(ApicBench bench, ApicBench twin)
    {
        Assert.True(Told(bench).SequenceEqual(Told(twin)), "an event of the fork differs");
        Assert.True(bench.Arena.HasSameBytes(twin.Arena));
    }
}
