using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>A question about one source of a log of KVM: a pin, an input of the 8259, or a vector.</summary>
internal static partial class KvmQuestion
{
    internal const string Forms = "ioapic:21, gsi:21, pic:4, a vector (0x53, 0x53@cpu1)";

    [GeneratedRegex(@"^(?:(?<kind>ioapic|gsi|pic):(?<pin>[0-9]{1,2})|(?<vector>0x[0-9a-fA-F]{1,2})(?:@cpu(?<cpu>[0-9]{1,5}))?)\z")]
    private static partial Regex Form { get; }

    /// <summary>The part of the answer that is about the source; null if the text names none, or none that the log has.</summary>
    internal static KvmAnswer? About(KvmAnswer answer, string asked)
    {
        Match match = Form.Match(asked);
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
        if (!Form.IsMatch(asked))
            return $"'{asked}' names no interrupt of a log of KVM; expected {Forms}";
        string[] known = [.. answer.Vms.SelectMany(vm => vm.Told.Select(told => told.Source).Concat(vm.Owed.Select(one => one.Source))).Distinct()];
        return $"{asked} is no source in it; " + (known.Length == 0 ? "nothing in it was raised" : $"expected one of {string.Join(", ", known.Take(most))}");
    }
}
