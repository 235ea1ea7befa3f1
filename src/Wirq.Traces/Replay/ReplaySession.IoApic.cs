using Wirq.Events;
using Wirq.State;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <content>The I/OAPIC.</content>
internal sealed partial class ReplaySession
{
    private const int RegisterSize = 4;

    /// <summary>The pins whose line the log has shown.</summary>
    private PinSet _driven;

    private void TakeIoApic(in TraceLine line)
    {
        switch (line.Event)
        {
            case TraceEvent.IoApicSetIrq:
                if (line.A < ReplayMachine.Pins)
                {
                    _driven = _driven.With(_machine.IoApic.InputOf((int)line.A));
                    _machine.DrivePin((int)line.A, line.B != 0);
                }
                break;
            case TraceEvent.IoApicWrite:
                WriteIoApic(line);
                break;
            default:
                Select(line);
                _machine.Fabric.TryRead(CpuOrAny(line), IoApicOptions.DefaultAddress + line.A, (int)line.C, out ulong value);
                _verdicts.Compare(line, value, line.D);
                break;
        }
        _machine.Drain();
    }

    private void WriteIoApic(in TraceLine line)
    {
        Select(line);
        _entries.Note(line);
        if (line.A == IoApic.EoiOffset)
        {
            // QEMU accepts the register only at its full width, and prints the broadcast that follows.
            if (line.C != RegisterSize || _survey.IoApicVersion < 0x20)
                return;
            Owe(new(TraceEvent.IoApicEoiBroadcast, (byte)line.D));
        }
        _machine.Fabric.TryWrite(CpuOrAny(line), IoApicOptions.DefaultAddress + line.A, (int)line.C, line.D);
    }

    /// <summary>Each access shows which register was selected at that time.</summary>
    private void Select(in TraceLine line)
    {
        if (_machine.IoApic.Read(IoApic.SelectOffset) != line.B)
            _machine.IoApic.Write(IoApic.SelectOffset, (uint)line.B, _machine.Fabric.Events);
    }

    private void TakeIoApicResponse(in TraceLine line)
    {
        if (line.Event is TraceEvent.IoApicSetRemoteIrr or TraceEvent.IoApicClearRemoteIrr)
            _verdicts.Coverage.RemoteIrrSet = true;
        if (_owed.TryMeet(line))
        {
            bool evidence = line.Event == TraceEvent.IoApicEoiBroadcast && _evidence == (int)line.A;
            if (evidence)
                _verdicts.LeaveUnchecked(line.Event);
            else
                _verdicts.Match(line);
            if (_survey.IsSplit && line.Event == TraceEvent.IoApicSetRemoteIrr && !_survey.Saw(TraceEvent.KernelTrigger))
                SendToKernel((int)line.A);
            return;
        }
        // What a CPU had in service at the first line is not known: the line says what it ended.
        if (line.Event == TraceEvent.IoApicEoiBroadcast && !(_knowsCpus && _survey.FromReset && _verdicts.Coverage.Tells(Responder.LocalApic)))
        {
            _verdicts.LeaveUnchecked(line.Event);
            _machine.Fabric.Events.Emit(new EoiBroadcast(0, (byte)line.A, Edge: false).ToEvent());
            _machine.Drain();
            return;
        }
        if (line.Event == TraceEvent.IoApicSetRemoteIrr && line.A < ReplayMachine.Pins && ExplainsAgain(line))
            return;
        bool struck = _owed.TryStrike(line.Event, out Prediction predicted);
        _verdicts.Mismatch(line, struck ? predicted.ToString() : Verdicts.Nothing);
    }

    /// <summary>A level pin that asks, and whose line no line of the log has shown, was asserted before the first
    /// line.</summary>
    private bool RoseBefore(int pin, RedirectionEntry entry) => !_survey.FromReset && !_driven.Has(pin)
        && entry is { Level: true, Masked: false } && !_machine.IoApic.IsAsserted(pin);

    private bool ExplainsAgain(in TraceLine line)
    {
        int pin = (int)line.A;
        RedirectionEntry entry = _machine.IoApic.Entry(pin);
        if (entry is { RemoteIrr: true, Level: true, Masked: false } && _machine.IoApic.IsAsserted(pin))
        {
            _verdicts.Counts.Waive(Waiver.RemoteIrrAgain, line.Event);
            return true;
        }
        if (RoseBefore(pin, entry))
        {
            // Where Remote IRR was set too, QEMU prints it again while it serves another pin.
            if (!entry.RemoteIrr)
                Begin(line);
            _machine.DrivePin(pin, high: true);
            if (!entry.RemoteIrr && !_owed.TryMeet(line))
                return false;
            _verdicts.LeaveUnchecked(line.Event);
            return true;
        }
        if (!_machine.IoApic.IsBraked(pin))
            return false;
        // The brake's own timer has no line. This line is its consequence.
        Begin(line);
        _machine.SetTime(_machine.IoApic.NextDeadline);
        _machine.IoApic.Advance(_machine.Fabric.Events);
        _machine.Drain();
        if (!_owed.TryMeet(line))
            return false;
        _verdicts.Match(line);
        return true;
    }
}
