using Wirq.State;

namespace Wirq;

// The state as the fields of a snapshot.
public sealed partial class LocalApics
{
    /// <summary>Moves the state of the bus and of all local APICs.</summary>
    internal void Move(Fields f)
    {
        Move(f, ref _bus.Value, Count);
        f.Row("cpus", Count, cpu => Move(f, cpu));
        if (f.IsReading)
            Recount();
        // Last: remaking the table of destinations changes what the listeners know.
        Listeners?.Move(f);
    }

    internal static void Move(Fields f, ref ApicBusState bus, int cpus) =>
        bus.LastWinner = f.Number("lastWinner", bus.LastWinner, 0, cpus - 1);

    private void Move(Fields f, int cpu)
    {
        ApicState s = _state[cpu];
        Move(f, ref s, TscAt(f.Now), _quirks.TimerReckonsFromLoad);
        long deadline = f.Time("deadline", _deadlines[cpu], DeadlineTree.Never);
        Check(f, in s);
        if (!f.IsReading)
            return;
        s.UpdatePriority();
        _state[cpu] = s;
        _deadlines.Set(cpu, deadline);
    }

    internal static void Move(Fields f, ref ApicState s, ulong tsc, bool reckonsFromLoad)
    {
        Move(f, "irr", ref s.Irr);
        Move(f, "isr", ref s.Isr);
        Move(f, "tmr", ref s.Tmr);
        s.Base = new(f.U64("base", s.Base.Bits));
        s.Command = new(f.U64("command", s.Command.Bits));
        if (f.Flag("tscDeadlineSet", s.TscDeadline != 0))
            s.TscDeadline = tsc + f.U64("tscDeadline", s.TscDeadline - tsc);
        else
            s.TscDeadline = 0;
        s.Overshoot = f.U64("overshoot", s.Overshoot);
        if (reckonsFromLoad)
            s.LoadTime = f.Now + f.Number("loadTime", s.LoadTime - f.Now, -1L << 61, 0);
        s.Spurious = new(f.U32("spurious", s.Spurious.Bits));
        s.Cmci = new(f.U32("lvtCmci", s.Cmci.Bits));
        s.Timer = new(f.U32("lvtTimer", s.Timer.Bits));
        s.Thermal = new(f.U32("lvtThermal", s.Thermal.Bits));
        s.Performance = new(f.U32("lvtPerformance", s.Performance.Bits));
        s.Lint0 = new(f.U32("lvtLint0", s.Lint0.Bits));
        s.Lint1 = new(f.U32("lvtLint1", s.Lint1.Bits));
        s.Error = new(f.U32("lvtError", s.Error.Bits));
        s.InitialCount = f.U32("initialCount", s.InitialCount);
        s.Id = new(f.U32("id", s.Id.Bits, 0xFFu << 24));
        s.Logical = new(f.U32("logical", s.Logical.Bits));
        s.Format = new(f.U32("format", s.Format.Bits));
        s.Divide = new(f.U8("divide", s.Divide.Bits, (byte)DivideConfiguration.Writable));
        s.Tpr = f.U8("tpr", s.Tpr);
        s.Recorded = new(f.U8("errorsRecorded", s.Recorded.Bits));
        s.Errors = new(f.U8("errors", s.Errors.Bits));
        s.Pins = new(f.U8("pins", s.Pins.Bits, 3));
        s.ExtIntPending = f.Flag("extIntPending", s.ExtIntPending);
        s.RemoteVector = f.U8("remoteVector", s.RemoteVector);
    }

    internal static void Move(Fields f, string name, ref Vectors256 set)
    {
        Vectors256 moved = default;
        for (int word = 0; word < Vectors256.Words; word++)
        {
            ulong had = set.Register(2 * word) | (ulong)set.Register(2 * word + 1) << 32;
            ulong bits = f.U64($"{name}{word * 64}", had);
            for (; bits != 0; bits &= bits - 1)
                moved.Add(word * 64 + System.Numerics.BitOperations.TrailingZeroCount(bits));
        }
        set = moved;
    }

    /// <summary>What no local APIC of these options can hold.</summary>
    private void Check(Fields f, in ApicState s)
    {
        f.Demand(ApicBase.Reset(bootstrap: true).Allows(s.Base, _options.PhysicalAddressBits, _hasX2Apic), "base", $"0x{s.Base.Bits:x}",
            $"an IA32_APIC_BASE without reserved bits, {(_hasX2Apic ? "xAPIC, x2APIC or disabled" : "xAPIC or disabled")}");
        f.Demand(s.Format == DestinationFormat.Written(s.Format.Bits), "format", $"0x{s.Format.Bits:x}", "ones in bits 27:0");
        f.Demand((s.Spurious.Bits & ~SpuriousVector.Writable(_suppressesEoi)) == 0, "spurious", $"0x{s.Spurious.Bits:x}", "no reserved bit");
        f.Demand(s.Overshoot < (ulong)_options.BusHz, "overshoot", $"{s.Overshoot}", $"less than {_options.BusHz}");
        for (var entry = LocalVector.Cmci; entry <= LocalVector.Error; entry++)
        {
            uint bits = Entry(in s, entry).Bits;
            uint allowed = _quirks.ReservedBitsStored ? uint.MaxValue : LocalVectorEntry.Writable(entry, _hasTscDeadline)
                | (entry == LocalVector.Lint0 ? LocalVectorEntry.Reset.WithRemoteIrr(true).Bits : 0);
            f.Demand((bits & ~allowed) == 0, $"lvt{entry}", $"0x{bits:x}", $"no bit of 0x{~allowed:x}");
        }
    }

    private static LocalVectorEntry Entry(in ApicState s, LocalVector entry)
    {
        ApicState copy = s;
        return copy.Entry(entry);
    }

    /// <summary>Derives what the bus knows of its local APICs from their states.</summary>
    private void Recount()
    {
        (_bus.Value.XApics, _bus.Value.Renumbered) = (0, 0);
        for (int cpu = 0; cpu < Count; cpu++)
            List(cpu, in _state[cpu]);
        RemakeTable();
    }
}

internal sealed partial class EoiListeners
{
    /// <summary>Moves the vectors that are still followed.</summary>
    internal void Move(Fields f) => f.Row("followed", _old.Count, cpu => Move(f, ref _old[cpu]));

    private static void Move(Fields f, ref OldVectors old)
    {
        LocalApics.Move(f, "underWay", ref old.UnderWay);
        LocalApics.Move(f, "unnoticed", ref old.Unnoticed);
    }
}
