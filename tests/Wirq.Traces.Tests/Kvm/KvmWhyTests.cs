using System.Text;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>Logs of real guests: each says what is wrong, with the records that show it.</summary>
public class KvmWhyTests
{
    internal static KvmAnswer Ask(string file) => KvmJudge.Read(() => File.OpenRead(file), file);

    internal static KvmAnswer AskText(string text) => KvmJudge.Read(() => new MemoryStream(Encoding.UTF8.GetBytes(text)), "text");

    internal static string Words(KvmAnswer answer)
    {
        var text = new StringWriter();
        KvmAnswerText.Write(answer, text);
        return text.ToString().ReplaceLineEndings(" ").Replace("  ", " ", StringComparison.Ordinal);
    }

    private static KvmOwedAnswer Only(KvmAnswer answer) => Assert.Single(answer.Vms.SelectMany(vm => vm.Owed));

    [Fact]
    public void A_vCPU_with_interrupts_off_is_found_by_its_vector_and_nothing_visible_forbids_it()
    {
        KvmAnswer answer = Ask(KvmFiles.Kept("guest-2cpu-full-cli.trace.txt.gz"));
        KvmOwedAnswer owed = Only(answer);
        Assert.Equal((KvmGate.CpuUnknown, Fate.Pending, 1, 0x53), (owed.Gate, owed.Fate, owed.Cpu, owed.Vector));
        Assert.Equal("1699.408831", answer.Stamps.Time(owed.At));
        Assert.Equal("1699.408340", answer.Stamps.Time(Assert.Single(answer.Vms[0].Silent).Since!.Value));
        Assert.Contains("Nothing visible forbids it (TPR is 0x00, nothing is in service, the local APIC is enabled); whether interrupts are enabled (IF) is not known",
            Words(answer), StringComparison.Ordinal);
        Assert.Equal(WhyVerdict.Owed, answer.Verdict);
    }

