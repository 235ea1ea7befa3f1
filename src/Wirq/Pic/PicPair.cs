using Wirq.Events;
using Wirq.State;

namespace Wirq;

/// <summary>The two cascaded 8259A of a PC. INT of the slave is the master's input 2, INT of the master is
/// INTR.</summary>
/// <remarks>
/// <para>Source: Intel 8259A data sheet; Intel 82371AB (PIIX4), 4.4.1, for the edge/level control registers. LTIM
/// has the meaning of the 8259A, which the PIIX4 disables.</para>
/// <para>INT stays high when the line that caused it falls before INTA. The CPU then gets the spurious IRQ 7, or IRQ
/// 15 if the line is the slave's ("Edge and Level Triggered Modes"). INT falls when a command removes the request. An
/// INTA while INT is low also gives IRQ 7.</para>
/// <para>Not supported: the CALL instruction of MCS-80/85 mode (uPM = 0), in which INTA gives the vector of 8086 mode;
/// and buffered mode, which concerns pins that do not exist here. The words of both are accepted. A slave whose ICW3
/// names another input than 2 does not answer its INTA, and the CPU reads 0xFF from the idle bus.</para>
/// <para><see cref="Write"/>, <see cref="Read"/> and <see cref="Take"/> change registers but not INTR, so that lines
/// which they acknowledge can fall first. <see cref="Update"/> then updates INTR, if the profile updates it on this
/// occasion. <see cref="SetPin"/> updates it at once, but not while returned work is being done, before its
/// <see cref="Update"/>.</para>
/// </remarks>
public sealed partial class PicPair
{
    /// <summary>In <see cref="PicOutput.Requested"/>: no event has reported a request for INTR yet.</summary>
    internal const byte NoIrq = 0xFF;

    /// <summary>The first input of the slave.</summary>
    internal const int SlaveFirst = 8;

    private const int SpuriousLevel = 7;
    private const byte IdleBus = 0xFF;

    private readonly Pic8259 _master, _slave;
    private readonly Block<PicOutput> _output;
    private readonly PicQuirks _quirks;

