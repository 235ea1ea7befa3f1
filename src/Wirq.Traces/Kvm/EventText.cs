namespace Wirq.Traces.Kvm;

/// <summary>How much of an event's text is there.</summary>
internal enum TextState : byte
{
    Whole,
    /// <summary>It ends too early: wrapped, or cut.</summary>
    Cut,
    /// <summary>It is not what the event prints.</summary>
    Bad,
}

/// <summary>Reads what the tracepoints print. Old forms are told by their shape: logs do not carry the kernel's version.</summary>
internal static class EventText
{
    internal static TextState Read(ReadOnlySpan<byte> text, KvmRecord record)
    {
        if (record.Event == KvmEvent.Other)
            return TextState.Whole;
        if (KvmFields.TryRead(text, record) is { } raw)
            return raw;
        var scan = new TextScan(text);
        bool read = record.Event switch
        {
            KvmEvent.SetIrq => scan.Word("gsi"u8) && scan.Number(out record.Gsi) && scan.Word("level"u8) && Flag(ref scan, out record.Level)
                && scan.Word("source"u8) && scan.Number(out record.Source),
            KvmEvent.PicSetIrq => scan.Word("chip"u8) && scan.Number(out record.Chip) && scan.Word("pin"u8) && scan.Number(out record.Pin)
                && PicFlags(ref scan, record),
            KvmEvent.IoApicSetIrq => scan.Word("pin"u8) && scan.Number(out record.Pin) && Message(ref scan, record),
            KvmEvent.DelayedEoi => Message(ref scan, record),
            KvmEvent.MsiSetIrq => Message(ref scan, record),
            KvmEvent.AcceptIrq or KvmEvent.ApicvAcceptIrq => VcpuOfApic(ref scan, record) && scan.Word("vec"u8) && scan.Number(out record.Vector)
                && Flags(ref scan, record),
            KvmEvent.ApicIpi => Message(ref scan, record),
            KvmEvent.Apic => Apic(ref scan, record),
            KvmEvent.Eoi or KvmEvent.PvEoi => VcpuOfApic(ref scan, record) && scan.Word("vector"u8) && scan.Number(out record.Vector),
            KvmEvent.AckIrq => Acknowledge(ref scan, record),
            KvmEvent.InjectIrq => Inject(ref scan, record),
            KvmEvent.Entry => scan.Word("vcpu"u8) && scan.Number(out record.Vcpu) && EntryTail(ref scan, record),
            KvmEvent.Exit => ExitText.Read(ref scan, record),
            KvmEvent.UserspaceExit => UserspaceExit(ref scan, record),
            KvmEvent.Mmio => Mmio(ref scan, record),
            KvmEvent.Pio => Pio(ref scan, record),
            KvmEvent.Msr => Msr(ref scan, record),
            KvmEvent.ApicvInhibit => Inhibit(ref scan, record),
            KvmEvent.TscOffset => scan.Word("vcpu="u8) && scan.Number(out record.Vcpu) && scan.Word("prev="u8) && Previous(ref scan, record),
            _ => true,
        };
        return read ? TextState.Whole : scan.Cut ? TextState.Cut : TextState.Bad;
    }

    private static bool Flag(ref TextScan scan, out bool flag)
    {
        bool read = scan.Decimal(out long value);
        flag = value != 0;
        return read;
    }

    private static bool VcpuOfApic(ref TextScan scan, KvmRecord record)
    {
        if (!scan.Word("apicid"u8) || !scan.Hex(out ulong id) || id > int.MaxValue)
            return false;
        record.Vcpu = (int)id;
        return true;
    }

    private static bool PicFlags(ref TextScan scan, KvmRecord record) =>
        Flags(ref scan, record) && Coalesced(ref scan, record);

    /// <summary>Destination, vector and how they are meant: <c>dst 0 vec 117 (Fixed|physical|level)</c>.</summary>
    private static bool Message(ref TextScan scan, KvmRecord record)
    {
        if (!scan.Word("dst"u8) || !scan.Hex(out ulong destination) || destination > uint.MaxValue || !scan.Word("vec"u8))
            return false;
        record.Destination = (uint)destination;
        // Linux 3.6 printed vec=%u of a pin.
        scan.Word("="u8);
        return scan.Number(out record.Vector) && Flags(ref scan, record) && Coalesced(ref scan, record);
    }

    private static bool Coalesced(ref TextScan scan, KvmRecord record)
    {
        record.Coalesced = scan.Word("(coalesced)"u8);
        return true;
    }

    private static bool Flags(ref TextScan scan, KvmRecord record)
    {
        if (!scan.Parenthesis(out ReadOnlySpan<byte> flags))
            return false;
        while (flags.Length > 0)
        {
            int bar = flags.IndexOf((byte)'|');
            ReadOnlySpan<byte> flag = bar < 0 ? flags : flags[..bar];
            flags = bar < 0 ? default : flags[(bar + 1)..];
            if (!Flag(flag, record))
                return false;
        }
        return true;
    }

    private static bool Flag(ReadOnlySpan<byte> flag, KvmRecord record)
    {
        // A line wrapped inside of the parentheses.
        flag = flag.Trim((byte)' ');
        if (flag.SequenceEqual("level"u8))
            record.LevelTrigger = true;
        else if (flag.SequenceEqual("logical"u8))
            record.Logical = true;
        else if (flag.SequenceEqual("masked"u8))
            record.Masked = true;
        else if (flag.SequenceEqual("assert"u8))
            record.Level = true;
        else if (flag.SequenceEqual("self"u8))
            record.Source = (int)DestinationShorthand.Self;
        else if (flag.SequenceEqual("all"u8))
            record.Source = (int)DestinationShorthand.AllIncludingSelf;
        else if (flag.SequenceEqual("all-but-self"u8))
            record.Source = (int)DestinationShorthand.AllExcludingSelf;
        else if (flag.SequenceEqual("dst"u8))
            record.Source = (int)DestinationShorthand.None;
        else if (KvmNames.Mode(flag) is { } mode)
            record.Mode = mode;
        // "rh" is the redirection hint, which a pin's entry does not have.
        else if (!flag.SequenceEqual("edge"u8) && !flag.SequenceEqual("physical"u8) && !flag.SequenceEqual("de-assert"u8) && !flag.SequenceEqual("rh"u8))
            return false;
        return true;
    }

