using Wirq.Traces.Qemu;
using Wirq.Traces.Recordings;

namespace Wirq.Traces.Dumps;

/// <summary>Knows dumps by what stands in them. A log with events is none, whatever else it has: its story tells more.</summary>
internal static class DumpRecognition
{
    /// <summary>Whether a file is a dump. All of it is looked at, in bounded memory, or up to the first event.</summary>
    /// <param name="open">Opens it.</param>
    internal static bool Looks(Func<Stream> open)
    {
        if (RecordingFormat.Looks(open))
            return false;
        using var lines = new LineSource(open(), "");
        var kinds = new LineKinds();
        bool printed = false;
        while (TryRead(lines, out ReadOnlySpan<byte> line))
        {
            if (kinds.IsEvent(line))
                return false;
            printed = printed || kinds.IsConsole(line) || kinds.IsPrinted(line);
        }
        return printed;
    }

    /// <summary>Reads the next line to recognise a file by; false at its end, or where it is damaged: who reads the whole of it says so.</summary>
    internal static bool TryRead(LineSource lines, out ReadOnlySpan<byte> line)
    {
        long before = lines.TooLong;
        line = default;
        try
        {
            if (!lines.TryRead(out line))
                return false;
        }
        catch (TraceException)
        {
            return false;
        }
        // The first words of a line that is too long tell all the same what the file is.
        if (lines.TooLong > before)
            line = lines.LongHead;
        // The mark of UTF-8 at the beginning is no part of the first line.
        if (lines.Lines == 1 && line is [0xEF, 0xBB, 0xBF, ..])
            line = line[3..];
        return true;
    }
}
