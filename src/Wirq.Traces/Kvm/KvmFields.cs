using Wirq.Traces.Qemu;

namespace Wirq.Traces.Kvm;

/// <summary>A field of a tracepoint, by the name that the kernel gives it.</summary>
internal enum KvmField : byte
{
    None, Gsi, Level, Source, Chip, Pin, Elcr, Imr, Coalesced, Entry, Address, Data, ApicId, DeliveryMode, TriggerMode, Vec,
    IcrLow, DestId, Rw, Reg, Val, Vector, IrqChip, Irq, Soft, Reinjected, VcpuId, Rip, GuestRip, IntrInfo, ExitReason, Isa,
    Reason, Errno, Type, Gpa, Port, Write, Ecx, Exception, Inhibits, Previous,
}

/// <summary>Turns the fields of a record, as the kernel stores them, into what its text would tell: for trace.dat, and for the
/// text of <c>trace-cmd report -R</c>.</summary>
internal sealed class KvmFields
{
    /// <summary>The number of the I/OAPIC among the chips that kvm_ack_irq names.</summary>
    internal const int IoApicChip = 2;

    private const int Count = (int)KvmField.Previous + 1;

    private static readonly (byte[] Name, KvmField Field)[] Names =
    [.. new (string, KvmField)[] { ("gsi", KvmField.Gsi), ("level", KvmField.Level), ("irq_source_id", KvmField.Source), ("chip", KvmField.Chip),
        ("pin", KvmField.Pin), ("elcr", KvmField.Elcr), ("imr", KvmField.Imr), ("coalesced", KvmField.Coalesced), ("e", KvmField.Entry),
        ("address", KvmField.Address), ("data", KvmField.Data), ("apicid", KvmField.ApicId), ("dm", KvmField.DeliveryMode),
        ("tm", KvmField.TriggerMode), ("vec", KvmField.Vec), ("icr_low", KvmField.IcrLow), ("dest_id", KvmField.DestId), ("rw", KvmField.Rw),
        ("reg", KvmField.Reg), ("val", KvmField.Val), ("vector", KvmField.Vector), ("irqchip", KvmField.IrqChip), ("irq", KvmField.Irq),
        ("soft", KvmField.Soft), ("reinjected", KvmField.Reinjected), ("vcpu_id", KvmField.VcpuId), ("rip", KvmField.Rip),
        ("guest_rip", KvmField.GuestRip), ("intr_info", KvmField.IntrInfo), ("exit_reason", KvmField.ExitReason), ("isa", KvmField.Isa),
        ("reason", KvmField.Reason), ("errno", KvmField.Errno), ("type", KvmField.Type), ("gpa", KvmField.Gpa), ("port", KvmField.Port),
        ("write", KvmField.Write), ("ecx", KvmField.Ecx), ("exception", KvmField.Exception), ("inhibits", KvmField.Inhibits), ("previous_tsc_offset", KvmField.Previous) }
        .Select(pair => (System.Text.Encoding.ASCII.GetBytes(pair.Item1), pair.Item2))];

    [ThreadStatic]
    private static KvmFields? _ofText;

    private readonly ulong[] _values = new ulong[Count];
    /// <summary>trace-cmd report -R prints a field as its event's text would, so of an entry and of an ICR only the low byte.</summary>
    private bool _cutValues;
    private ulong _present;

    internal static KvmField Of(ReadOnlySpan<byte> name)
    {
        foreach ((byte[] known, KvmField field) in Names)
        {
            if (name.SequenceEqual(known))
                return field;
        }
        return KvmField.None;
    }

    internal void Clear() => _present = 0;

    internal void Set(KvmField field, ulong value)
    {
        if (field == KvmField.None)
            return;
        _values[(int)field] = value;
        _present |= 1UL << (int)field;
    }

