using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <content>The 8259 pair.</content>
internal sealed partial class ReplaySession
{
    // Inputs that are low, and to drive which low again did nothing while the pair was in this state.
    private PicPairState _still;
    private ushort _quiet;

    private void TakePic(in TraceLine line)
    {
        CloseStimulus();
        switch (line.Event)
        {
            case TraceEvent.PicInterrupt:
                _pic.CloseBefore(new PicStimulus(line, _machine.Pic.State));
                Open(line);
                TakeInta(line);
                break;
            case TraceEvent.PicPortRead:
                _pic.CloseBefore(new PicStimulus(line, _machine.Pic.State));
                Open(line);
                ReadPort(line);
                break;
            default:
                _pic.Close();
                Feed(line);
                break;
        }
    }

    private void Feed(in TraceLine line)
    {
        ref readonly PicPairState before = ref _pic.Begin(line, _machine.Pic);
        Open(line);
        if (IsQuiet(line))
            return;
        bool again = line is { Event: TraceEvent.PicSetIrq, C: 0 } && !_machine.IsIrqHigh(PicPlay.IrqOf(line));
        if (line.Event == TraceEvent.PicSetIrq)
            _machine.DrivePic(PicPlay.IrqOf(line), line.C != 0);
        else
        {
            _machine.Fabric.TryWritePort(CpuOrAny(line), PicPlay.PortOf(line), 1, (uint)line.C);
            _machine.Drain();
        }
        _verdicts.Coverage.IntrRose |= _machine.Pic.Intr;
        _verdicts.Coverage.Polled |= (_machine.Pic.Master.State.Polling | _machine.Pic.Slave.State.Polling) != 0;
        PicPlay.Expect(_prints, line, before, _machine.Pic, _machine.Fabric, _pic.Expected);
        if (again && _pic.Expected.Count == 0 && _machine.Pic.Master.Takeable == Pic8259.None)
            NoteQuiet(PicPlay.IrqOf(line), before);
    }

    /// <summary>Most lines of a log lower what is low: a device does so at each access of its registers.</summary>
    private bool IsQuiet(in TraceLine line) => line is { Event: TraceEvent.PicSetIrq, C: 0 }
        && (_quiet >> PicPlay.IrqOf(line) & 1) != 0 && !_machine.IsIrqHigh(PicPlay.IrqOf(line)) && _machine.Pic.IsIn(_still);

    private void NoteQuiet(int irq, in PicPairState before)
    {
        if (!_machine.Pic.IsIn(before))
            return;
        if (!_machine.Pic.IsIn(_still))
            (_still, _quiet) = (before, 0);
        _quiet |= (ushort)(1 << irq);
    }

    private void TakeInta(in TraceLine line)
    {
        int cpu = _survey.CpuOf(line.Thread);
        LearnVectors(line);
        ulong irq = TriggerInference.IrqOf(_machine.Pic);
        var inta = new PicStimulus(line, _machine.Pic.State);
        bool explained = irq != line.A && _verdicts.Coverage.ShowsPic && _pic.ExplainsInta(inta, line.A);
        if (explained)
            irq = line.A;
        PicPairState before = _machine.Pic.State;
        ExpectLint(cpu);
        byte vector = _machine.Fabric.Inta(Math.Max(cpu, AnyCpu));
        _machine.Drain();
        if (irq != line.A || vector != line.B)
            _verdicts.Mismatch(line, LineText.Of(line.Event, irq, vector));
        else if (explained)
            _verdicts.LeaveUnchecked(line.Event);
        else
            _verdicts.Match(line);
        PicPlay.Expect(_prints, line, before, _machine.Pic, _machine.Fabric, _pic.Expected);
        _acknowledges.NotePic((byte)line.B);
        if (!PicPlay.IsSpurious(before, line))
            _delivered.Count(SourceName.Pic((int)line.A), cpu);
    }

    /// <summary>If the log does not begin with the machine's reset, an INTA shows the vectors of a chip whose
    /// initialisation is not in the log.</summary>
    private void LearnVectors(in TraceLine inta)
    {
        const byte vectorBits = 0xF8;
        if (_survey.FromReset)
            return;
        PicPairState pair = _machine.Pic.State;
        bool slave = inta.A >= PicPair.SlaveFirst;
        PicState chip = slave ? pair.Slave : pair.Master;
        if (chip.Icw1 != 0)
            return;
        chip.Icw2 = (byte)(inta.B & vectorBits);
        _machine.Pic.State = slave ? pair with { Slave = chip } : pair with { Master = chip };
    }

    /// <summary>A CPU that also has a vector of its local APIC pending gets INTR once more before it reads the 8259. If
    /// its acknowledges are inferred, it is not certain whether it has one; then the log decides.</summary>
    private void ExpectLint(int cpu)
    {
        if (cpu < 0 || !_machine.Pic.Intr)
            return;
        ref ApicState apic = ref _machine.LocalApics.State(cpu);
        bool pending = apic.Spurious.Enabled && !apic.Irr.IsEmpty;
        bool logged = _pic.StartsWith(TraceEvent.ApicLocalDeliver);
        if (_survey.HasServicing ? pending : logged)
            _prints.AddLint(cpu, _machine.Fabric, _pic.Expected);
    }

    private void ReadPort(in TraceLine line)
    {
        PicPairState before = _machine.Pic.State;
        bool master = line.A != 0;
        bool polls = (master ? before.Master : before.Slave).Polling != 0;
        _machine.Fabric.TryReadPort(CpuOrAny(line), PicPlay.PortOf(line), 1, out uint value);
        _machine.Drain();
        _verdicts.Compare(line, value, line.C);
        if (polls && value != 0)
            _prints.Poll(master, _machine.Pic, _machine.Fabric, _pic.Expected);
    }

    private int CpuOrAny(in TraceLine line) => Math.Max(_survey.CpuOf(line.Thread), AnyCpu);
}