    [Fact]
    public void A_disabled_local_APIC_refuses_what_it_prints_as_accepted()
    {
        KvmAnswer answer = Ask(KvmFiles.Kept("guest-2cpu-full-off.trace.txt.gz"));
        KvmOwedAnswer owed = Only(answer);
        Assert.Equal((KvmGate.RefusedByApic, Fate.Refused, 1, 0x53), (owed.Gate, owed.Fate, owed.Cpu, owed.Vector));
        Assert.Equal("1729.021007", answer.Stamps.Time(owed.Since!.Value));
        Assert.Contains("(SPIV = 0xff)", owed.Sentences[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("guest-2cpu-split-nodest.trace.txt.gz")]
    [InlineData("guest-2cpu-split-nodest.report.txt.gz")]
    [InlineData("guest-2cpu-split-nodest.v6.trace.dat.gz")]
    [InlineData("guest-2cpu-split-nodest.v7.trace.dat")]
    public void A_message_to_no_CPU_is_told_from_the_routes_that_are_scanned(string form)
    {
        KvmAnswer answer = Ask(KvmFiles.Kept(form));
        KvmOwedAnswer owed = Only(answer);
        Assert.Equal((KvmGate.NoDestination, Fate.Refused, -1, 0x52), (owed.Gate, owed.Fate, owed.Cpu, owed.Vector));
        Assert.Equal("1713.582328", answer.Stamps.Time(owed.At));
        Assert.Contains("to APIC id 7", owed.Sentences[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_raise_that_was_withdrawn_under_a_mask_is_listed_and_not_owed()
    {
        KvmAnswer answer = Ask(KvmFiles.Kept("guest-1cpu-full-masked.perf-script.txt.gz"));
        Assert.Empty(answer.Vms.SelectMany(vm => vm.Owed));
        KvmOwedAnswer masked = Assert.Single(answer.Vms[0].Masked);
        Assert.Equal(("ioapic:21", KvmGate.PinMasked, Fate.Withdrawn), (masked.Source, masked.Gate, masked.Fate));
        Assert.Equal(("1339.713634", "1339.713322"), (answer.Stamps.Time(masked.At), answer.Stamps.Time(masked.Since!.Value)));
        Assert.Contains("(entry 0x1a075), and withdrawn at L4720 (1339.713726)", masked.Sentences[0], StringComparison.Ordinal);
        Assert.Contains("of the raise before", masked.Sentences[1], StringComparison.Ordinal);
        // perf followed the process: the PIT's thread is the kernel's.
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
    }

    [Fact]
    public void A_guest_of_firmware_alone_lost_nothing_and_its_last_tick_may_be_pending()
    {
        KvmAnswer answer = Ask(KvmFiles.Kept("seabios-full.trace.txt.gz"));
        Assert.Empty(answer.Vms[0].Owed);
        Assert.Empty(answer.Limits);
        Assert.Equal("pic:0", Assert.Single(answer.Vms[0].Unknown).Source);
        Assert.Contains("pic:0: raised 102 times, ended 100 times", Words(answer), StringComparison.Ordinal);
        Assert.True(answer.Survey.EndsAtInjection);
    }

    [Fact]
    public void What_the_guests_did_before_is_told()
    {
        string words = Words(Ask(KvmFiles.Kept("guest-2cpu-full-cli.trace.txt.gz")));
        foreach (string told in (string[])["vector 0x41 at vCPU 0: accepted 3 times, ended 3 times", "vector 0x52 at vCPU 1: accepted 3 times, ended 3 times",
            "vector 0xf0 at vCPU 1: accepted 4 times, ended 4 times", "vector 0xec at vCPU 0: accepted once, ended once", "ioapic:21: raised 2 times",
            "ends an interrupt as it injects it"])
            Assert.Contains(told, words, StringComparison.Ordinal);
    }

    [Fact]
    public void A_storm_that_the_brake_holds_is_one_story()
    {
        KvmOwedAnswer owed = Only(Ask(KvmFiles.Kept("storm-delayed-eoi.txt.gz")));
        Assert.Equal(("ioapic:21", KvmGate.StormBrake, 0x75), (owed.Source, owed.Gate, owed.Vector));
        Assert.Contains("delivered again 29 times", owed.Sentences[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_guest_whose_handlers_ended_everything_is_owed_nothing()
    {
        KvmAnswer answer = Ask(KvmFiles.Kept("amd-ok.trace.txt.gz"));
        Assert.Equal(WhyVerdict.NothingOwed, answer.Verdict);
        Assert.False(answer.Survey.EndsAtInjection);
    }

    [Fact]
    public void Of_a_split_irqchip_no_all_clear_is_given()
    {
        KvmAnswer answer = Ask(KvmFiles.Kept("amd-splitok.trace.txt.gz"));
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
        Assert.Empty(answer.Vms.SelectMany(vm => vm.Owed.Concat(vm.Unknown)));
        Assert.Contains("split irqchip", Assert.Single(answer.Limits).What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_task_priority_is_told_with_its_write()
    {
        KvmAnswer answer = Ask(KvmFiles.Kept("amd-tpr.trace.txt.gz"));
        KvmOwedAnswer owed = Only(answer);
        Assert.Equal((KvmGate.TaskPriority, 1, 0x53), (owed.Gate, owed.Cpu, owed.Vector));
        Assert.Equal("51.109665", answer.Stamps.Time(owed.Since!.Value));
    }

    [Fact]
    public void A_device_that_no_handler_serves_is_one_story_with_a_rate()
    {
        KvmOwedAnswer owed = Only(Ask(KvmFiles.Kept("amd-noack.trace.txt.gz")));
        Assert.Equal(("ioapic:21", KvmGate.LineHeld), (owed.Source, owed.Gate));
        Assert.Contains("delivered again 678 times", owed.Sentences[0], StringComparison.Ordinal);
        Assert.Contains("8640 a second", owed.Sentences[0], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(TextFormTests.Pasted), MemberType = typeof(TextFormTests))]
    public void Of_a_cut_that_somebody_pasted_it_is_said_what_is_missing(string name)
    {
        KvmAnswer answer = Ask(KvmFiles.Kept(name));
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
        Assert.True(answer.Survey.EndsAtInjection);
        KvmOwedAnswer unknown = Assert.Single(answer.Vms.SelectMany(vm => vm.Unknown));
        Assert.Equal((KvmGate.RecordsLost, 0x75, 0), (unknown.Gate, unknown.Vector, unknown.Cpu));
        Assert.Contains(answer.Limits, limit => limit.What.StartsWith("Lines were cut out", StringComparison.Ordinal));
        Assert.Contains(answer.Limits, limit => limit.What.Contains("begins in mid-life", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("lost-events-trace.txt")]
    [InlineData("lost-events-trace-cmd-report.txt")]
    public void Where_records_are_lost_there_is_no_all_clear(string name)
    {
        KvmAnswer answer = Ask(KvmFiles.Kept(name));
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
        Assert.Contains("1509 records are missing", answer.Limits[0].What, StringComparison.Ordinal);
    }

    [Fact]
    public void The_whole_recordings_have_the_answers_of_the_kept_ones_in_each_form()
    {
        foreach (string name in (string[])["guest-2cpu-full-cli", "guest-2cpu-full-off", "guest-2cpu-split-nodest", "seabios-full"])
        {
            string[] answers = [.. new[] { ".trace.txt.gz", ".report.txt.gz", ".trace.dat" }.Select(form => Shape(Ask(KvmFiles.WholeOf(name + form))))];
            Assert.Single(answers.Distinct());
        }
    }

    /// <summary>An answer without its places, which are lines in a text and numbers in a trace.dat.</summary>
    private static string Shape(KvmAnswer answer) => string.Join('\n', answer.Vms.SelectMany(vm => vm.Owed.Concat(vm.Unknown).Concat(vm.Masked))
        .Select(one => $"{one.Source} {one.Fate} {one.Gate} {one.Cpu} {one.Vector} {answer.Stamps.Time(one.At)} {(one.Since is { } since ? answer.Stamps.Time(since) : "")}")
        .Append(answer.Verdict.ToString()).Concat(answer.Vms.SelectMany(vm => vm.Told.Select(told => $"{told.Source} {told.Count}"))));
}