    /// <summary>Reads <c>field=value</c> pairs.</summary>
    /// <returns>Null if the text is not of that form.</returns>
    internal static TextState? TryRead(ReadOnlySpan<byte> text, KvmRecord record)
    {
        text = text.TrimStart((byte)' ');
        int equals = text.IndexOfAny(" (|="u8);
        if (equals <= 0 || text[equals] != '=' || Of(text[..equals]) == KvmField.None)
            return null;
        KvmFields fields = _ofText ??= new KvmFields { _cutValues = true };
        fields.Clear();
        while (true)
        {
            text = text.TrimStart((byte)' ');
            equals = text.IndexOf((byte)'=');
            if (equals < 0)
                break;
            KvmField field = Of(text[..equals]);
            int at = equals + 1;
            bool negative = at < text.Length && text[at] == '-';
            at += negative ? 1 : 0;
            ulong value;
            // What the event's own text prints as %x is hexadecimal here too, without 0x.
            bool hex = field is KvmField.Ecx or KvmField.ApicId or KvmField.DestId || text[at..].StartsWith("0x"u8);
            if (hex ? !Digits.TryHex(text, ref at, out value) : !Digits.TryDecimal(text, ref at, out value))
                return field == KvmField.None ? fields.Finish(record) : at >= text.Length ? TextState.Cut : TextState.Bad;
            fields.Set(field, negative ? unchecked(0 - value) : value);
            text = text[at..];
        }
        return fields.Finish(record);
    }

    /// <summary>Gives the record its fields.</summary>
    internal TextState Finish(KvmRecord record)
    {
        bool whole = record.Event switch
        {
            KvmEvent.SetIrq => Number(KvmField.Gsi, out record.Gsi) && Flag(KvmField.Level, out record.Level) && Number(KvmField.Source, out record.Source),
            KvmEvent.PicSetIrq => Number(KvmField.Chip, out record.Chip) && Number(KvmField.Pin, out record.Pin) && PicFlags(record),
            KvmEvent.IoApicSetIrq => Number(KvmField.Pin, out record.Pin) && Flag(KvmField.Coalesced, out record.Coalesced) && Entry(record),
            KvmEvent.DelayedEoi => Entry(record),
            KvmEvent.MsiSetIrq => Message(record),
            KvmEvent.AcceptIrq or KvmEvent.ApicvAcceptIrq => Accepted(record),
            KvmEvent.ApicIpi => Ipi(record),
            KvmEvent.Apic => Flag(KvmField.Rw, out record.Write) && Number(KvmField.Reg, out record.Register) && Get(KvmField.Val, out record.Value),
            KvmEvent.Eoi or KvmEvent.PvEoi => Number(KvmField.ApicId, out record.Vcpu) && Number(KvmField.Vector, out record.Vector),
            KvmEvent.AckIrq => Number(KvmField.IrqChip, out record.Chip) && Number(KvmField.Pin, out record.Pin),
            KvmEvent.InjectIrq => (Number(KvmField.Vector, out record.Vector) || Number(KvmField.Irq, out record.Vector)) && InjectFlags(record),
            KvmEvent.Entry => Number(KvmField.VcpuId, out record.Vcpu) && EntryTail(record),
            KvmEvent.Exit => ExitFields(record),
            KvmEvent.UserspaceExit => UserspaceExit(record),
            KvmEvent.Mmio => Mmio(record),
            KvmEvent.Pio => Flag(KvmField.Rw, out record.Write) && Get(KvmField.Port, out record.Address) && (Get(KvmField.Val, out record.Value) || true),
            KvmEvent.Msr => Flag(KvmField.Write, out record.Write) && Get(KvmField.Ecx, out record.Address) && Get(KvmField.Data, out record.Value)
                && (Flag(KvmField.Exception, out record.Masked) || true),
            KvmEvent.ApicvInhibit => Get(KvmField.Inhibits, out record.Value),
            KvmEvent.TscOffset => Number(KvmField.VcpuId, out record.Vcpu) && Previous(record),
            _ => true,
        };
        return whole ? TextState.Whole : TextState.Cut;
    }

    private bool Get(KvmField field, out ulong value)
    {
        value = _values[(int)field];
        bool present = (_present >> (int)field & 1) != 0;
        if (!present)
            value = 0;
        return present;
    }

    private bool Number(KvmField field, out int value)
    {
        bool present = Get(field, out ulong number);
        value = present ? unchecked((int)number) : KvmRecord.Untold;
        return present;
    }

    private bool Flag(KvmField field, out bool flag)
    {
        bool present = Get(field, out ulong value);
        flag = value != 0;
        return present;
    }

