using Wirq.Events;

namespace Wirq.Remapping.VtD;

/// <content>The registers.</content>
internal sealed partial class VtdUnit
{
    /// <summary>Whether an access reaches a register: 32 bits aligned, at a register of 32 bits or at a half of one of
    /// 64, or 64 bits aligned, at one of 64 bits (VT-d specification, 11.1).</summary>
    /// <param name="offset">Offset in the page.</param>
    /// <param name="size">Size in bytes.</param>
    public bool Has(uint offset, int size)
    {
        if (size is not (4 or 8) || offset % (uint)size != 0)
            return false;
        return IsRecord(offset) || VtdRegisters.TryFind(offset, out VtdRegister register) && size <= VtdRegisters.Rows[(int)register].Size;
    }

    /// <summary>Reads a register; 0 if <see cref="Has"/> is false. Reading has no effect.</summary>
    /// <param name="offset">Offset in the page.</param>
    /// <param name="size">Size in bytes.</param>
    public ulong Read(uint offset, int size)
    {
        if (!Has(offset, size))
            return 0;
        if (IsRecord(offset))
            return Part(IsUpperWord(offset) ? Record(offset).High : Record(offset).Low, size, offset % 8 != 0);
        VtdRegisters.TryFind(offset, out VtdRegister register);
        return Part(Word(register), size, offset != VtdRegisters.Rows[(int)register].Offset);
    }

    /// <summary>Writes a register; nothing happens if <see cref="Has"/> is false. <see cref="TryStep"/> does what the
    /// write requests.</summary>
    /// <param name="offset">Offset in the page.</param>
    /// <param name="size">Size in bytes.</param>
    /// <param name="value">The value; of 32 bits, the lower half counts.</param>
    /// <param name="events">Where effects go: a message that was pending and is no longer masked.</param>
    public void Write(uint offset, int size, ulong value, EventBuffer events)
    {
        ArgumentNullException.ThrowIfNull(events);
        if (!Has(offset, size))
            return;
        if (IsRecord(offset))
        {
            if (IsUpperWord(offset) && (Written(value, size, offset % 8 != 0) & FaultRecord.Fault) != 0)
                ClearRecord(ref Record(offset));
            return;
        }
        VtdRegisters.TryFind(offset, out VtdRegister register);
        ref readonly VtdRegisterRow row = ref VtdRegisters.Rows[(int)register];
        bool upper = offset != row.Offset;
        ulong written = Written(value, size, upper);
        _registers[(int)register].Write(written, Written(ulong.MaxValue, size, upper), _writable[(int)register], row.ClearedByOne);
        AfterWrite(register, written, events);
    }

    bool IRemapper.TryRead(ulong address, int size, out ulong value)
    {
        uint offset = (uint)(address - Options.Address);
        value = Read(offset, size);
        return Has(offset, size);
    }

    bool IRemapper.TryWrite(ulong address, int size, ulong value, EventBuffer events)
    {
        uint offset = (uint)(address - Options.Address);
        Write(offset, size, value, events);
        return Has(offset, size);
    }

    private void AfterWrite(VtdRegister register, ulong written, EventBuffer events)
    {
        switch (register)
        {
            case VtdRegister.GlobalCommand:
                S.Command = S.Command.Write(written);
                // The status of a command is cleared when it is given, and set when it is done (11.4, GSTS_REG).
                Word(VtdRegister.GlobalStatus) &= ~(S.Command.Bits & GlobalCommand.Once);
                break;
            case VtdRegister.ContextCommand:
                Word(register) = new CacheCommand(Word(register)).DoneAsContext.Bits;
                break;
            case VtdRegister.Iotlb:
                Word(register) = new CacheCommand(Word(register)).DoneAsIotlb.Bits;
                break;
            case VtdRegister.FaultStatus:
                FaultsServed();
                break;
            case VtdRegister.CompletionStatus:
                if (Word(VtdRegister.CompletionStatus) == 0)
                    Served(VtdRegister.CompletionControl);
                break;
            case VtdRegister.FaultControl or VtdRegister.CompletionControl:
                SendPending(register, events);
                break;
        }
    }

    private bool IsRecord(uint offset) => offset - FaultRecordOffset < (uint)(_records.Count * FaultRecord.Size);
    private ref FaultRecord Record(uint offset) => ref _records[(int)((offset - FaultRecordOffset) / FaultRecord.Size)];
    private static bool IsUpperWord(uint offset) => offset % FaultRecord.Size >= 8;

    private static ulong Part(ulong word, int size, bool upper) => size == 8 ? word : RegisterWord.Half(word, upper);
    private static ulong Written(ulong value, int size, bool upper) => size == 8 ? value : RegisterWord.AtHalf(value, upper);
}
