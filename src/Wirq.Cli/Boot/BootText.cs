using System.Globalization;
using System.Runtime.Versioning;
using Wirq.Board.Historic;
using Wirq.Board.Machine;
using Wirq.Cli.Host;
using Wirq.Cli.Outputs;
using Wirq.Events;
using Wirq.Laws;
using Wirq.Linux.Probes;

namespace Wirq.Cli.Boot;

/// <summary>Writes messages about a guest's run, for a person.</summary>
[SupportedOSPlatform("linux")]
internal static class BootText
{
    private const int StoryLines = 24;

    /// <summary>Before the start: how well this host supports the selected configuration.</summary>
    internal static void WriteHost(TextWriter output, HostReport host, BootOptions options)
    {
        string chips = options.Configuration.Word();
        output.WriteLine($"wirq: {Path.GetFileName(options.Image)}, {Phrase.Count(options.Cpus, "CPU")}, "
            + $"irqchip {chips}{(options.X2Apic ? ", x2APIC" : "")}{(options.Xen.Offered ? ", Xen" : "")}"
            + (options.BoardDesign == BoardDesign.None ? "" : $", with the defect {options.Design}"));
        HostConfiguration configuration = host.Configurations.Single(each => each.Configuration == options.Configuration);
        if (configuration.Verdict == ConfigurationVerdict.Deviates)
        {
            Paragraph.Write(output, $"wirq: this host's KVM deviates in irqchip {chips}: "
                + string.Join("; ", configuration.Because.Select(name => Say(host, name)))
                + ". What fails may be its doing; wirq host tells more.", 0);
        }
        else if (configuration.Verdict == ConfigurationVerdict.Lacking)
            output.WriteLine($"wirq: this host lacks what irqchip {chips} needs: {string.Join(", ", configuration.Because)}");
        else if (configuration.Verdict == ConfigurationVerdict.NotKnown)
        {
            Paragraph.Write(output, $"wirq: what this host's KVM does in irqchip {chips} is not known: "
                + string.Join("; ", configuration.Because.Select(name => Say(host, name))), 0);
        }
        if (host.Workarounds.Count > 0)
            Paragraph.Write(output, $"wirq: work-arounds for this host: {string.Join(", ", host.Workarounds.Select(each => each.Name))}", 0);
    }

    /// <summary>After the end.</summary>
    internal static void WriteEnd(TextWriter output, BootResult result)
    {
        Paragraph.Write(output, $"wirq: {Say(result.End)} after {Seconds(result.Elapsed)} s; "
            + $"{result.Watch.Count.ToString(CultureInfo.InvariantCulture)} events", 0);
        if (result.Misrouted > 0)
            output.WriteLine($"wirq: {result.Misrouted.ToString(CultureInfo.InvariantCulture)} interrupts of pins went where an older entry led");
        Law[] broken = [.. result.Watch.Laws.Where(law => law.Break is not null)];
        if (broken.Length == 0)
        {
            output.WriteLine($"wirq: all {result.Watch.Laws.Count} laws held");
            return;
        }
        foreach (Law law in broken)
            Paragraph.Write(output, $"wirq: {law.Name} broke: {law.Describe()}", 0);
        output.WriteLine("wirq: what came before the first break:");
        foreach (Event e in result.Watch.Story.Skip(Math.Max(0, result.Watch.Story.Count - StoryLines)))
            output.WriteLine($"  {(e.Time / 1e6).ToString("0.000", CultureInfo.InvariantCulture),12} ms  {EventText.Describe(e)}");
    }

    /// <summary>After the end, if an output did not get all of its data.</summary>
    internal static void WriteLost(TextWriter output, OutputPump lost) => Paragraph.Write(output, lost.Failure is { } failure
        ? $"wirq: {lost.Name} cannot be written: {failure}"
        : $"wirq: nobody reads {lost.Name}: {lost.Unwritten.ToString(CultureInfo.InvariantCulture)} bytes are lost", 0);

    /// <summary>How a guest ended.</summary>
    internal static string Say(GuestEnd end) => end.Kind switch
    {
        GuestEndKind.Exit => string.Create(CultureInfo.InvariantCulture, $"the guest ended with code {end.Code}"),
        GuestEndKind.PowerOff => "the guest shut down",
        GuestEndKind.Text => $"the guest wrote \"{end.Detail}\"",
        GuestEndKind.Crash => $"the guest says that it has crashed ({end.Detail})",
        GuestEndKind.Reset => $"the guest requested a reset ({end.Detail})",
        GuestEndKind.TripleFault => $"triple fault ({end.Detail})",
        GuestEndKind.NoCode => $"the guest runs where there is no memory ({end.Detail})",
        GuestEndKind.HostCannot => $"this host's KVM cannot go on: {end.Detail}; stopped",
        GuestEndKind.Timeout => "the time was up, and the guest was stopped",
        _ => $"stopped {end.Detail}".TrimEnd(),
    };

    internal static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Say(HostReport host, string name) =>
        host.Probes.FirstOrDefault(each => each.Probe.Name == name) is { } probe ? $"{name} ({probe.Finding})" : name;
}
