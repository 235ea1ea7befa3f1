using System.Runtime.Versioning;
using Wirq.Board.Scripted;
using Wirq.Linux.VfioUser;

namespace Wirq.Cli.Device;

/// <summary>Writes what became of a scripted device, for a person.</summary>
[SupportedOSPlatform("linux")]
internal static class DeviceText
{
    private const int Indent = 12, LeastWidth = 60, MostWidth = 100;

    /// <param name="report">What became of it.</param>
    /// <param name="output">Where it goes.</param>
    /// <param name="columns">How wide the screen is. Words that are longer are not broken.</param>
    internal static void Write(DeviceReport report, TextWriter output, int columns)
    {
        int width = Math.Clamp(columns, LeastWidth, MostWidth);
        InterruptCounts its = report.Interrupts;
        AccessCounts accesses = report.Accesses;
        Wrap(output, width, "", 0, $"{report.Server.Scenario.Name}: {report.Verdict}");
        if (report.Server.Waits is { } waits)
            Wrap(output, width, "", 2, $"{waits}: stopped before this step was done");
        foreach (ScriptFailure failure in report.Server.Failures)
            Wrap(output, width, "", 2, $"{failure.At}: {failure.Text}");
        output.WriteLine();
        if (report.Server.Scenario.Device.HasIntx)
        {
            Wrap(output, width, "INTx", Indent, $"{its.Raised} raised, {report.Server.Registers.Served} served, {its.Signalled} signalled"
                + (its.SignalledAgain > 0 ? $" ({its.SignalledAgain} again, because it still asserted at an unmask)" : ""));
            if (report.Server.Registers.Served > 0)
                Wrap(output, width, "latency", Indent, $"from its rise to the driver's service: {report.Server.Registers.MeanLatency} us on average, {report.Server.Registers.LongestLatency} us at most");
            Wrap(output, width, "unmasks", Indent, $"{its.UnmaskMessages} by message, {its.UnmaskEventFds} by eventfd; {its.NeedlessUnmasks} needless "
                + $"({its.EarlyUnmasks} while it asserted, {its.IdleUnmasks} while nothing was masked)");
            Wrap(output, width, "masks", Indent, $"{its.Masks} by message; DisINTx changed {Phrase.Count((int)Math.Min(its.InterruptDisables, int.MaxValue), "time")}");
        }
        if (its.Sent.Count > 0)
        {
            Wrap(output, width, "messages", Indent, $"{its.AllSent} sent, {its.AllLost} lost (no eventfd)");
            foreach ((int first, int last, long sent, long lost) in report.Vectors)
                Wrap(output, width, "", Indent, $"{(first == last ? $"vector {first}" : $"vectors {first} to {last}, each")}: {sent} sent{(lost > 0 ? $", {lost} lost" : "")}");
        }
        if (its.ByClient > 0)
            Wrap(output, width, "by client", Indent, $"{its.ByClient} signalled because the VMM asked for it");
        Wrap(output, width, "triggers", Indent, $"{its.TriggersSet} set, {its.TriggersSwapped} swapped, {its.TriggersRemoved} removed");
        Wrap(output, width, "accesses", Indent, $"registers {accesses.RegisterReads} read, {accesses.RegisterWrites} written; "
            + $"configuration space {accesses.ConfigReads} read, {accesses.ConfigWrites} written; MSI-X table {accesses.TableReads} read, {accesses.TableWrites} written");
        Wrap(output, width, "clients", Indent, $"{accesses.Connections} connected, {accesses.Resets} resets, {accesses.Refused} requests refused; doorbell {report.Server.Registers.DoorbellValue}");
    }

    private static void Wrap(TextWriter output, int width, string label, int indent, string text)
    {
        string margin = new(' ', indent), line = label.PadRight(indent);
        bool empty = true;
        foreach (string word in text.Split(' '))
        {
            if (!empty && line.Length + 1 + word.Length > width)
            {
                output.WriteLine(line);
                (line, empty) = (margin, true);
            }
            line += empty ? word : $" {word}";
            empty = false;
        }
        output.WriteLine(line);
    }
}