    private bool PicFlags(KvmRecord record)
    {
        if (!Get(KvmField.Elcr, out ulong elcr) || !Get(KvmField.Imr, out ulong imr) || record.Pin is < 0 or > 7)
            return false;
        record.LevelTrigger = (elcr >> record.Pin & 1) != 0;
        record.Masked = (imr >> record.Pin & 1) != 0;
        return Flag(KvmField.Coalesced, out record.Coalesced);
    }

    private bool Entry(KvmRecord record)
    {
        if (!Get(KvmField.Entry, out ulong entry))
            return false;
        if (_cutValues && entry <= byte.MaxValue)
            return true;
        record.Destination = (uint)(entry >> 56);
        record.Masked = (entry >> 16 & 1) != 0;
        Low(record, entry);
        return true;
    }

    private static void Low(KvmRecord record, ulong low)
    {
        record.Vector = (byte)low;
        record.Mode = (DeliveryMode)(low >> 8 & 7);
        record.Logical = (low >> 11 & 1) != 0;
        record.LevelTrigger = (low >> 15 & 1) != 0;
    }

    private bool Message(KvmRecord record)
    {
        if (!Get(KvmField.Address, out ulong address) || !Get(KvmField.Data, out ulong data))
            return false;
        Low(record, data);
        // Destination mode is bit 2 of a message's address; bits 63:40 extend the destination (KVM_X2APIC_API_USE_32BIT_IDS).
        record.Logical = (address >> 2 & 1) != 0;
        record.Destination = (byte)(address >> 12) | (uint)((address >> 32) & 0xFFFFFF00);
        return true;
    }

    private bool Accepted(KvmRecord record)
    {
        if (!Number(KvmField.ApicId, out record.Vcpu) || !Number(KvmField.Vec, out record.Vector)
            || !Get(KvmField.DeliveryMode, out ulong mode) || !Flag(KvmField.TriggerMode, out record.LevelTrigger))
            return false;
        record.Mode = (DeliveryMode)(mode >> 8 & 7);
        return true;
    }

    private bool Ipi(KvmRecord record)
    {
        if (!Get(KvmField.IcrLow, out ulong low) || !Get(KvmField.DestId, out ulong destination))
            return false;
        if (_cutValues && low <= byte.MaxValue)
            return true;
        Low(record, low);
        record.Level = (low >> 14 & 1) != 0;
        record.Source = (int)(low >> 18 & 3);
        record.Destination = (uint)destination;
        return true;
    }

    private bool InjectFlags(KvmRecord record)
    {
        Flag(KvmField.Soft, out record.Soft);
        Flag(KvmField.Reinjected, out record.Reinjected);
        return true;
    }

    private bool EntryTail(KvmRecord record)
    {
        record.HasRip = Get(KvmField.Rip, out record.Rip);
        Get(KvmField.IntrInfo, out ulong info);
        record.InterruptInfo = (uint)info;
        return true;
    }

    private bool ExitFields(KvmRecord record)
    {
        if (!Get(KvmField.ExitReason, out ulong reason))
            return false;
        Get(KvmField.Isa, out ulong isa);
        record.Exit = ExitText.Numbered(reason, isa);
        record.HasRip = Get(KvmField.GuestRip, out record.Rip);
        Number(KvmField.VcpuId, out record.Vcpu);
        return true;
    }

    private bool UserspaceExit(KvmRecord record)
    {
        if (!Number(KvmField.Reason, out int reason) || !Number(KvmField.Errno, out int errno))
            return false;
        record.Restart = errno < 0;
        record.Reason = errno < 0 ? -errno : reason;
        return true;
    }

    private bool Mmio(KvmRecord record)
    {
        const int unsatisfied = 0, write = 2;
        if (!Number(KvmField.Type, out int type) || !Get(KvmField.Gpa, out record.Address) || !Get(KvmField.Val, out record.Value))
            return false;
        record.Write = type == write;
        record.Masked = type == unsatisfied;
        return true;
    }

    private bool Previous(KvmRecord record)
    {
        bool present = Get(KvmField.Previous, out ulong previous);
        record.Value = previous == 0 ? 0UL : 1;
        return present;
    }
}
