using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Dumps.Xen;

/// <summary>The event channels of key <c>e</c>: for each domain its polling vCPUs, and a line for each port with its pending
/// and mask bits, its state (public/event_channel.h) and its vCPU.</summary>
internal sealed partial class XenPorts(DumpParts parts) : DumpReader
{
    private string? _domain;
    private string _polling = "";

    internal override Fit Take(in DumpLine line)
    {
        string text = XenDump.Bare(line.Text);
        if (Domain().Match(text) is { Success: true } heading)
        {
            (_domain, _polling) = (heading.Groups["d"].Value, "");
            DumpPart part = XenDump.Part(parts, $"ports of {_domain}", line.File);
            part.Note("e");
            return Fit.Whole;
        }
        if (_domain is null)
            return Fit.None;
        if (Polling().Match(text) is { Success: true } polling)
        {
            _polling = polling.Groups["vcpus"].Value;
            if (_polling.Length > 0)
                XenDump.Part(parts, "", line.File).Tell($"Of domain {_domain} vCPU {_polling} polls for events (SCHEDOP_poll).", line.Place($"domain {_domain}", "polling"));
            return Fit.Whole;
        }
        if (!Begins().IsMatch(text))
            return Fit.None;
        Expected = "a port with [pending/masked/state]: s= n= x=";
        Match match = Port().Match(text);
        if (!match.Success)
            return text.Contains("in flux", StringComparison.Ordinal) ? Fit.Whole : text.Contains("]:", StringComparison.Ordinal) && text.Contains(" x=", StringComparison.Ordinal) ? Fit.Bad : Fit.Cut;
        if (match.Groups["p"].Value == "1")
            Pending(match, line);
        return Fit.Whole;
    }

    internal override void Cut(in DumpLine line) => XenDump.Part(parts, "", line.File).Lack($"Line {line.Number}, of a port, is cut off", "xl debug-keys e; xl dmesg");

    private void Pending(Match match, in DumpLine line)
    {
        bool masked = match.Groups["m"].Value == "1";
        int state = int.Parse(match.Groups["s"].Value, CultureInfo.InvariantCulture), vcpu = int.Parse(match.Groups["n"].Value, CultureInfo.InvariantCulture);
        string port = match.Groups["port"].Value;
        const int ipi = 6;
        string text = $"Port {port} of domain {_domain} ({Words(state, match.Groups["rest"].Value)}) is pending for vCPU {vcpu}, "
            + (masked ? "and masked by the guest; whether the guest wants that, the text does not tell"
                + (state == ipi ? " (a guest may mask an IPI's port and poll for it, as Linux does for its spin locks)" : "")
                : "and not masked: whether the vCPU masks its upcalls, and so is about to take it or not, the text does not tell") + ".";
        XenDump.Part(parts, "", line.File).Find(new($"port:{port}@d{_domain}", masked ? Standing.Masked : Standing.NotKnown, masked ? Gate.VirqMasked : Gate.CpuUnknown,
            -1, -1, -1, text, [line.Place($"domain {_domain}", $"port {port}")]));
    }

    private static string Words(int state, string rest)
    {
        string Of(string key) => Detail().Match(rest) is { Success: true } detail && detail.Groups["key"].Value == key ? $" {detail.Groups["value"].Value}" : "";
        return state switch
        {
            2 => "unbound",
            3 => "to another domain",
            4 => $"PIRQ{Of("p")}",
            5 => $"VIRQ{Of("v")}",
            6 => "IPI",
            _ => $"state {state}",
        };
    }

    [GeneratedRegex(@"Event channel information for d(omain )?(?<d>[0-9]{1,5}):", RegexOptions.ExplicitCapture)]
    private static partial Regex Domain();

    [GeneratedRegex(@"Polling vCPUs: \{(?<vcpus>[0-9,-]*)\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Polling();

    [GeneratedRegex(@"^ *[0-9]{1,7} (\[[01]/[01]|in flux|\[)", RegexOptions.ExplicitCapture)]
    private static partial Regex Begins();

    [GeneratedRegex(@"^ *(?<port>[0-9]{1,7}) \[(?<p>[01])/(?<m>[01])(/[^\]]*)?\]: s=(?<s>[0-9]) n=(?<n>[0-9]{1,5})(?<rest>.*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Port();

    [GeneratedRegex(@" (?<key>[pv])=(?<value>[0-9]{1,7})", RegexOptions.ExplicitCapture)]
    private static partial Regex Detail();
}