    private static bool Apic(ref TextScan scan, KvmRecord record)
    {
        if (!scan.Word("apic_"u8) || !ReadOrWrite(ref scan, record))
            return false;
        ReadOnlySpan<byte> name = scan.Token(" ="u8);
        record.Register = KvmNames.Register(name);
        if (record.Register < 0)
        {
            var number = new TextScan(name);
            if (!number.Hex(out ulong offset) || offset > 0xFFF)
                return name.Length == 0 && scan.Word("APIC"u8);
            record.Register = (int)offset;
        }
        scan.EqualsSign();
        return scan.Hex(out record.Value);
    }

    private static bool ReadOrWrite(ref TextScan scan, KvmRecord record)
    {
        record.Write = scan.Word("write"u8);
        return record.Write || scan.Word("read"u8);
    }

    private static bool Acknowledge(ref TextScan scan, KvmRecord record)
    {
        if (!scan.Word("irqchip"u8))
            return false;
        if (scan.Word("PIC"u8))
        {
            record.Chip = scan.Word("master"u8) ? 0 : scan.Word("slave"u8) ? 1 : KvmRecord.Untold;
            if (record.Chip < 0)
                return false;
        }
        else if (!scan.Word("IOAPIC"u8))
            return false;
        else
            record.Chip = KvmFields.IoApicChip;
        return scan.Word("pin"u8) && scan.Number(out record.Pin);
    }

    private static bool Inject(ref TextScan scan, KvmRecord record)
    {
        // Linux up to 5.10 printed irq and a decimal number.
        if (scan.Word("irq"u8))
            return scan.Number(out record.Vector);
        record.Soft = scan.Word("Soft/INTn"u8);
        if (!record.Soft && !scan.Word("IRQ"u8) || !scan.Hex(out ulong vector) || vector > byte.MaxValue)
            return false;
        record.Vector = (int)vector;
        record.Reinjected = scan.Word("[reinjected]"u8);
        return true;
    }

    private static bool EntryTail(ref TextScan scan, KvmRecord record)
    {
        if (!scan.Word(","u8))
            return true;
        if (!scan.Word("rip"u8) || !scan.Hex(out record.Rip))
            return false;
        record.HasRip = true;
        if (scan.Word("intr_info"u8))
        {
            if (!scan.Hex(out ulong info))
                return false;
            record.InterruptInfo = (uint)info;
        }
        return true;
    }

    private static bool UserspaceExit(ref TextScan scan, KvmRecord record)
    {
        if (!scan.Word("reason"u8))
            return false;
        record.Restart = scan.Word("restart"u8);
        bool error = !record.Restart && scan.Word("error"u8);
        if (!record.Restart && !error)
            scan.Token(" ("u8);
        if (!scan.Word("("u8) || !scan.Number(out record.Reason))
            return false;
        record.Restart |= error;
        return scan.Word(")"u8);
    }

    private static bool Mmio(ref TextScan scan, KvmRecord record)
    {
        if (!scan.Word("mmio"u8))
            return false;
        ReadOnlySpan<byte> kind = scan.Token(" "u8);
        record.Write = kind.SequenceEqual("write"u8);
        // What is read stands in the second line, once the VMM has answered; the first one has no value.
        record.Masked = kind.SequenceEqual("unsatisfied-read"u8);
        return scan.Word("len"u8) && scan.Decimal(out _) && scan.Word("gpa"u8) && scan.Hex(out record.Address)
            && scan.Word("val"u8) && scan.Hex(out record.Value);
    }

    private static bool Pio(ref TextScan scan, KvmRecord record) =>
        scan.Word("pio_"u8) && ReadOrWrite(ref scan, record) && scan.Word("at"u8) && scan.Hex(out record.Address)
        && scan.Word("size"u8) && scan.Decimal(out _) && scan.Word("count"u8) && scan.Decimal(out _)
        // Old kernels print no value.
        && (!scan.Word("val"u8) || scan.Hex(out record.Value));

    private static bool Msr(ref TextScan scan, KvmRecord record)
    {
        if (!scan.Word("msr_"u8) || !ReadOrWrite(ref scan, record) || !scan.Hex(out record.Address))
            return false;
        scan.EqualsSign();
        if (!scan.Hex(out record.Value))
            return false;
        record.Masked = scan.Word("(#GP)"u8);
        return true;
    }

    private static bool Inhibit(ref TextScan scan, KvmRecord record) => (scan.Word("set"u8) || scan.Word("cleared"u8)) && scan.Word("reason="u8)
        && scan.Decimal(out _) && scan.Word(","u8) && scan.Word("inhibits="u8) && scan.Hex(out record.Value);

    private static bool Previous(ref TextScan scan, KvmRecord record)
    {
        // An offset has 64 bits and no sign.
        ReadOnlySpan<byte> previous = scan.Token(" "u8);
        record.Value = previous.SequenceEqual("0"u8) || previous.SequenceEqual("0x0"u8) ? 0UL : 1;
        return !previous.IsEmpty || scan.Decimal(out _);
    }
}
