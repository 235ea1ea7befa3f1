using Wirq.Events;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>Infers which inputs of the 8259 pair are level-triggered. QEMU does not log the registers for this. The
/// modes differ only if a line falls before its INTA, or is still high after it.</summary>
/// <remarks>If the log and the chips differ, the same stimulus is tried on a copy in which one input has the other
/// trigger mode. If an edge input is made level, its request follows its line, as if it had always been level. A level
/// input that is made edge is tried with its current request and with the inverted one, because no line shows when the
/// guest changed the mode. If this explains every line, the input has the other mode from here on, and a further replay
/// of the log can make it level from the start.</remarks>
internal sealed class TriggerInference(ReplayMachine machine, PicPrints prints, TriggerModes modes)
{
    private const int Inputs = GsiMap.IsaIrqs, Requests = 2;

    private readonly PicPair _trial = new(new PicOptions { Profile = Profile.Qemu }, machine.Fabric.Arena),
        _cascaded = new(new PicOptions { Profile = Profile.Qemu }, machine.Fabric.Arena);
    private readonly EventBuffer _events = new();
    private readonly List<Prediction> _lines = [];

    /// <summary>The level of the master's input 2.</summary>
    internal bool CascadeIsHigh => (machine.Pic.Master.State.Pins & Pic8259.Bit(Pic8259.Cascade)) != 0;

    /// <summary>The lines that the master prints when its output is updated.</summary>
    internal void ExpectMaster(List<Prediction> lines) => prints.Update(master: true, machine.Pic, machine.Fabric, lines);

    /// <summary>Whether the other trigger mode of one input explains the lines of a stimulus in the log. If so, the
    /// machine now has that mode.</summary>
    internal bool Explains(in PicStimulus stimulus, List<TraceLine> logged) => Explains(stimulus, logged, whole: true, out _);

    /// <summary>As <c>Explains</c>, for a stimulus whose lines may be followed by lines of others.</summary>
    /// <param name="stimulus">The stimulus.</param>
    /// <param name="logged">Its lines, and perhaps others.</param>
    /// <param name="count">The number of its own lines, if they are explained.</param>
    internal bool ExplainsFirst(in PicStimulus stimulus, List<TraceLine> logged, out int count) =>
        Explains(stimulus, logged, whole: false, out count);

    private bool Explains(in PicStimulus stimulus, List<TraceLine> logged, bool whole, out int count)
    {
        count = 0;
        if (stimulus.Line.Event is not (TraceEvent.PicSetIrq or TraceEvent.PicPortWrite or TraceEvent.PicInterrupt))
            return false;
        for (int trial = 0; trial < Inputs * Requests; trial++)
        {
            if (!TryPlay(stimulus, trial) || !Fits(logged, whole))
                continue;
            count = _lines.Count;
            Adopt(trial % Inputs);
            machine.SetPic(_trial.State);
            machine.Drain();
            return true;
        }
        return false;
    }

    /// <summary>Whether the other trigger mode of one input makes an INTA cycle take <paramref name="taken"/>. If so,
    /// the machine now has that mode, before that cycle.</summary>
    internal bool ExplainsInta(in PicStimulus inta, ulong taken)
    {
        for (int trial = 0; trial < Inputs * Requests; trial++)
        {
            if (!TrySuppose(inta.Before, trial, out PicPairState supposed))
                continue;
            _trial.State = supposed;
            if (IrqOf(_trial) != taken)
                continue;
            Adopt(trial % Inputs);
            machine.SetPic(supposed);
            machine.Drain();
            return true;
        }
        return false;
    }

    /// <summary>The IRQ that an INTA cycle would take now; the spurious one if there is none.</summary>
    internal static ulong IrqOf(PicPair pic)
    {
        const int spurious = 7;
        int level = pic.Master.Takeable;
        if (level == Pic8259.None)
            return spurious;
        if (level != Pic8259.Cascade)
            return (ulong)level;
        int inner = pic.Slave.Takeable;
        return (ulong)(PicPair.SlaveFirst + (inner == Pic8259.None ? spurious : inner));
    }

    private bool TryPlay(in PicStimulus stimulus, int trial)
    {
        if (!TrySuppose(stimulus.Before, trial, out PicPairState supposed))
            return false;
        _trial.State = supposed;
        _lines.Clear();
        PicPlay.On(_trial, stimulus.Line, _events);
        _events.Clear();
        PicPlay.Expect(prints, stimulus.Line, supposed, _trial, machine.Fabric, _lines);
        return true;
    }

    private bool Fits(List<TraceLine> logged, bool whole)
    {
        bool fits = whole ? logged.Count == _lines.Count : logged.Count >= _lines.Count && _lines.Count > 0;
        for (int i = 0; fits && i < _lines.Count; i++)
            fits = _lines[i].IsMetBy(logged[i]);
        return fits;
    }

    /// <summary>Assumes the other trigger mode for one input. A level input has a request while its line is high. An
    /// edge input may have a request or not, so the first <see cref="Inputs"/> trials keep the request, and the others
    /// invert it.</summary>
    private bool TrySuppose(in PicPairState before, int trial, out PicPairState supposed)
    {
        supposed = before;
        int irq = trial % Inputs;
        if ((TriggerModes.CanBeLevel >> irq & 1) == 0)
            return false;
        byte bit = Pic8259.Bit(irq % PicPair.SlaveFirst);
        PicState chip = irq < PicPair.SlaveFirst ? before.Master : before.Slave;
        bool wasLevel = (chip.Elcr & bit) != 0, turned = trial >= Inputs;
        if (turned && !wasLevel)
            return false;
        chip.Elcr ^= bit;
        if (!wasLevel)
            chip.Irr = (byte)(chip.Irr & ~bit | chip.Pins & bit);
        else if (turned)
            chip.Irr ^= bit;
        supposed = irq < PicPair.SlaveFirst ? before with { Master = chip } : before with { Slave = chip };
        if (irq >= PicPair.SlaveFirst)
            supposed = Cascaded(supposed);
        return true;
    }

    /// <summary>The slave's output, and the master's input 2, as they follow from the assumed requests.</summary>
    private PicPairState Cascaded(in PicPairState supposed)
    {
        _cascaded.State = supposed;
        _cascaded.Slave.Touch();
        _cascaded.Update(_events);
        _events.Clear();
        return _cascaded.State;
    }

    /// <summary>The guest wrote the register at some earlier time. The laws get the event now.</summary>
    private void Adopt(int irq)
    {
        PicState chip = irq < PicPair.SlaveFirst ? machine.Pic.State.Master : machine.Pic.State.Slave;
        byte triggers = (byte)(chip.Elcr ^ Pic8259.Bit(irq % PicPair.SlaveFirst));
        modes.Note(irq, level: (triggers & Pic8259.Bit(irq % PicPair.SlaveFirst)) != 0);
        machine.Fabric.TryWritePort(0, irq < PicPair.SlaveFirst ? PicPair.MasterTriggers : PicPair.SlaveTriggers, 1, triggers);
        machine.Drain();
    }
}
