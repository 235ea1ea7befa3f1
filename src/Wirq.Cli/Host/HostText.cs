using System.Globalization;
using System.Runtime.Versioning;
using Wirq.Cli.Outputs;
using Wirq.Linux.Probes;

namespace Wirq.Cli.Host;

/// <summary>Writes the report for a person: 80 columns.</summary>
[SupportedOSPlatform("linux")]
internal static class HostText
{
    private const int Width = 80, Indent = 4, NameWidth = 40;

    internal static void Write(HostReport report, TextWriter output)
    {
        if (report.Absent is { } absent)
        {
            HostAbsent.Write(absent, output);
            return;
        }
        output.WriteLine($"KVM: interface {report.ApiVersion}"
            + (report.Providers.Count > 0 ? $", served by {string.Join(", ", report.Providers)}" : ""));
        WriteCapabilities(output, report);
        WriteProbes(output, report);
        WriteConclusions(output, report);
    }

    private static void WriteCapabilities(TextWriter output, HostReport report)
    {
        output.WriteLine();
        output.WriteLine("Capabilities and limits");
        foreach (HostCapability each in report.Capabilities)
            output.WriteLine($"  {each.Name.PadRight(NameWidth)} {each.Text}");
    }

    private static void WriteProbes(TextWriter output, HostReport report)
    {
        output.WriteLine();
        output.WriteLine("Probes");
        foreach (ProbeResult result in report.Probes)
        {
            string time = (result.Elapsed.TotalMilliseconds).ToString("0", CultureInfo.InvariantCulture) + " ms";
            string head = $"  {Word(result.Outcome),-9} {result.Probe.Name}";
            output.WriteLine(head + time.PadLeft(Math.Max(1, Width - head.Length)));
            Paragraph.Write(output, $"{Capital(result.Probe.Question)} {Capital(result.Finding)}.", 2 + Indent);
        }
    }

    private static void WriteConclusions(TextWriter output, HostReport report)
    {
        output.WriteLine();
        output.WriteLine("Configurations");
        foreach (HostConfiguration each in report.Configurations)
        {
            string because = each.Because.Count == 0 ? "" : $": {string.Join(", ", each.Because)}";
            string follows = each.Configuration == report.Follows ? ", and follows" : "";
            output.WriteLine($"  {each.Configuration.Word(),-8}{Word(each.Verdict)}{because}{follows}");
        }
        output.WriteLine();
        if (report.Workarounds.Count == 0)
        {
            output.WriteLine("Work-arounds: none is needed.");
            return;
        }
        output.WriteLine("Work-arounds, in configuration user");
        foreach (HostWorkaround each in report.Workarounds)
        {
            output.WriteLine($"  {each.Name} (by {each.Probe})");
            Paragraph.Write(output, each.What, 2 + Indent);
        }
    }

    private static string Capital(string clause) => $"{char.ToUpperInvariant(clause[0])}{clause[1..]}";

    internal static string Word(ProbeOutcome outcome) => outcome switch
    {
        ProbeOutcome.Faithful => "faithful",
        ProbeOutcome.Deviates => "deviates",
        ProbeOutcome.Lacks => "lacks",
        _ => "failed",
    };

    internal static string Word(ConfigurationVerdict verdict) => verdict switch
    {
        ConfigurationVerdict.Sound => "sound",
        ConfigurationVerdict.Deviates => "deviates",
        ConfigurationVerdict.NotKnown => "not known",
        _ => "lacking",
    };
}
