using Wirq.Events;
using Wirq.State;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>Looks whether a log can show an input of the 8259 pair to be level-triggered, so that most logs need no pass
/// of their own for it.</summary>
/// <remarks>A pair with edge inputs is fed. The modes differ where the request of an input is not its line: where it fell
/// before its INTA, or is still high after it. The first shows at once, if the input is open. The second is how any
/// device works, and shows as a request that QEMU prints and an edge input does not have.</remarks>
internal sealed class TriggerWatch
{
    private readonly PicPair _pic = new(new PicOptions { Profile = Profile.Qemu }, new StateArena());
    private readonly EventBuffer _events = new();
    private bool _printsRequests;

    /// <summary>Whether it may.</summary>
    internal bool MayShow { get; private set; }

    internal void Add(in TraceLine line)
    {
        if (MayShow)
            return;
        switch (line.Event)
        {
            case TraceEvent.PicUpdateIrq:
                _printsRequests = true;
                MayShow = SaysLevel(line.A != 0 ? _pic.Master.State : _pic.Slave.State, (byte)line.C, line.A != 0);
                return;
            case TraceEvent.PicSetIrq when line.A != 0 && line.B == Pic8259.Cascade:
                return;
            case TraceEvent.PicInterrupt:
                MayShow = TriggerInference.IrqOf(_pic) != line.A;
                break;
            case TraceEvent.PicPortRead:
                _pic.Read(PicPlay.PortOf(line), _events, out _);
                _pic.Update(_events);
                break;
            case TraceEvent.PicSetIrq or TraceEvent.PicPortWrite:
                break;
            default:
                return;
        }
        PicPlay.On(_pic, line, _events);
        _events.Clear();
        MayShow |= DiffersOpenly(_pic.Master.State, master: true) || DiffersOpenly(_pic.Slave.State, master: false);
    }

    /// <summary>Whether QEMU prints a request as a level input has it and an edge input has it not, or the other way
    /// round.</summary>
    private static bool SaysLevel(in PicState chip, byte printed, bool master) =>
        ((printed ^ chip.Irr) & (chip.Irr ^ chip.Pins) & CanBeLevel(master)) != 0;

    private bool DiffersOpenly(in PicState chip, bool master)
    {
        int differs = (chip.Irr ^ chip.Pins) & CanBeLevel(master) & ~chip.Imr;
        return (_printsRequests ? differs & chip.Irr : differs) != 0;
    }

    private static byte CanBeLevel(bool master) => (byte)(TriggerModes.CanBeLevel >> (master ? 0 : PicPair.SlaveFirst));
}
