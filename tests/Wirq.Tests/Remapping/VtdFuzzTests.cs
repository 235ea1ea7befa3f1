using Wirq.Events;
using Wirq.Remapping;
using Wirq.Remapping.VtD;
using static Wirq.Tests.Remapping.VtdBench;

namespace Wirq.Tests.Remapping;

/// <summary>A hostile guest and its devices, with what must hold after each operation.</summary>
public sealed class VtdFuzzTests(ITestOutputHelper output)
{
    private const ulong Seed = 0x5EED_07D0_0000_0001;
#if DEBUG
    // Unoptimised code takes some 13 s for ten million: too much of the suite.
    private const int Usual = 1_500_000;
#else
    private const int Usual = Long;
#endif
    private const int Long = 10_000_000, ForkEvery = 50_000, ForkLength = 500;
    private const int Memory = 0x3000, Records = 3;
    private const ulong TableAt = 0, QueueAt = 0x1000;

    private static readonly uint[] s_offsets = [VtdBench.Version, Cap, Ecap, Gcmd, Gsts, RtAddr, Ccmd, Fsts, Fectl, Fedata, Feaddr, Feuaddr,
        Iqh, Iqt, Iqa, Ics, Iectl, Iedata, Ieaddr, Ieuaddr, Iqercd, Irta, Iva, VtdBench.Iotlb, Frcd, Frcd + 8, Frcd + 24, Frcd + 40];

    /// <summary>A generator that is a value: a copy says the same.</summary>
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

