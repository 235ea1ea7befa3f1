using Wirq.Traces.Qemu;

namespace Wirq.Traces.Kvm;

/// <summary>Reads what stands before an event's name: task, thread, process, CPU, flags, time. It goes from the right to the left,
/// because the name of a task may hold anything.</summary>
internal static class LinePrefix
{
    private const ulong Nanoseconds = 1_000_000_000, PerMicrosecond = 1_000;
    private const long Ticks = -2;
    private const int MostFraction = 9, FewestFlags = 4, MostFlags = 9;

    private static ReadOnlySpan<ulong> Powers => [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
        10_000_000_000, 100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000,
        10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000];

    internal static void Read(ReadOnlySpan<byte> prefix, KvmRecord record, LineLeads leads)
    {
        prefix = Trim(prefix);
        record.Time = Math.Max(KvmRecord.Untold, Time(ref prefix));
        leads.Read(prefix, record);
    }

    /// <summary>Reads what stands before the time.</summary>
    internal static void ReadLead(ReadOnlySpan<byte> lead, KvmRecord record)
    {
        Cpu(ref lead, record);
        Group(ref lead, record);
        Task(lead, record);
    }

    /// <summary>Whether a line ends with a time, so that the event was wrapped into the next one, or within a prefix.</summary>
    internal static bool IsAlone(ReadOnlySpan<byte> line)
    {
        line = Trim(line);
        if (line is [.., (byte)':'])
        {
            long time = Time(ref line);
            return time != KvmRecord.Untold && Trim(line) is [.., (byte)']' or (byte)'.' or >= (byte)'0' and <= (byte)'9'];
        }
        return line.Length > 4 && IsCpuAtEnd(WithoutFlags(line));
    }

    private static bool IsCpuAtEnd(ReadOnlySpan<byte> line)
    {
        if (line is not [.., (byte)']'])
            return false;
        int open = line.LastIndexOf((byte)'[');
        return open > 0 && AllDigits(line[(open + 1)..^1]) && line.Length - open <= 7;
    }

    private static ReadOnlySpan<byte> WithoutFlags(ReadOnlySpan<byte> line)
    {
        int space = line.LastIndexOf((byte)' ');
        return space > 0 && IsFlags(line[(space + 1)..]) ? Trim(line[..space]) : line;
    }

    /// <summary>Takes the time off the end; -1 if there is none.</summary>
    private static long Time(ref ReadOnlySpan<byte> prefix)
    {
        ReadOnlySpan<byte> rest = prefix;
        // trace-cmd report --ts-diff: the distance to the record before.
        if (rest is [.., (byte)')'] && rest.LastIndexOf((byte)'(') is > 0 and int open && rest.Length - open > 2 && rest[open + 1] is (byte)'+' or (byte)'-')
            rest = Trim(rest[..open]);
        if (rest is not [.., (byte)':'])
            return KvmRecord.Untold;
        rest = Trim(rest[..^1]);
        // The latency format marks long waits: 228273us*:, 241464us!:, 12us+:.
        if (rest is [.., (byte)'*' or (byte)'!' or (byte)'+' or (byte)'#' or (byte)'@' or (byte)'$'])
            rest = rest[..^1];
        bool micro = rest is [.., (byte)'u', (byte)'s'];
        if (micro)
            rest = rest[..^2];
        int start = Number(rest, out ulong whole), digits = rest.Length - start;
        ulong fraction = 0;
        bool dot = start > 0 && rest[start - 1] == '.';
        if (dot)
        {
            fraction = whole;
            start = Number(rest[..(start - 1)], out whole);
        }
        if (digits == 0 || start > 0 && rest[start - 1] == '.' || dot && (micro || digits > MostFraction || rest[start] == '.'))
            return KvmRecord.Untold;
        ulong unit = dot ? Nanoseconds : micro ? PerMicrosecond : 1;
        if (unit > 1 && whole >= long.MaxValue / unit - 1)
            return KvmRecord.Untold;
        prefix = Trim(rest[..start]);
        // A clock that counts prints no dot, and how long a tick is stands nowhere.
        return unit == 1 ? Ticks : (long)(whole * unit + fraction * (dot ? Powers[MostFraction - digits] : 0));
    }

    /// <summary>Where the digits at the end begin, and their number. From the right to the left, each digit is added for itself.</summary>
    private static int Number(ReadOnlySpan<byte> text, out ulong value)
    {
        value = 0;
        int at = text.Length;
        for (int digit = 0; at > 0 && (uint)text[at - 1] - '0' is <= 9 and uint one; at--, digit++)
            value = digit < Powers.Length ? value + one * Powers[digit] : ulong.MaxValue;
        return at;
    }

