using Wirq.Events;
using Wirq.State;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>Checks whether a log can show that an input of the 8259 pair is level-triggered. If not, as for most logs,
/// no separate pass is needed.</summary>
/// <remarks>The log is fed to a pair with edge inputs. The modes differ if the request of an input differs from its
/// line: if the line fell before its INTA, or is still high after it. The first case is detected at once, if the input
/// is unmasked. The second case is normal for devices. It is detected by a request that QEMU prints and an edge input
/// does not have.</remarks>
internal sealed class TriggerWatch
{
    private readonly PicPair _pic = new(new PicOptions { Profile = Profile.Qemu }, new StateArena());
    private readonly EventBuffer _events = new();
    private bool _printsRequests;

    /// <summary>Whether it can.</summary>
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

    /// <summary>Whether QEMU prints a request that a level input has and an edge input does not have, or the other way
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
