using System.Globalization;
using System.Text;

namespace Wirq.Traces.Timelines;

/// <summary>Writes a picture as value changes (IEEE 1364, chapter 18), which GTKWave opens.</summary>
internal static class VcdWriter
{
    private const int Piece = 1 << 16;

    internal static void Write(Picture picture, Stream output)
    {
        var signals = new VcdSignals(picture);
        using var text = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), Piece, leaveOpen: true) { NewLine = "\n" };
        text.WriteLine($"$comment {Plain($"wirq: {picture.Subject}. {picture.Verdict} {string.Join(" ", picture.Notes)}")} $end");
        text.WriteLine("$comment Events of one nanosecond are drawn a nanosecond apart, in their order. $end");
        text.WriteLine("$timescale 1 ns $end");
        text.WriteLine("$scope module wirq $end");
        foreach (IGrouping<string, VcdSignal> heading in signals.All.GroupBy(signal => signal.Heading))
        {
            text.WriteLine($"$scope module {Identifier(heading.Key)} $end");
            foreach (IGrouping<string, VcdSignal> scope in heading.GroupBy(signal => signal.Scope))
            {
                if (scope.Key.Length > 0)
                    text.WriteLine($"$scope module {scope.Key} $end");
                foreach (VcdSignal signal in scope)
                    text.WriteLine($"$var {signal.Type} {signal.Code} {signal.Name} $end");
                if (scope.Key.Length > 0)
                    text.WriteLine("$upscope $end");
            }
            text.WriteLine("$upscope $end");
        }
        text.WriteLine("$upscope $end");
        text.WriteLine("$enddefinitions $end");
        WriteChanges(picture, signals, text);
    }

    private static void WriteChanges(Picture picture, VcdSignals signals, StreamWriter text)
    {
        long now = picture.Clock.At(picture.Ends.First);
        text.WriteLine($"#{now}");
        text.WriteLine("$dumpvars");
        foreach (VcdSignal signal in signals.All)
            signal.Write(text);
        text.WriteLine("$end");
        foreach (IGrouping<long, VcdChange> moment in signals.Changes)
        {
            VcdSignal[] changed = [.. moment.Select(change => change.Apply()).Distinct().Where(signal => signal.HasChanged)];
            if (moment.Key > now && changed.Length > 0)
                text.WriteLine($"#{now = moment.Key}");
            foreach (VcdSignal signal in changed)
                signal.Write(text);
        }
        long end = picture.Clock.At(picture.Ends.Last);
        // A viewer shows nothing behind the last time, and what lasts at the end has to be seen.
        text.WriteLine(string.Create(CultureInfo.InvariantCulture, $"#{Math.Max(end, now) + 1}"));
    }

    /// <summary>A name without what ends one in this format, or what means something in it.</summary>
    internal static string Identifier(string name)
    {
        const int longest = 64;
        string plain = string.Concat(name.Take(longest).Select(one => char.IsAsciiLetterOrDigit(one) ? one : '_'));
        return plain.Length == 0 || char.IsAsciiDigit(plain[0]) ? $"_{plain}" : plain;
    }

    // A comment ends at $end, whoever wrote it.
    private static string Plain(string text) => string.Concat(text.Select(one => char.IsControl(one) || one == '$' ? ' ' : one));
}
