using Wirq.Events;
using Wirq.State;

namespace Wirq;

// The ports of the pair, and polls, which only a port read makes.
public sealed partial class PicPair
{
    /// <summary>Port of the first register of a chip: ICW1, OCW2 and OCW3 when written; IRR, ISR or a poll when
    /// read.</summary>
    public const ushort MasterCommand = 0x20, SlaveCommand = 0xA0;
    /// <summary>Port of the second register of a chip: ICW2 to ICW4 and the mask (OCW1).</summary>
    public const ushort MasterData = 0x21, SlaveData = 0xA1;
    /// <summary>Port of the edge/level control register (ELCR) of a chip.</summary>
    public const ushort MasterTriggers = 0x4D0, SlaveTriggers = 0x4D1;

    /// <summary>Whether <paramref name="port"/> belongs to the pair.</summary>
    internal static bool Claims(ushort port) => port
        is MasterCommand or MasterData or SlaveCommand or SlaveData or MasterTriggers or SlaveTriggers;

    /// <summary>A byte is written to a port. The returned work must be done at the lines; then call
    /// <see cref="Update"/>.</summary>
    /// <remarks>A port that the pair does not claim ignores writes, and reads 0xFF.</remarks>
    internal PinWork Write(ushort port, byte value, EventBuffer events)
    {
        ArgumentNullException.ThrowIfNull(events);
        ushort triggers = LevelTriggered, mask = MaskRegister;
        PicChipWork master = default, slave = default;
        switch (port)
        {
            case MasterCommand:
                master = _master.WriteCommand(value, events);
                break;
            case MasterData:
                master = _master.WriteData(value);
                break;
            case SlaveCommand:
                slave = _slave.WriteCommand(value, events);
                break;
            case SlaveData:
                slave = _slave.WriteData(value);
                break;
            case MasterTriggers:
                _master.WriteTriggers(value);
                break;
            case SlaveTriggers:
                _slave.WriteTriggers(value);
                break;
        }
        if (events.Observing)
            TellChanges(triggers, mask, events);
        return HandOut(master, slave);
    }

    /// <summary>A byte is read from a port; a poll has the effect of an INTA. Then as <see cref="Write"/>.</summary>
    /// <remarks>A poll that is due answers the next read of either port of its chip.</remarks>
    internal byte Read(ushort port, EventBuffer events, out PinWork work)
    {
        ArgumentNullException.ThrowIfNull(events);
        work = default;
        switch (port)
        {
            case MasterCommand or MasterData when _master.State.Polling != 0:
                return Poll(_master, events, out work);
            case SlaveCommand or SlaveData when _slave.State.Polling != 0:
                return Poll(_slave, events, out work);
            case MasterCommand:
                return _master.Selected;
            case SlaveCommand:
                return _slave.Selected;
            case MasterData:
                return _master.State.Imr;
            case SlaveData:
                return _slave.State.Imr;
            case MasterTriggers:
                return _master.State.Elcr;
            case SlaveTriggers:
                return _slave.State.Elcr;
            default:
                return IdleBus;
        }
    }

    /// <summary>A poll is an INTA to only one chip. A poll of the master that finds the cascade does not reach the
    /// slave, which the CPU polls next (8259A, "Poll Command").</summary>
    private byte Poll(Pic8259 chip, EventBuffer events, out PinWork work)
    {
        work = default;
        chip.State.Polling = 0;
        int level = chip.Takeable;
        if (level == Pic8259.None)
        {
            chip.Touch(PicQuirks.IdlePollLeavesInt);
            chip.EndCycle();
            return Has(PicQuirks.IdlePollReadsZero) ? (byte)0 : (byte)SpuriousLevel;
        }
        int irq = chip.Irq(level);
        if (_output.Value.Requested == irq)
            _output.Value.Requested = NoIrq;
        Tell(new(irq, chip.Vector(level), Spurious: false, IsLevel(irq), ByPoll: true), events);
        bool ofMaster = ReferenceEquals(chip, _master);
        byte acked;
        if (Has(PicQuirks.PollEndsInterrupt))
        {
            bool isCascade = ofMaster && level == Pic8259.Cascade;
            acked = chip.Withdraw(level, events, isCascade ? PicQuirks.CascadePollLeavesInt : PicQuirks.None);
            if (!ofMaster)
                _master.Withdraw(Pic8259.Cascade, events);
        }
        else
            acked = chip.Acknowledge(level, events);
        if (!ofMaster)
            DropSlaveInt();
        work = ofMaster ? HandOut(acked, 0) : HandOut(0, acked);
        return PicPoll.Taken(level).Bits;
    }

    private void TellChanges(ushort triggersBefore, ushort maskBefore, EventBuffer events)
    {
        ushort triggers = LevelTriggered, mask = MaskRegister;
        if (triggers != triggersBefore)
            events.Observe(new PicTriggerChanged(triggers, triggersBefore).ToEvent());
        if (mask != maskBefore)
            events.Observe(new PicMaskChanged(mask, maskBefore).ToEvent());
    }
}
