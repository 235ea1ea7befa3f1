using System.Text;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>Parts of logs give no false all-clear and no false gate, measured by the whole's answer.</summary>
/// <remarks>
/// False is: an all-clear of a part that does not begin where the VM does; an all-clear while a vector that a local APIC accepted is not ended;
/// of a log's tail, a gate other than the whole's for what the whole says is owed, unless it is one that only says less (not-injected,
/// cpu-unknown, not-known, records-lost), or something owed that the whole does not owe. A log's head may owe what came later, but for no longer
/// than it was so: it must have been open for the 10 ms that the judge demands.
/// </remarks>
public class CutKvmLogTests(ITestOutputHelper output)
{
    private const int Seed = 1601;

    private static readonly KvmGate[] SaysLess = [KvmGate.NotInjected, KvmGate.CpuUnknown, KvmGate.NotKnown];

    public static TheoryData<string> Logs => ["guest-2cpu-full-cli", "guest-2cpu-full-off", "guest-2cpu-split-nodest", "seabios-full",
        "amd-ok", "amd-tpr", "amd-noack", "amd-splitok"];

    private static int Rounds => Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? 100 : 5;

    [Theory]
    [MemberData(nameof(Logs))]
    public void A_tail_says_no_more_than_the_whole(string name)
    {
        string[] lines = KvmFiles.Text(KvmFiles.Kept($"{name}.trace.txt.gz")).Split('\n');
        string[] whole = [.. Of(lines).Vms.SelectMany(vm => vm.Owed).Select(Key)];
        KvmGate[] gates = [.. Of(lines).Vms.SelectMany(vm => vm.Owed).Select(one => one.Gate)];
        var random = new Random(Seed);
        output.WriteLine($"seed {Seed}");
        for (int round = 0; round < Rounds; round++)
        {
            int from = random.Next(40, lines.Length - 1);
            KvmAnswer answer = Of(lines[from..]);
            Assert.True(answer.Verdict != WhyVerdict.NothingOwed, $"all-clear of the tail from line {from}");
            foreach (KvmOwedAnswer owed in answer.Vms.SelectMany(vm => vm.Owed))
            {
                Assert.True(whole.Contains(Key(owed)), $"from line {from}: {string.Join(' ', owed.Sentences)}");
                Assert.True(gates.Contains(owed.Gate) || SaysLess.Contains(owed.Gate), $"from line {from}: {owed.Gate}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Logs))]
    public void A_head_is_clear_only_where_nothing_is_open(string name)
    {
        string[] lines = KvmFiles.Text(KvmFiles.Kept($"{name}.trace.txt.gz")).Split('\n');
        var random = new Random(Seed);
        output.WriteLine($"seed {Seed}");
        for (int round = 0; round < Rounds; round++)
        {
            int to = random.Next(1, lines.Length - 1);
            string[] head = [.. lines[..to], ""];
            KvmAnswer answer = Of(head);
            if (answer.Verdict == WhyVerdict.NothingOwed)
                Assert.True(Open(head) is not { } open, $"all-clear of the head up to line {to}, with {Open(head)} open");
            foreach (KvmOwedAnswer owed in answer.Vms.SelectMany(vm => vm.Owed))
                Assert.True(answer.Vms[0].Trail.End.Time - owed.At.Time >= 10_000_000 || owed.Gate is KvmGate.NoDestination or KvmGate.RefusedByApic or KvmGate.LineHeld
                    || owed.Gate is KvmGate.EdgeLost || answer.Vms[0].Silent.Count > 0, $"up to line {to}: {string.Join(' ', owed.Sentences)}");
        }
    }

    private static KvmAnswer Of(string[] lines)
    {
        byte[] text = Encoding.UTF8.GetBytes(string.Join('\n', lines));
        return KvmJudge.Read(() => new MemoryStream(text), "part");
    }

    private static string Key(KvmOwedAnswer owed) => $"{owed.Source.Split(':')[0]} {owed.Cpu} {owed.Vector}";

    /// <summary>A vector that was accepted, and not ended; found without the judge, by counting.</summary>
    private static string? Open(string[] lines)
    {
        var open = new HashSet<string>();
        foreach (string line in lines)
        {
            if (Word(line, "kvm_apic_accept_irq: apicid ") is { } accepted && line.Contains("(Fixed", StringComparison.Ordinal))
                open.Add($"{accepted[0]} {accepted[2]}");
            else if (Word(line, "kvm_eoi: apicid ") is { } ended)
                open.Remove($"{ended[0]} {ended[2]}");
        }
        open.Remove("0 0");
        return open.FirstOrDefault();
    }

    private static string[]? Word(string line, string name)
    {
        int at = line.IndexOf(name, StringComparison.Ordinal);
        return at < 0 ? null : line[(at + name.Length)..].Split(' ');
    }
}