    /// <summary>Builds the pair with its state in <paramref name="arena"/>.</summary>
    internal PicPair(PicOptions options, StateArena arena)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(arena);
        options.Validate();
        Block<PicState> chips = arena.Reserve<PicState>(2);
        _output = arena.Reserve<PicOutput>();
        _quirks = PicProfile.Quirks(options.Profile);
        var elcrMask = new PicInputs(options.ElcrMask);
        _master = new(chips, 0, _quirks, options.Ack, elcrMask.Master);
        _slave = new(chips, 1, _quirks, options.Ack, elcrMask.Slave);
        Reset();
    }

    /// <summary>The INTR output of the master.</summary>
    public bool Intr => _output.Value.Intr != 0;
    /// <summary>Whether INTR requests an INTA from the CPU.</summary>
    internal bool Asks => Intr && _output.Value.Answered == 0;
    /// <summary>Request registers, slave in bits 15:8.</summary>
    public ushort RequestRegister => Both(_master.State.Irr, _slave.State.Irr);
    /// <summary>In-service registers, slave in bits 15:8.</summary>
    public ushort InServiceRegister => Both(_master.State.Isr, _slave.State.Isr);
    /// <summary>Mask registers, slave in bits 15:8.</summary>
    public ushort MaskRegister => Both(_master.State.Imr, _slave.State.Imr);
    /// <summary>Pins that are level-triggered, by ELCR or LTIM, slave in bits 15:8.</summary>
    public ushort LevelTriggered => Both(_master.LevelTriggered, _slave.LevelTriggered);
    /// <summary>Pins whose acknowledge waits for their unmasking, slave in bits 15:8.</summary>
    internal ushort DeferredAcks => Both(_master.State.Deferred, _slave.State.Deferred);

    /// <summary>Whether the mask bit of IRQ <paramref name="irq"/>, 0 to 15, is set. For an IRQ of the slave its own
    /// bit counts, not that of the master's IRQ 2.</summary>
    public bool IsMasked(int irq) => new PicInputs(MaskRegister).Has(Checked(irq));

    /// <summary>Whether IRQ <paramref name="irq"/>, 0 to 15, is level-triggered.</summary>
    public bool IsLevel(int irq) => new PicInputs(LevelTriggered).Has(Checked(irq));

    /// <summary>Sets the level of an input pin, 0 to 15 (2 is the cascade and cannot be driven).</summary>
    internal void SetPin(int irq, bool high, EventBuffer events)
    {
        ArgumentNullException.ThrowIfNull(events);
        if (Checked(irq) == Pic8259.Cascade)
            return;
        bool changed = irq < SlaveFirst
            ? _master.Drive(irq, high, isLine: true)
            : _slave.Drive(irq - SlaveFirst, high, isLine: true);
        if (changed && events.Observing)
            events.Observe(new PicPinChanged(irq, high).ToEvent());
        if (_output.Value.AwaitsUpdate == 0)
            Update(events);
    }

    /// <summary>An INTA cycle: returns the vector. Then as <see cref="Write"/>.</summary>
    /// <remarks>If there is nothing to take, it is the vector of the spurious IRQ 7, which sets no in-service bit. If
    /// the slave has nothing to take, it is that of IRQ 15, which sets only the master's bit 2.</remarks>
    internal byte Take(EventBuffer events, out PinWork work)
    {
        ArgumentNullException.ThrowIfNull(events);
        _output.Value.Requested = NoIrq;
        int level = _master.Takeable;
        if (level == Pic8259.None)
        {
            _master.Touch(PicQuirks.ChipsSettleApart);
            _output.Value.Answered = 1;
            _master.EndCycle();
            work = default;
            return Tell(Nothing(SpuriousLevel, _master.Vector(SpuriousLevel)), events);
        }
        if (level == Pic8259.Cascade && Cascaded)
            return TakeFromSlave(events, out work);
        byte vector = Tell(new(level, _master.Vector(level), Spurious: false, IsLevel(level), ByPoll: false), events);
        work = HandOut(_master.Acknowledge(level, events), 0);
        return vector;
    }

    private byte TakeFromSlave(EventBuffer events, out PinWork work)
    {
        if (!SlaveAnswers)
        {
            Tell(Nothing(Pic8259.Cascade, IdleBus), events);
            work = HandOut(_master.Acknowledge(Pic8259.Cascade, events), 0);
            return IdleBus;
        }
        int level = _slave.Takeable;
        bool spurious = level == Pic8259.None;
        if (spurious)
            level = SpuriousLevel;
        int irq = _slave.Irq(level);
        byte vector = Tell(new(irq, _slave.Vector(level), spurious, !spurious && IsLevel(irq), ByPoll: false), events);
        byte acked = 0;
        if (spurious)
            _slave.EndCycle();
        else
            acked = _slave.Acknowledge(level, events);
        // If each chip updates its own INT, the slave's is updated before the master continues the cycle.
        if (Has(PicQuirks.ChipsSettleApart))
            SettleSlave();
        _master.Acknowledge(Pic8259.Cascade, events);
        DropSlaveInt();
        work = HandOut(0, acked);
        return vector;
    }

    /// <summary>Updates INTR, after the work of <see cref="Write"/>, <see cref="Read"/> or <see cref="Take"/> was
    /// done.</summary>
    internal void Update(EventBuffer events)
    {
        ArgumentNullException.ThrowIfNull(events);
        _output.Value.AwaitsUpdate = 0;
        if (Has(PicQuirks.ChipsSettleApart))
            SettleSlave();
        else if ((_master.State.Due | _slave.State.Due) != 0)
        {
            _slave.Touch();
            SettleSlave();
            _master.Touch();
        }
        if (_master.State.Due == 0)
            return;
        int inner = _slave.Takeable;
        if (inner == Pic8259.None)
            inner = _slave.State.Standing;
        bool slaveInt = inner != Pic8259.None;
        int level = _master.Settle();
        bool intr = level != Pic8259.None;
        byte requested = NoIrq;
        if (level == Pic8259.Cascade && Cascaded && SlaveAnswers)
            requested = (byte)_slave.Irq(slaveInt ? inner : SpuriousLevel);
        else if (intr)
            requested = (byte)level;

        ref PicOutput output = ref _output.Value;
        // If INT is still high after its line fell, there is no request; and the cascade is not a line.
        bool real = requested != NoIrq && requested != Pic8259.Cascade && (RequestRegister >> requested & 1) != 0;
        bool newRequest = real && requested != output.Requested, newLevel = intr != Intr;
        output = new() { Requested = requested, Intr = intr ? (byte)1 : (byte)0 };
        if (!events.Observing)
            return;
        if (newRequest)
            events.Observe(new PicRequested(requested, IsLevel(requested)).ToEvent());
        if (newLevel)
            events.Observe(new PicIntrChanged(intr).ToEvent());
    }

    /// <summary>Updates INT of the slave, and with it the master's input 2.</summary>
    private void SettleSlave()
    {
        if (_slave.State.Due == 0)
            return;
        bool high = _slave.Settle() != Pic8259.None;
        if (!Has(PicQuirks.CascadePulses))
            _master.Drive(Pic8259.Cascade, high, isLine: false);
        else if (high)
        {
            _master.Drive(Pic8259.Cascade, high: true, isLine: false);
            _master.Drive(Pic8259.Cascade, high: false, isLine: false);
        }
    }

    /// <summary>Power-on state. The levels of the pins stay as they are driven, without making an edge. INTR is low.</summary>
    /// <returns>The lines to acknowledge. Then as <see cref="Write"/>.</returns>
    internal PinWork Reset(EventBuffer? events = null)
    {
        if (events is { Observing: true } && Intr)
            events.Observe(new PicIntrChanged(High: false).ToEvent());
        PicChipWork master = _master.Reset(), slave = _slave.Reset();
        _output.Value = new PicOutput { Requested = NoIrq };
        return HandOut(master, slave);
    }

    /// <summary>Whether the master leaves the vector of its input 2 to a slave.</summary>
    private bool Cascaded =>
        Has(PicQuirks.Icw3Ignored) || new Icw3(_master.State.Icw3).HasSlave(Pic8259.Cascade);

    /// <summary>Whether the slave's ICW3 says that it is at input 2.</summary>
    private bool SlaveAnswers =>
        Has(PicQuirks.Icw3Ignored) || new Icw3(_slave.State.Icw3).SlaveId == Pic8259.Cascade;

    /// <summary>INT of the slave falls with its INTA; if it rises again in <see cref="Update"/>, that is an
    /// edge.</summary>
    private void DropSlaveInt()
    {
        if (!Has(PicQuirks.ChipsSettleApart))
            _master.Drive(Pic8259.Cascade, high: false, isLine: false);
    }

    private static byte Tell(PicTaken taken, EventBuffer events)
    {
        if (events.Observing)
            events.Observe(taken.ToEvent());
        return taken.Vector;
    }

    private static PicTaken Nothing(int irq, byte vector) => new(irq, vector, Spurious: true, Level: false, ByPoll: false);

    private bool Has(PicQuirks quirk) => (_quirks & quirk) != 0;

    private static ushort Both(byte master, byte slave) => new PicInputs(master, slave).Bits;

    private PinWork HandOut(byte masterAcked, byte slaveAcked) =>
        HandOut(new PicChipWork(masterAcked, 0), new PicChipWork(slaveAcked, 0));

    private PinWork HandOut(PicChipWork master, PicChipWork slave)
    {
        var work = new PinWork
        {
            Acked = new PicInputs(master.Acked, slave.Acked).ToPins(),
            Resampled = new PicInputs(master.Resampled, slave.Resampled).ToPins(),
        };
        if (!work.IsEmpty)
            _output.Value.AwaitsUpdate = 1;
        return work;
    }

    private static int Checked(int irq)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)irq, (uint)GsiMap.IsaIrqs, nameof(irq));
        return irq;
    }
}
