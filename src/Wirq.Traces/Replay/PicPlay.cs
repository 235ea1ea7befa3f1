using Wirq.Events;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>The effect of a stimulus on an 8259 pair, and the lines that QEMU prints for it.</summary>
internal static class PicPlay
{
    /// <summary>The input that a line drives, 0 to 15.</summary>
    internal static int IrqOf(in TraceLine line) => (int)line.B + (line.A != 0 ? 0 : PicPair.SlaveFirst);

    /// <summary>The port of a line.</summary>
    internal static ushort PortOf(in TraceLine line) => (ushort)((line.A != 0 ? PicPair.MasterCommand : PicPair.SlaveCommand) + line.B);

    /// <summary>Applies a line to a pair that is not in a machine.</summary>
    internal static void On(PicPair pic, in TraceLine line, EventBuffer events)
    {
        switch (line.Event)
        {
            case TraceEvent.PicSetIrq:
                pic.SetPin(IrqOf(line), line.C != 0, events);
                break;
            case TraceEvent.PicPortWrite:
                pic.Write(PortOf(line), (byte)line.C, events);
                break;
            case TraceEvent.PicInterrupt:
                pic.Take(events, out _);
                break;
        }
        pic.Update(events);
    }

    /// <summary>The lines that QEMU prints for a stimulus.</summary>
    /// <param name="prints">How it prints.</param>
    /// <param name="line">The stimulus.</param>
    /// <param name="before">The pair before it.</param>
    /// <param name="pic">The pair after it.</param>
    /// <param name="fabric">The machine, for LINT0 of its CPUs.</param>
    /// <param name="lines">Receives the lines.</param>
    internal static void Expect(PicPrints prints, in TraceLine line, in PicPairState before, PicPair pic, Fabric fabric,
        List<Prediction> lines)
    {
        bool master = line.A != 0;
        switch (line.Event)
        {
            case TraceEvent.PicSetIrq:
            case TraceEvent.PicPortWrite when Updates(line, master ? before.Master : before.Slave):
                prints.Update(master, pic, fabric, lines);
                break;
            case TraceEvent.PicInterrupt:
                bool spurious = IsSpurious(before, line);
                prints.Acknowledge(before, pic, (int)line.A, spurious, fabric, lines);
                break;
        }
    }

    /// <summary>Whether an INTA cycle found no request.</summary>
    internal static bool IsSpurious(in PicPairState before, in TraceLine line)
    {
        const int spurious = 7;
        int level = (int)line.A % PicPair.SlaveFirst;
        return level == spurious && ((line.A < PicPair.SlaveFirst ? before.Master : before.Slave).Irr & Pic8259.Bit(spurious)) == 0;
    }

    /// <summary>Whether QEMU updates the output after a port write.</summary>
    private static bool Updates(in TraceLine line, in PicState before)
    {
        byte value = (byte)line.C;
        if (line.B != 0)
            return before.Stage is (byte)PicStage.Ready or (byte)PicStage.Unprogrammed;
        if (Icw1.Is(value))
            return true;
        return !Ocw3.Is(value) && new Ocw2(value).Command switch
        {
            Ocw2Command.NonSpecificEoi or Ocw2Command.RotateOnNonSpecificEoi => before.Isr != 0,
            Ocw2Command.SpecificEoi or Ocw2Command.RotateOnSpecificEoi or Ocw2Command.SetPriority => true,
            _ => false,
        };
    }
}
