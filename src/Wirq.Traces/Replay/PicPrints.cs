using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>The lines that QEMU prints for its 8259 pair: one for each call that updates an output, even if it does not
/// change.</summary>
/// <remarks>A chip with a request prints pic_update_irq. The slave then drives input 2 of the master, high or low. The
/// master drives INTR, and if INTR is high, every local APIC whose LINT0 is unmasked prints that it got it.</remarks>
internal sealed class PicPrints(LogSurvey survey)
{
    private const ulong IsMaster = 1, IsSlave = 0, CascadeInput = 2, Lint0 = 3;
    private const int Priorities = 8;

    private readonly bool _updates = survey.Saw(TraceEvent.PicUpdateIrq), _cascade = survey.Saw(TraceEvent.PicSetIrq),
        _intr = survey.Saw(TraceEvent.PicInterruptLine), _lint = survey.ShowsLint;

    /// <summary>The lines that one chip prints when its output is updated.</summary>
    internal void Update(bool master, PicPair pic, Fabric fabric, List<Prediction> lines)
    {
        if (master)
            UpdateMaster(pic.Master.State, pic.Master.Takeable != Pic8259.None, fabric, lines);
        else
            UpdateSlave(pic, pic.Master.State, pic.Master.Takeable != Pic8259.None, fabric, lines);
    }

    /// <summary>The lines of an INTA cycle.</summary>
    /// <param name="before">The pair before the cycle.</param>
    /// <param name="pic">The pair after it.</param>
    /// <param name="irq">The IRQ that it took, 0 to 15.</param>
    /// <param name="spurious">Whether there was no request.</param>
    /// <param name="fabric">The machine.</param>
    /// <param name="lines">Receives the lines.</param>
    internal void Acknowledge(in PicPairState before, PicPair pic, int irq, bool spurious, Fabric fabric, List<Prediction> lines)
    {
        bool ofSlave = irq >= Priorities;
        if (spurious && !ofSlave)
            return;
        // The slave's request is taken while the master still has its request for the slave.
        if (ofSlave && !spurious)
            UpdateSlave(pic, before.Master, requests: true, fabric, lines);
        Update(master: true, pic, fabric, lines);
    }

    /// <summary>The lines of a poll: those of the polled chip.</summary>
    internal void Poll(bool master, PicPair pic, Fabric fabric, List<Prediction> lines) => Update(master, pic, fabric, lines);

    private void UpdateSlave(PicPair pic, in PicState master, bool requests, Fabric fabric, List<Prediction> lines)
    {
        bool slaveInt = pic.Slave.Takeable != Pic8259.None;
        if (slaveInt && _updates)
            lines.Add(Updated(IsSlave, pic.Slave.State));
        if (_cascade)
            lines.Add(new(TraceEvent.PicSetIrq, IsMaster, CascadeInput, slaveInt ? 1u : 0));
        UpdateMaster(master, requests, fabric, lines);
    }

    private void UpdateMaster(in PicState master, bool requests, Fabric fabric, List<Prediction> lines)
    {
        if (requests && _updates)
            lines.Add(Updated(IsMaster, master));
        if (_intr)
            lines.Add(new(TraceEvent.PicInterruptLine, 0, requests ? 1u : 0));
        for (int cpu = 0; requests && _lint && cpu < fabric.LocalApics!.Count; cpu++)
            AddLint(cpu, fabric, lines);
    }

    /// <summary>A CPU whose LINT0 is unmasked gets INTR.</summary>
    internal void AddLint(int cpu, Fabric fabric, List<Prediction> lines)
    {
        ref ApicState apic = ref fabric.LocalApics!.State(cpu);
        if (_lint && (!apic.Lint0.Masked || !apic.Base.Enabled))
            lines.Add(new(TraceEvent.ApicLocalDeliver, Lint0, (ulong)apic.Lint0.Mode));
    }

    private static Prediction Updated(ulong chip, in PicState s) =>
        new(TraceEvent.PicUpdateIrq, chip, s.Imr, s.Irr, (ulong)((s.Lowest + 1) % Priorities));
}
