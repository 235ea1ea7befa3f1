using Wirq.Traces.Qemu;

namespace Wirq.Traces.Kvm;

/// <summary>Lines that say that records are missing.</summary>
internal static class LossMark
{
    internal static bool TryRead(ReadOnlySpan<byte> line, KvmRecord record)
    {
        ReadOnlySpan<byte> text = line.Trim(" \t"u8);
        if (text.IsEmpty)
            return false;
        switch (text[0])
        {
            case (byte)'#':
                return Started(text, record) || Overrun(text, record);
            case (byte)'C' when text.StartsWith("CPU:"u8):
                // trace-cmd report: CPU:0 [1509 EVENTS DROPPED]; trace_pipe: CPU:0 [LOST 1509 EVENTS].
                return (text.IndexOf("EVENTS DROPPED]"u8) > 0 || text.IndexOf("LOST"u8) > 0 && text.IndexOf("EVENTS]"u8) > 0)
                    && Lost(text["CPU:"u8.Length..], record, KvmLoss.Dropped);
            case (byte)'.' or (byte)'[' or (byte)'<' or (byte)'(' or (byte)'-' or (byte)'*' or 0xE2 when IsCutOut(text):
                return Lost(default, record, KvmLoss.CutOut);
            default:
                // perf: Processed 12 events and lost 3 chunks! / PERF_RECORD_LOST
                return (text.IndexOf("PERF_RECORD_LOST"u8) >= 0 || text.StartsWith("Processed "u8) && text.IndexOf(" lost "u8) > 0)
                    && Lost(default, record, KvmLoss.Dropped);
        }
    }

    /// <summary>The CPUs of the host, in the head of ftrace's file: <c>#P:2</c>.</summary>
    internal static int HostCpus(ReadOnlySpan<byte> line)
    {
        int at = line.StartsWith("#"u8) ? line.LastIndexOf("#P:"u8) : -1;
        if (at < 0)
            return 0;
        at += "#P:"u8.Length;
        return Digits.TryDecimal(line, ref at, out ulong cpus) && cpus <= ushort.MaxValue ? (int)cpus : 0;
    }

    private static bool Started(ReadOnlySpan<byte> text, KvmRecord record)
    {
        int cpu = text.IndexOf("# CPU "u8);
        return cpu >= 0 && text.IndexOf(" buffer started"u8) > 0 && Lost(text[(cpu + "# CPU "u8.Length)..], record, KvmLoss.BufferStarted);
    }

    /// <summary>The head of ftrace's file: <c># entries-in-buffer/entries-written: 1015/2524</c>, or <c>latency: 0 us, #5065/5065,</c>.</summary>
    private static bool Overrun(ReadOnlySpan<byte> text, KvmRecord record)
    {
        ReadOnlySpan<byte> written = "entries-written:"u8, latency = "latency: "u8;
        int at = text.IndexOf(written);
        if (at >= 0)
            at += written.Length;
        else if (text.IndexOf(latency) is >= 0 and int found && text[(found + 1)..].IndexOf((byte)'#') is > 0 and int number)
            at = found + 1 + number + 1;
        else
            return false;
        Digits.SkipBlanks(text, ref at);
        if (!Digits.TryDecimal(text, ref at, out ulong kept) || at >= text.Length || text[at++] != '/' || !Digits.TryDecimal(text, ref at, out ulong all)
            || all <= kept)
            return false;
        Lost(default, record, KvmLoss.Dropped);
        record.LostCount = (long)Math.Min(all - kept, long.MaxValue);
        return true;
    }

    private static bool Lost(ReadOnlySpan<byte> cpu, KvmRecord record, KvmLoss loss)
    {
        record.Clear();
        record.Event = KvmEvent.Lost;
        record.Loss = loss;
        int at = 0;
        if (!cpu.IsEmpty && Digits.TryDecimal(cpu, ref at, out ulong number) && number <= ushort.MaxValue)
            record.Cpu = (int)number;
        int more = cpu[at..].IndexOfAnyInRange((byte)'0', (byte)'9');
        at += Math.Max(0, more);
        if (more >= 0 && Digits.TryDecimal(cpu, ref at, out ulong lost))
            record.LostCount = (long)Math.Min(lost, long.MaxValue);
        return true;
    }

    /// <summary>An ellipsis in one of the forms that people write: <c>...</c>, <c>[...]</c>, <c>&lt;snip&gt;</c>.</summary>
    private static bool IsCutOut(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> inner = text.Trim("[]<>()-*= "u8);
        if (inner.IsEmpty)
            return false;
        if (inner.Trim("."u8).IsEmpty)
            return inner.Length > 1;
        return inner.SequenceEqual("\u2026"u8) || inner.StartsWith("snip"u8) || inner.StartsWith("cut"u8) || inner.StartsWith("SNIP"u8)
            || inner.StartsWith("..."u8) && inner.EndsWith("..."u8);
    }
}
