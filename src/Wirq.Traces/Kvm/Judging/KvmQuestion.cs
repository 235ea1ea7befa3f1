using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>A question about one source of a log of KVM: a pin, an input of the 8259, or a vector.</summary>
internal static partial class KvmQuestion
{
    internal const string Forms = "ioapic:21, gsi:21, pic:4, a vector (0x53, 0x53@cpu1), cpu1";

    [GeneratedRegex(@"^(?:(?<kind>ioapic|gsi|pic):(?<pin>[0-9]{1,2})|(?<vector>0x[0-9a-fA-F]{1,2})(?:@cpu(?<cpu>[0-9]{1,5}))?|cpu(?<all>[0-9]{1,5}))\z")]
    private static partial Regex Form { get; }

    [GeneratedRegex("^vector (?<vector>0x[0-9a-f]{2}) at vCPU (?<cpu>[0-9]+)$")]
    private static partial Regex AtVcpu { get; }

    /// <summary>Whether a text is such a question, whatever the log has.</summary>
    internal static bool IsOne(string asked) => Form.IsMatch(Usual(asked));

    /// <summary>The part of the answer that is about the source; null if the text names none, or none that the log has.</summary>
    internal static KvmAnswer? About(KvmAnswer answer, string asked)
    {
        Match match = Form.Match(Usual(asked));
        if (!match.Success)
            return null;
        Func<KvmOwedAnswer, bool> owed;
        Func<ToldAnswer, bool> told;
        if (match.Groups["vector"].Success)
        {
            int vector = int.Parse(match.Groups["vector"].ValueSpan[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            int cpu = match.Groups["cpu"].Success ? int.Parse(match.Groups["cpu"].ValueSpan, CultureInfo.InvariantCulture) : -1;
            owed = one => one.Vector == vector && (cpu < 0 || one.Cpu == cpu);
            string place = $"vector 0x{vector:x2} at vCPU ";
            told = one => cpu < 0 ? one.Source.StartsWith(place, StringComparison.Ordinal) : one.Source == place + cpu.ToString(CultureInfo.InvariantCulture);
        }
        else if (match.Groups["all"].Success)
        {
            int cpu = int.Parse(match.Groups["all"].ValueSpan, CultureInfo.InvariantCulture);
            owed = one => one.Cpu == cpu;
            told = one => AtVcpu.Match(one.Source) is { Success: true } its && its.Groups["cpu"].Value == cpu.ToString(CultureInfo.InvariantCulture);
        }
        else
        {
            int pin = int.Parse(match.Groups["pin"].ValueSpan, CultureInfo.InvariantCulture);
            string[] names = match.Groups["kind"].Value switch
            {
                "gsi" => [$"ioapic:{VmTrail.PinOfGsi(pin)}", $"pic:{pin}"],
                var kind => [$"{kind}:{pin}"],
            };
            owed = one => names.Contains(one.Source);
            told = one => names.Contains(one.Source);
        }
        VmAnswer[] vms = [.. answer.Vms.Select(vm => vm with
        {
            Owed = [.. vm.Owed.Where(owed)],
            Unknown = [.. vm.Unknown.Where(owed)],
            Masked = [.. vm.Masked.Where(owed)],
            Silent = [.. vm.Silent.Where(silent => vm.Owed.Any(one => owed(one) && one.Cpu == silent.Cpu))],
            Told = [.. vm.Told.Where(told)],
        })];
        return vms.Any(vm => vm.Owed.Count + vm.Unknown.Count + vm.Masked.Count + vm.Told.Count > 0) ? answer with { Vms = vms } : null;
    }

    internal static string Wrong(KvmAnswer answer, string asked)
    {
        const int most = 40;
        if (!IsOne(asked))
            return $"'{asked}' names no interrupt of a log of KVM; expected {Forms}";
        string[] known = [.. Names(answer)];
        return $"{asked} is no source in it; " + (known.Length == 0 ? "nothing in it was raised"
            : $"expected one of {string.Join(", ", known.Take(most))}{(known.Length > most ? $", and {known.Length - most} more" : "")}");
    }

    /// <summary>What may be asked about, as one types it.</summary>
    internal static IEnumerable<string> Names(KvmAnswer answer) => answer.Vms
        .SelectMany(vm => vm.Told.Select(told => AtVcpu.Replace(told.Source, "${vector}@cpu${cpu}")).Concat(vm.Owed.Concat(vm.Unknown).Concat(vm.Masked).Select(NameOf)))
        .Where(name => Form.IsMatch(name)).Distinct();

    // What sent a vector is often not known, and then the vector names it.
    private static string NameOf(KvmOwedAnswer one) => Form.IsMatch(one.Source) ? one.Source
        : string.Create(CultureInfo.InvariantCulture, $"0x{one.Vector:x2}@cpu{one.Cpu}");

    /// <summary>The names that logs of QEMU have mean the same here: <c>vector:0x51</c>, <c>irq4</c>.</summary>
    private static string Usual(string asked) => SnapshotQuestion.Usual(asked);
}