    private static void Cpu(ref ReadOnlySpan<byte> prefix, KvmRecord record)
    {
        ReadOnlySpan<byte> rest = prefix;
        if (rest is not [.., (byte)']'])
        {
            int space = rest.LastIndexOf((byte)' ');
            ReadOnlySpan<byte> last = rest[(space + 1)..];
            int digits = 0;
            while (digits < last.Length && digits < 5 && last[digits] is >= (byte)'0' and <= (byte)'9')
                digits++;
            // The latency format: CPU and flags are one word.
            if (digits > 0 && IsFlags(last[digits..]))
            {
                int at = 0;
                Digits.TryDecimal(last[..digits], ref at, out ulong latencyCpu);
                record.Cpu = (int)latencyCpu;
                record.InInterrupt = Interrupts(last[digits..]);
                prefix = space < 0 ? default : Trim(rest[..space]);
                return;
            }
            if (!IsFlags(last))
                return;
            record.InInterrupt = Interrupts(last);
            rest = space < 0 ? default : Trim(rest[..space]);
        }
        if (!IsCpuAtEnd(rest) && !(rest is [(byte)'[', .., (byte)']'] && AllDigits(rest[1..^1])))
            return;
        int open = rest.LastIndexOf((byte)'[');
        int from = open + 1;
        if (Digits.TryDecimal(rest, ref from, out ulong cpu) && cpu <= ushort.MaxValue)
            record.Cpu = (int)cpu;
        prefix = Trim(rest[..open]);
    }

    /// <summary>The thread group of ftrace's option record-tgid: <c>(  28182)</c>, or <c>(-------)</c> where it is not known.</summary>
    private static void Group(ref ReadOnlySpan<byte> prefix, KvmRecord record)
    {
        if (prefix is not [.., (byte)')'])
            return;
        int open = prefix.LastIndexOf((byte)'(');
        if (open < 0)
            return;
        ReadOnlySpan<byte> inner = prefix[(open + 1)..^1].Trim((byte)' ');
        int at = 0;
        bool number = Digits.TryDecimal(inner, ref at, out ulong group) && at == inner.Length && group <= int.MaxValue;
        if (!number && inner.Trim((byte)'-').Length > 0)
            return;
        if (number)
            record.Process = (int)group;
        prefix = Trim(prefix[..open]);
    }

    /// <summary>TASK-PID of ftrace; TASK PID and TASK PID/TID of perf.</summary>
    private static void Task(ReadOnlySpan<byte> task, KvmRecord record)
    {
        int start = NumberAtEnd(task), at = start;
        if (start < task.Length && Digits.TryDecimal(task, ref at, out ulong thread) && thread <= int.MaxValue)
        {
            if (start > 0 && task[start - 1] == '/' && Before(task, start - 1, out int process, out int begin))
            {
                (record.Process, record.Thread) = (process, (int)thread);
                task = Trim(task[..begin]);
            }
            else if (start > 0 && task[start - 1] is (byte)'-' or (byte)' ' or (byte)'\t')
            {
                record.Thread = (int)thread;
                task = Trim(task[..(start - 1)]);
            }
            else if (start == 0)
            {
                record.Thread = (int)thread;
                task = default;
            }
        }
        record.Task = task;
    }

    private static bool Before(ReadOnlySpan<byte> task, int end, out int process, out int begin)
    {
        process = KvmRecord.Untold;
        begin = NumberAtEnd(task[..end]);
        int at = begin;
        if (begin == end || begin > 0 && task[begin - 1] != ' ' || !Digits.TryDecimal(task, ref at, out ulong number) || number > int.MaxValue)
            return false;
        process = (int)number;
        return true;
    }

    private static bool IsFlags(ReadOnlySpan<byte> word)
    {
        if (word.Length is < FewestFlags or > MostFlags)
            return false;
        foreach (byte letter in word)
        {
            if (letter is not ((byte)'.' or (byte)'#' or >= (byte)'0' and <= (byte)'9' or >= (byte)'a' and <= (byte)'z' or >= (byte)'A' and <= (byte)'Z'))
                return false;
        }
        // A word of letters alone is the name of a task.
        return word.ContainsAny((byte)'.', (byte)'#') || word.ContainsAnyInRange((byte)'0', (byte)'9') && word.ContainsAny((byte)'d', (byte)'D');
    }

    /// <summary>The third of the flags: in a hard or soft interrupt.</summary>
    private static bool Interrupts(ReadOnlySpan<byte> flags) => flags[2] is (byte)'h' or (byte)'H' or (byte)'s' or (byte)'z' or (byte)'Z';

    /// <summary>Where the digits at the end begin; behind the end if there are none.</summary>
    private static int NumberAtEnd(ReadOnlySpan<byte> text) => text.LastIndexOfAnyExceptInRange((byte)'0', (byte)'9') + 1;

    private static bool AllDigits(ReadOnlySpan<byte> text) => text.Length > 0 && !text.ContainsAnyExceptInRange((byte)'0', (byte)'9');

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => Digits.Trim(text);
}
