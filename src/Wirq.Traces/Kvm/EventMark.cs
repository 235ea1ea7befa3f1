using System.Buffers;

namespace Wirq.Traces.Kvm;

/// <summary>Finds the name of KVM's event in a line: <c>kvm_eoi:</c>, <c>kvm:kvm_eoi:</c>.</summary>
/// <param name="Start">Where the name begins, with its system if that stands there.</param>
/// <param name="Name">Where the event's own name begins.</param>
/// <param name="End">The colon behind it.</param>
internal readonly record struct EventMark(int Start, int Name, int End)
{
    private static readonly SearchValues<byte> s_word = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_"u8);

    private static ReadOnlySpan<byte> Kvm => "kvm"u8;

    /// <summary>Finds the first one.</summary>
    internal static bool TryFind(ReadOnlySpan<byte> line, out EventMark mark)
    {
        mark = default;
        for (int from = 0; ;)
        {
            int found = line[from..].IndexOf(Kvm);
            if (found < 0)
                return false;
            int start = from + found;
            int end = Word(line, start);
            if (IsFree(line, start) && end < line.Length && line[end] == ':' && TryName(line, start, end, out mark))
                return true;
            from = end;
        }
    }

    /// <summary>Whether <c>perf trace</c> wrote the line: <c>kvm:kvm_eoi(apicid: 1)</c>.</summary>
    internal static bool IsPerfTrace(ReadOnlySpan<byte> line)
    {
        int found = line.IndexOf("kvm:kvm_"u8);
        if (found < 0)
            return false;
        int end = Word(line, found + "kvm:"u8.Length);
        return end < line.Length && line[end] == '(';
    }

    private static bool TryName(ReadOnlySpan<byte> line, int start, int end, out EventMark mark)
    {
        mark = new(start, start, end);
        // The first word is the system's: kvm:, kvmmmu:.
        if (end + 1 < line.Length && line[end + 1] is >= (byte)'a' and <= (byte)'z')
        {
            int last = Word(line, end + 1);
            if (last >= line.Length || line[last] != ':')
                return false;
            mark = new(start, end + 1, last);
            return true;
        }
        return line[start..end].StartsWith("kvm_"u8);
    }

    private static bool IsFree(ReadOnlySpan<byte> line, int start) =>
        start == 0 || line[start - 1] is (byte)' ' or (byte)'\t' or (byte)'>' or (byte)'`' or (byte)':' or (byte)'*';

    private static int Word(ReadOnlySpan<byte> line, int at)
    {
        int length = line[at..].IndexOfAnyExcept(s_word);
        return length < 0 ? line.Length : at + length;
    }
}
