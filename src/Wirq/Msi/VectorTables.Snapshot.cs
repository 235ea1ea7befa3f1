using Wirq.State;

namespace Wirq;

// The state as the fields of a snapshot.
public sealed partial class MsixTable
{
    /// <summary>Moves the control word and all entries.</summary>
    internal void Move(Fields f)
    {
        _control.Value.Bits = f.U32("control", _control.Value.Bits, (uint)(EnableBit | FunctionMaskBit));
        f.Row("entries", Count, vector => Move(f, ref _entries[vector]));
    }

    internal static void Move(Fields f, ref MsixEntry entry)
    {
        entry.Address = f.U32("address", entry.Address, AddressMask);
        entry.AddressHigh = f.U32("addressHigh", entry.AddressHigh);
        entry.Data = f.U32("data", entry.Data);
        entry.Control = f.U32("vectorControl", entry.Control, MaskBit);
    }

    /// <summary>Takes over the state of a table of as many vectors.</summary>
    internal void CopyFrom(MsixTable other)
    {
        other._entries.Span.CopyTo(_entries.Span);
        _control.Value = other._control.Value;
    }
}

public sealed partial class MsiCapability
{
    /// <summary>Moves the registers.</summary>
    internal void Move(Fields f)
    {
        ref MsiRegisters r = ref _registers.Value;
        r.Control = f.U32("control", r.Control, EnableBit | MultipleEnable);
        r.Address = f.U32("address", r.Address, ~3u);
        r.AddressHigh = f.U32("addressHigh", r.AddressHigh);
        r.Data = f.U32("data", r.Data, 0xFFFF);
        r.Mask = f.U32("mask", r.Mask, (uint)((1ul << Count) - 1));
    }

    /// <summary>Takes over the state of a capability of as many vectors.</summary>
    internal void CopyFrom(MsiCapability other) => _registers.Value = other._registers.Value;
}
