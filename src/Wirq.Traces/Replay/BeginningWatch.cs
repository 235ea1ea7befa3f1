using Wirq.Traces.Qemu;
using Wirq.Traces.Recordings;

namespace Wirq.Traces.Replay;

/// <summary>Looks for signs that a log does not begin with the machine's reset: effects whose cause has no line before
/// them.</summary>
internal sealed class BeginningWatch
{
    private const int LowestLegal = 16;
    private const ulong Icw1 = 0x10, EoiBit = 0x20, NoEoiBits = 0x18;
    private const uint EoiRegister = (uint)ApicRegister.Eoi;

    private bool _entryWritten, _sent, _masterReady, _slaveReady;
    private TraceLine _rise;

    /// <summary>The first such sign.</summary>
    internal MidLifeSign Sign { get; private set; }
    /// <summary>The line of the sign.</summary>
    internal long Line { get; private set; }
    /// <summary>Whether a pin sent by an entry that no line wrote, at any line. Then writes of entries are not traced,
    /// or came before the log.</summary>
    internal bool EntriesUntold { get; private set; }

    internal void Add(in TraceLine line)
    {
        switch (line.Event)
        {
            case TraceEvent.IoApicWrite:
                _entryWritten = true;
                break;
            case TraceEvent.IoApicSetIrq:
                if (line.B != 0)
                    _rise = line;
                else if (_rise.Event != TraceEvent.Other)
                    _rise = default;
                return;
            case TraceEvent.ApicDeliverIrq:
                // Right after the rise of a pin, it is the message of that pin. Entries of a machine that was never
                // reset send vector 0.
                if (!_entryWritten && _rise.Event == TraceEvent.IoApicSetIrq && _rise.Thread == line.Thread && line.D >= LowestLegal)
                {
                    EntriesUntold = true;
                    Note(MidLifeSign.UnwrittenEntrySends, line);
                }
                _sent = true;
                break;
            case TraceEvent.KernelTrigger or TraceEvent.IoApicSetRemoteIrr:
                if (!_entryWritten)
                {
                    EntriesUntold = true;
                    Note(MidLifeSign.UnwrittenEntrySends, line);
                }
                _sent = true;
                break;
            case TraceEvent.ApicLocalDeliver or TraceEvent.RemapRequest or TraceEvent.ReportDelivered:
                _sent = true;
                break;
            case TraceEvent.PicInterrupt:
                // A chip that was only reset, and not initialised, has vectors 0 to 7.
                if (!(line.A < PicPair.SlaveFirst ? _masterReady : _slaveReady) && line.B >= PicPair.SlaveFirst)
                    Note(MidLifeSign.UninitialisedPicGives, line);
                _sent = true;
                break;
            case TraceEvent.PicPortWrite when line.B == 0 && (line.C & Icw1) != 0:
                _masterReady |= line.A != 0;
                _slaveReady |= line.A == 0;
                break;
            case TraceEvent.PicPortWrite when line.B == 0 && (line.C & EoiBit) != 0 && (line.C & NoEoiBits) == 0:
                if (!(line.A != 0 ? _masterReady : _slaveReady))
                    Note(MidLifeSign.UninitialisedPicGives, line);
                break;
            case TraceEvent.ServicingInterrupt when !_sent:
                Note(MidLifeSign.UnsentTaken, line);
                break;
            case TraceEvent.ApicWrite when line.A == EoiRegister && !_sent:
                Note(MidLifeSign.UnsentEnded, line);
                break;
        }
        if (_rise.Event != TraceEvent.Other)
            _rise = default;
    }

    private void Note(MidLifeSign sign, in TraceLine line)
    {
        if (Sign == MidLifeSign.None)
            (Sign, Line) = (sign, line.Number);
    }
}