        public int Below(int limit) => (int)((Next() >> 32) * (uint)limit >> 32);
        public bool OneIn(int chances) => Below(chances) == 0;
        public T Of<T>(params ReadOnlySpan<T> choices) => choices[Below(choices.Length)];
        public ulong Bits() => OneIn(2) ? 1ul << Below(64) : Next();
    }

    /// <summary>A unit, its memory, and what was seen of it.</summary>
    private sealed class World
    {
        internal VtdBench Bench { get; } = new(new() { FaultRecords = Records, AddressWidth = 40 });
        internal BenchMemory Memory { get; } = new(VtdFuzzTests.Memory);
        internal Dice Dice = new(Seed);
        /// <summary>IRTA_REG as it was when its command was last done.</summary>
        internal ulong Table;
        internal int Longest;
        internal long Steps, Recorded, Suppressed, Lost, Translated, Passed, StatusWrites, Messages;
        internal readonly long[] Reasons = new long[0x28], Descriptors = new long[16], Errors = new long[8];

        internal void CopyFrom(World other)
        {
            Bench.Arena.CopyFrom(other.Bench.Arena);
            other.Memory.Bytes.CopyTo(Memory.Bytes, 0);
            (Dice, Table) = (other.Dice, other.Table);
        }
    }

    [Fact]
    public void Nothing_a_guest_does_breaks_what_must_hold()
    {
        int operations = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? Long : Usual;
        output.WriteLine($"seed 0x{Seed:x}, {operations} operations; WIRQ_LONG=1 makes it {Long}");
        World world = new(), twin = new();
        int forked = 0;
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (int i = 0; i < operations; i++)
        {
            if (i % ForkEvery == 0)
            {
                twin.CopyFrom(world);
                forked = ForkLength;
            }
            try
            {
                Step(world);
                if (forked-- > 0)
                {
                    Step(twin);
                    Assert.Equal(world.Bench.Arena.Identity(0), twin.Bench.Arena.Identity(0));
                }
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                Assert.Fail($"operation {i} of seed 0x{Seed:x}: {e}");
            }
        }
        output.WriteLine($"{watch.Elapsed.TotalSeconds:f1} s; {world.Steps} steps of work, {world.Longest} after one write; "
            + $"{world.Translated} translated, {world.Passed} let through, {world.Recorded} faults recorded, {world.Suppressed} suppressed, "
            + $"{world.Lost} lost; {world.StatusWrites} status writes, {world.Messages} messages; "
            + $"{world.Memory.Refused} of {world.Memory.Reads} reads refused");
        output.WriteLine($"reasons {string.Join(' ', world.Reasons[0x20..0x27])}; descriptors {string.Join(' ', world.Descriptors[1..6])}; "
            + $"queue errors {string.Join(' ', world.Errors[1..5])}");
        Assert.All(world.Reasons[0x20..0x27], count => Assert.NotEqual(0, count));
        Assert.All(world.Descriptors[1..6], count => Assert.NotEqual(0, count));
        Assert.All(world.Errors[1..5], count => Assert.NotEqual(0, count));
        Assert.All([world.Recorded, world.Suppressed, world.Lost, world.Translated, world.Passed, world.StatusWrites,
            world.Messages, world.Memory.Refused], count => Assert.NotEqual(0, count));
    }

    private static void Step(World world)
    {
        VtdBench bench = world.Bench;
        ref Dice dice = ref world.Dice;
        bench.Events.Observing = true;
        int kind = dice.Below(16);
        switch (kind)
        {
            case < 6:
                Request(world);
                break;
            case < 8:
                WriteEntry(world);
                return;
            case < 9:
                bench.Unit.Read(dice.OneIn(4) ? (uint)dice.Bits() : dice.Of(s_offsets), dice.Of(4, 4, 8, 8, 1, 2, 16, dice.Below(32)));
                return;
            case < 11:
                Submit(world);
                break;
            case < 14:
                WriteRegister(world);
                break;
            case 14:
                Serve(world);
                break;
            default:
                if (!dice.OneIn(20))
                    return;
                Repair(world);
                break;
        }
        // A request leaves no work, nor does a write to memory.
        if (kind >= 9 || dice.OneIn(64))
            Work(world, request: kind < 9);
        if (kind >= 9 || dice.OneIn(8))
            Invariants(bench);
    }

    private static void Request(World world)
    {
        ref Dice dice = ref world.Dice;
        ushort handle = dice.OneIn(16) ? (ushort)dice.Next() : (ushort)dice.Below(280);
        bool subhandle = dice.OneIn(3);
        uint data = dice.OneIn(16) ? (uint)dice.Bits() : (uint)dice.Below(4);
        ulong address = dice.Below(16) switch
        {
            0 => dice.Bits(),
            1 => MsiAddress.For((uint)dice.Below(256)).Bits | dice.Bits() & 0xFFFFF,
            2 or 3 => MsiAddress.For((uint)dice.Below(4)).Bits,
            _ => MsiAddress.ForHandle(handle, subhandle).Bits,
        };
        ushort requester = dice.Of<ushort>(0x0310, 0x0310, 0x0311, 0x0500, (ushort)dice.Next());
        VtdUnit unit = world.Bench.Unit;
        EventBuffer events = world.Bench.Events;
        bool delivering = dice.OneIn(2), checking = !delivering && dice.OneIn(32);
        UInt128 before = checking ? world.Bench.Arena.Identity(0) : default;
        RefusalReason answer = unit.Translate(new Msi(address, data), requester, delivering, world.Memory, events, out InterruptMessage translated,
            out RouteCookie cookie);
        (VtdFaultReason reason, int index, bool unrecorded) = Expected(world, address, data, requester,
            answer == RefusalReason.None ? translated : default);
        if (reason != VtdFaultReason.None != (answer == RefusalReason.RemappingFault))
            Assert.Fail($"{answer} where {reason} was expected");
        Assert.True(CookieRange.AllOf(0).Has(cookie));
        if (checking)
            Assert.Equal(before, world.Bench.Arena.Identity(0));
        int faults = 0;
        bool byEntry = answer == RefusalReason.None && cookie.Key != RouteCookie.MaxKey;
        while (events.TryTake(out Event e))
        {
            switch (e.Kind)
            {
                case EventKind.RemapFaulted:
                    faults++;
                    RemapFaulted fault = RemapFaulted.Of(e);
                    world.Reasons[fault.Reason]++;
                    if ((VtdFaultReason)fault.Reason != reason || fault.Entry != (ushort)index || fault.Suppressed != unrecorded || fault is { Suppressed: true, Lost: true })
                        Assert.Fail($"{e} where {reason} at {index} was expected");
                    _ = fault.Suppressed ? world.Suppressed++ : fault.Lost ? world.Lost++ : world.Recorded++;
                    break;
                default:
                    Assert.Equal(EventKind.UnitMessage, e.Kind);
                    world.Messages++;
                    break;
            }
        }
        if (answer == RefusalReason.None)
            _ = byEntry ? world.Translated++ : world.Passed++;
        // One fault for each blocked attempt, and none for what was asked in advance.
        if (faults != (answer == RefusalReason.RemappingFault && delivering ? 1 : 0) || byEntry && cookie.Key != index)
            Assert.Fail($"{faults} faults for {answer}, by {cookie}");
    }

    /// <summary>What the manual makes of a request, in plain numbers and by another hand than the unit's.</summary>
    private static (VtdFaultReason Reason, int Index, bool Unrecorded) Expected(World world, ulong address, uint data, ushort requester,
        InterruptMessage translated)
    {
        uint status = world.Bench.Read(Gsts);
        if ((status & IRE) == 0)
            return (VtdFaultReason.None, 0, false);
        bool extended = (world.Table >> 11 & 1) != 0;
        bool window = address >> 20 == 0xFEE;
        if (window && (address & 16) == 0)
            return extended || (status & CFI) == 0 ? (VtdFaultReason.CompatibilityBlocked, 0, false) : (VtdFaultReason.None, 0, false);
        int index = (int)(address >> 5 & 0x7FFF) + ((address & 4) != 0 ? 0x8000 : 0) + ((address & 8) != 0 ? (int)(data & 0xFFFF) : 0);
        if (!window || (address & 8) != 0 && data >= 0x10000)
            return (VtdFaultReason.RequestReserved, index, false);
        ulong at = (world.Table & 0xFFFFFFF000) + (ulong)index * 16;
        if (index >= 2 << (int)(world.Table & 15) || at >= 1ul << 40)
            return (VtdFaultReason.IndexOutOfRange, index, false);
        if (at + 16 > Memory)
            return (VtdFaultReason.TableUnreadable, index, false);
        ulong low = BitConverter.ToUInt64(world.Memory.Bytes, (int)at), high = BitConverter.ToUInt64(world.Memory.Bytes, (int)at + 8);
        bool unrecorded = (low & 2) != 0;
        if ((low & 1) == 0)
            return (VtdFaultReason.NotPresent, index, unrecorded);
        int mode = (int)(low >> 5) & 7, validation = (int)(high >> 18) & 3, source = (ushort)high;
        if ((low & 0xFF00F000) != 0 || high >> 20 != 0 || mode is 3 or 6 || validation == 3 || !extended && (low & 0xFFFF00FF00000000) != 0)
            return (VtdFaultReason.EntryReserved, index, unrecorded);
        int ignored = (int)(high >> 16 & 3) switch { 0 => 0, 1 => 4, 2 => 6, _ => 7 };
        if (validation == 1 && (requester | ignored) != (source | ignored)
            || validation == 2 && (requester >> 8 < source >> 8 || requester >> 8 > (source & 0xFF)))
            return (VtdFaultReason.SourceRejected, index, unrecorded);
        uint destination = extended ? (uint)(low >> 32) : (uint)(low >> 40 & 0xFF);
        if ((translated.Vector, (int)translated.Mode, translated.Destination, translated.Logical, translated.Level, translated.Hint)
            != ((byte)(low >> 16), mode, destination, (low & 4) != 0, (low & 16) != 0, (low & 8) != 0))
            Assert.Fail($"{translated} of entry 0x{high:x16}{low:x16}");
        return (VtdFaultReason.None, index, false);
    }

    private static void WriteEntry(World world)
    {
        ref Dice dice = ref world.Dice;
        InterruptMessage message = InterruptMessage.Create((byte)dice.Next(), dice.Of(DeliveryMode.Fixed, DeliveryMode.Nmi, DeliveryMode.LowestPriority),
            (uint)dice.Below(256), dice.OneIn(2), dice.OneIn(2), hint: dice.OneIn(2));
        Irte entry = Irte.For(message, dice.OneIn(2)).WithPresent(!dice.OneIn(8)).WithFaultsSuppressed(dice.OneIn(4))
            .WithSource((SourceValidation)dice.Below(dice.OneIn(8) ? 4 : 3), dice.Of<ushort>(0x0310, 0x0311, 0x0205), dice.Below(4));
        if (dice.OneIn(8))
            entry = new Irte(entry.Low ^ dice.Bits(), entry.High ^ (dice.OneIn(2) ? dice.Bits() : 0));
        world.Memory.Put(TableAt + (ulong)dice.Below(256) * 16, entry.Low, entry.High);
    }

    private static void Submit(World world)
    {
        ref Dice dice = ref world.Dice;
        VtdBench bench = world.Bench;
        ulong tail = bench.Read64(Iqt) & 0xFF0;
        for (int count = dice.Below(3); count >= 0; count--)
        {
            QueuedDescriptor made = dice.Below(8) switch
            {
                0 => QueuedDescriptor.AllEntries,
                1 => QueuedDescriptor.ContextCache,
                2 => QueuedDescriptor.Iotlb,
                3 => QueuedDescriptor.DeviceTlb((ushort)dice.Next()),
                4 => QueuedDescriptor.WaitInterrupt,
                5 => QueuedDescriptor.Wait(dice.Next() & ~3ul, (uint)dice.Next(), dice.OneIn(2), dice.OneIn(2)),
                _ => QueuedDescriptor.Entries((ushort)dice.Next(), dice.Below(dice.OneIn(16) ? 32 : 16)),
            };
            if (dice.OneIn(32))
                made = new(made.Low ^ dice.Bits(), made.High ^ (dice.OneIn(2) ? dice.Bits() : 0));
            world.Memory.Put(QueueAt + tail, made.Low, made.High);
            tail = tail + 16 & 0xFF0;
        }
        bench.Put(Iqt, (uint)tail);
    }

    private static void WriteRegister(World world)
    {
        ref Dice dice = ref world.Dice;
        VtdBench bench = world.Bench;
        uint offset = dice.OneIn(16) ? (uint)dice.Below(0x400) : dice.Of(s_offsets);
        uint switches = bench.Read(Gsts) & (TE | QIE | IRE | CFI);
        ulong value = offset switch
        {
            _ when dice.OneIn(16) => dice.Bits(),
            Gcmd => dice.Of(switches | IRE, switches | QIE, switches | SIRTP, switches ^ CFI, switches | SRTP, switches ^ TE,
                dice.OneIn(8) ? switches ^ IRE : switches, dice.OneIn(8) ? switches ^ QIE : switches),
            Iqa => dice.Of(QueueAt, QueueAt, QueueAt, QueueAt | 1, QueueAt | 7, (ulong)Memory, dice.Bits()),
            Iqt => dice.OneIn(8) ? (ulong)dice.Below(0x80000) : (ulong)dice.Below(0x1000),
            Irta => dice.Of(TableAt | 7, TableAt | 7, TableAt | 7, TableAt | 0x807, TableAt | 6, TableAt | 15, dice.OneIn(8) ? dice.Bits() : 7),
            Fectl or Iectl => dice.Of<ulong>(0, 0, Masked),
            _ => dice.Next(),
        };
        bench.Unit.Write(offset, dice.OneIn(16) ? dice.Below(17) : offset is Iqa or Irta || dice.OneIn(4) ? 8 : 4, value, bench.Events);
    }

    /// <summary>A driver's interrupt handler.</summary>
    private static void Serve(World world)
    {
        VtdBench bench = world.Bench;
        if (world.Dice.OneIn(2))
            bench.Put(Frcd + (uint)world.Dice.Below(Records) * 16 + 12, 1u << 31);
        bench.Put(Fsts, uint.MaxValue);
        bench.Put(Ics, 1);
    }

    /// <summary>Brings a unit that was driven into a corner back, so that the rest of a run is worth something.</summary>
    private static void Repair(World world)
    {
        VtdBench bench = world.Bench;
        bench.Put(Gcmd, 0);
        Work(world);
        bench.Put(Iqt, 0);
        bench.Put64(Iqa, QueueAt);
        bench.Put64(Irta, TableAt | (world.Dice.OneIn(2) ? 0x807u : 7));
        bench.Put(Fsts, uint.MaxValue);
        bench.Put(Gcmd, SIRTP | QIE | (world.Dice.OneIn(2) ? CFI : 0));
        Work(world);
        bench.Put(Gcmd, QIE | IRE | bench.Read(Gsts) & CFI);
    }

    private static void Work(World world, bool request = false)
    {
        VtdBench bench = world.Bench;
        EventBuffer events = bench.Events;
        int steps = 0;
        while (true)
        {
            uint head = bench.Read(Iqh), status = bench.Read(Gsts);
            if (!bench.Unit.TryStep(world.Memory, events, out CookieRange invalidated))
                break;
            steps++;
            Assert.False(request);
            if ((bench.Read(Gsts) & ~status & SIRTP) != 0)
                world.Table = bench.Read64(Irta);
            // Work with invalidations to be carried out shows in the status no sooner than in this step, and one at a time.
            Assert.True(!invalidated.IsEmpty || (bench.Read(Gsts) & ~status & (IRE | SIRTP | CFI)) == 0);
            if (bench.Read(Iqh) != head && bench.Read(Gsts) == status)
                world.Descriptors[world.Memory.Bytes[world.Memory.LastRead] & 15]++;
            else if ((bench.Read(Fsts) & Iqe) != 0 && bench.Read(Gsts) == status)
                world.Errors[bench.Read(Iqercd) & 7]++;
        }
        world.Steps += steps;
        world.Longest = Math.Max(world.Longest, steps);
        if (steps > 6 + 32768)
            Assert.Fail($"{steps} steps after one write");
        while (events.TryTake(out Event e))
        {
            world.StatusWrites += e.Kind == EventKind.MemoryWrite ? 1 : 0;
            world.Messages += e.Kind == EventKind.UnitMessage ? 1 : 0;
        }
    }

    private static void Invariants(VtdBench bench)
    {
        uint status = bench.Read(Fsts), faults = bench.Read(Fectl), completions = bench.Read(Iectl);
        bool pending = false;
        for (uint record = 0; record < Records; record++)
            pending |= bench.Read(Frcd + record * 16 + 12) >> 31 != 0;
        if (pending != ((status & Ppf) != 0))
            Assert.Fail($"PPF of 0x{status:x} is not the OR of all records");
        // A message waits only behind a mask, and only for a condition that has not been served.
        if ((faults & Pending) != 0 && ((faults & Masked) == 0 || (status & 0xFF) == 0))
            Assert.Fail($"FECTL 0x{faults:x} with FSTS 0x{status:x}");
        if ((completions & Pending) != 0 && ((completions & Masked) == 0 || bench.Read(Ics) == 0))
            Assert.Fail($"IECTL 0x{completions:x} with ICS {bench.Read(Ics)}");
        if ((bench.Read(Gsts) & QIE) == 0 && bench.Read(Iqh) != 0)
            Assert.Fail("a queue that is off has a head");
        if (bench.Read(Gcmd) != 0 || bench.Read(Iqh) % 16 != 0)
            Assert.Fail("GCMD or IQH");
    }
}
