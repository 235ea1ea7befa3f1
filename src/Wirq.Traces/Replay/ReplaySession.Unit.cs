using Wirq.Events;
using Wirq.Remapping.VtD;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <content>The registers of the remapping unit, and its invalidations.</content>
/// <remarks>The log shows descriptors when they are carried out, but not their addresses. So the unit here has a queue
/// of its own, into which each logged descriptor is written. The guest's writes to the queue's registers are
/// ignored.</remarks>
internal sealed partial class ReplaySession
{
    // Above the memory of any replayed guest, and within the unit's address width.
    private const ulong QueueAddressHere = 0xFFFF_FFFF_F000, QueueBytes = 0x1000;
    private const ulong WholeTable = 0xF, ForwardedCommands = GlobalCommand.Remapping | GlobalCommand.SetTable | GlobalCommand.Compatibility;

    private ulong _tail;
    private int _touched;
    private bool _forgot;

    private TableAddress Table => new(Unit.Read(VtdOffset.TableAddress, sizeof(ulong)));

    private bool IsExtended => Table.IsExtended;

    private void StartUnit()
    {
        WriteUnit(AnyCpu, VtdOffset.QueueAddress, sizeof(ulong), QueueAddressHere);
        Command(AnyCpu, 0);
    }

    private void TakeUnit(in TraceLine line)
    {
        switch (line.Event)
        {
            case TraceEvent.RemapRegisterWrite when line.A is >= VtdOffset.TableAddress and < VtdOffset.TableAddress + sizeof(ulong):
                Begin(line);
                WriteUnit(CpuOrAny(line), (uint)line.A, (int)line.B, line.C);
                break;
            case TraceEvent.RemapRegisterWrite when line.A == VtdOffset.GlobalCommand:
                Begin(line);
                WriteCommand(line);
                break;
            case TraceEvent.RemapRegisterWrite:
                break;
            case TraceEvent.IecInvalidate:
                Begin(line);
                Owe(new(TraceEvent.IecNotify, line.A ^ 1, line.B, line.C));
                Invalidate(line, global: line.A == 0);
                break;
            case TraceEvent.IecNotify when !_survey.Saw(TraceEvent.IecInvalidate) && !_owed.TryMeet(line):
                Begin(line);
                Invalidate(line, global: line.A != 0);
                break;
            case TraceEvent.IecNotify when !_survey.Saw(TraceEvent.IecInvalidate):
                _verdicts.Match(line);
                break;
            case TraceEvent.IecNotify when !_survey.Saw(TraceEvent.RemapRegisterWrite) && line.A != 0 && _owed.Owed.Count == 0:
                // The table is set. No other line shows it.
                _verdicts.LeaveUnchecked(line.Event);
                break;
            case TraceEvent.RemapRoot when !_survey.Saw(TraceEvent.RemapRegisterWrite):
                Begin(line);
                SetTable(CpuOrAny(line), TableAddress.For(line.A, line.B).Bits);
                break;
            case TraceEvent.RemapEnable when !_survey.Saw(TraceEvent.RemapRegisterWrite):
                Begin(line);
                if (!_survey.Saw(TraceEvent.RemapRoot))
                    SetTable(CpuOrAny(line), WholeTable);
                Command(CpuOrAny(line), line.A != 0 ? GlobalCommand.Remapping : 0);
                break;
            default:
                Compare(line, evidence: false);
                break;
        }
    }

    private void WriteCommand(in TraceLine line)
    {
        bool before = Unit.RemappingEnabled;
        Command(CpuOrAny(line), line.C & ForwardedCommands);
        if (new GlobalCommand(line.C).Has(GlobalCommand.SetTable))
        {
            TableAddress table = Table;
            Owe(new(TraceEvent.IecNotify, 1));
            Owe(new(TraceEvent.RemapRoot, table.EntryAddress(0), (ulong)table.LastIndex + 1));
        }
        if (Unit.RemappingEnabled != before)
            Owe(new(TraceEvent.RemapEnable, before ? 0u : 1));
    }

    /// <summary>If no line shows that remapping is enabled, a remapped message shows it.</summary>
    private void SwitchOnUnseen()
    {
        if (Unit.RemappingEnabled || _survey.Saw(TraceEvent.RemapEnable) || _survey.Saw(TraceEvent.RemapRegisterWrite))
            return;
        if (!_survey.Saw(TraceEvent.RemapRoot))
            SetTable(AnyCpu, WholeTable);
        Command(AnyCpu, GlobalCommand.Remapping);
    }

    private void SetTable(int cpu, ulong table)
    {
        WriteUnit(cpu, VtdOffset.TableAddress, sizeof(ulong), table);
        Command(cpu, GlobalCommand.SetTable | (Unit.RemappingEnabled ? GlobalCommand.Remapping : 0));
    }

    private void Command(int cpu, ulong command) => WriteUnit(cpu, VtdOffset.GlobalCommand, sizeof(uint), command | GlobalCommand.Queue);

    private void Invalidate(in TraceLine line, bool global)
    {
        // The descriptor is passed with the reserved bits of its mask, so that the unit checks them.
        QueuedDescriptor descriptor = global ? QueuedDescriptor.AllEntries
            : QueuedDescriptor.Entries((ushort)line.B, (int)Math.Min(line.C, 31));
        _machine.Memory.Put(QueueAddressHere + _tail, descriptor.Low, descriptor.High);
        _tail = (_tail + QueuedDescriptor.Size) % QueueBytes;
        (_touched, _forgot) = (0, false);
        int cpu = CpuOrAny(line);
        WriteUnit(cpu, VtdOffset.QueueTail, sizeof(ulong), _tail);
        if (_forgot)
            _remapping.Add(new(line.Number, global, global ? 0 : (int)line.B, global ? 0 : (int)line.C, _touched));
        else
            RestartQueue(cpu, line);
    }

    /// <summary>The unit here refused a descriptor that QEMU accepted.</summary>
    private void RestartQueue(int cpu, in TraceLine line)
    {
        _verdicts.Mismatch(line, "the queue stops: a reserved field is set");
        ulong on = Unit.RemappingEnabled ? GlobalCommand.Remapping : 0;
        WriteUnit(cpu, VtdOffset.GlobalCommand, sizeof(uint), on);
        WriteUnit(cpu, VtdOffset.FaultStatus, sizeof(uint), FaultStatus.QueueError);
        _tail = 0;
        WriteUnit(cpu, VtdOffset.QueueTail, sizeof(ulong), 0);
        Command(cpu, on);
    }

    private void WriteUnit(int cpu, uint offset, int size, ulong value)
    {
        _machine.Fabric.TryWrite(cpu, Unit.Options.Address + offset, size, value);
        _machine.Drain();
    }

    private void NoteUnit(in Event happened)
    {
        if (happened.Kind == EventKind.RemapInvalidationDone)
            (_touched, _forgot) = (_touched + (int)RemapInvalidation.Of(happened).Touched, true);
        else if (_deciding && happened.Kind == EventKind.RemapTranslated)
            _translated = RemapTranslated.Of(happened);
        else if (_deciding)
            _blocked = RemapFaulted.Of(happened);
    }
}
