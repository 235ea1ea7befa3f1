using Wirq.State;

namespace Wirq.Remapping.VtD;

/// <content>The state as the fields of a snapshot.</content>
internal sealed partial class VtdUnit : ISnapshotFields
{
    /// <inheritdoc/>
    public void Move(Fields f)
    {
        f.Row("registers", VtdRegisters.Rows.Length, i => Move(f, VtdRegisters.Rows[i]));
        VtdState state = S;
        Move(f, ref state, _addressMask, _records.Count);
        f.Row("faults", _records.Count, i => _records[i] = Move(f, _records[i]));
        Check(f, state);
        if (f.IsReading)
            S = state;
    }

    internal static void Move(Fields f, ref VtdState s, ulong addressMask, int records)
    {
        s.Command = new(f.U64("command", s.Command.Bits, GlobalCommand.Switches));
        s.Table = new(f.U64("table", s.Table.Bits, TableAddress.Address & addressMask | TableAddress.Extended | TableAddress.Size));
        s.Queue = new(f.U64("queue", s.Queue.Bits, QueueAddress.Address & addressMask | QueueAddress.Size));
        s.NextRecord = (ulong)f.Number("nextRecord", (long)s.NextRecord, 0, records - 1);
    }

    internal static FaultRecord Move(Fields f, FaultRecord record)
    {
        FaultRecord any = FaultRecord.Of((VtdFaultReason)byte.MaxValue, ushort.MaxValue, ushort.MaxValue);
        return new(f.U64("low", record.Low, any.Low), f.U64("high", record.High, any.High));
    }

    private void Move(Fields f, VtdRegisterRow row)
    {
        ref ulong word = ref Word(row.Register);
        ulong held = _writable[(int)row.Register] | row.ClearedByOne | HeldBesides(row.Register);
        if (row.Register is VtdRegister.Version or VtdRegister.Capability or VtdRegister.ExtendedCapability)
        {
            ulong own = word, moved = f.U64($"{row.Register}", word);
            f.Demand(moved == own, $"{row.Register}", $"0x{moved:x}", $"0x{own:x}, as of this unit");
            return;
        }
        word = f.U64($"{row.Register}", word, held);
    }

    /// <summary>Bits that only the unit itself sets.</summary>
    private static ulong HeldBesides(VtdRegister register) => register switch
    {
        VtdRegister.GlobalStatus => GlobalCommand.Once | GlobalCommand.Switches,
        VtdRegister.FaultStatus => FaultStatus.Set,
        VtdRegister.FaultControl or VtdRegister.CompletionControl => EventControl.Set,
        VtdRegister.QueueHead => QueueAddress.Offset,
        VtdRegister.QueueErrorRecord => (ulong)QueueErrors,
        VtdRegister.ContextCommand or VtdRegister.Iotlb => CacheCommand.Set,
        _ => 0,
    };

    // IQEI: four bits (VT-d specification, 11.4, IQERCD_REG).
    private const int QueueErrors = 15;

    private void Check(Fields f, VtdState state)
    {
        ulong pending = state.Command.Pending(Status);
        f.Demand(pending == 0, "command", $"0x{state.Command.Bits:x}", $"what the status says; 0x{pending:x} would still have to be done");
        ulong head = Word(VtdRegister.QueueHead);
        f.Demand(head < state.Queue.Bytes || head == 0, "QueueHead", $"0x{head:x}", $"less than 0x{state.Queue.Bytes:x}, the length of the queue");
        f.Demand(!QueueRuns, "QueueTail", $"0x{Word(VtdRegister.QueueTail):x}", $"0x{head:x}, the head: the queue runs, and would not be done");
    }
}
