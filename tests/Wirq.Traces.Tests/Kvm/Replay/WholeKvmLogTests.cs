using Wirq.Traces.Kvm;
using Wirq.Traces.Kvm.Replay;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Tests.Kvm.Replay;

/// <summary>KVM's chips do what whole logs say that KVM did.</summary>
public class WholeKvmLogTests
{
    [Theory]
    [InlineData("guest-2cpu-full-cli.trace.txt.gz", 1362)]
    [InlineData("guest-2cpu-full-off.trace.txt.gz", 1368)]
    [InlineData("guest-2cpu-split-nodest.trace.txt.gz", 49)]
    [InlineData("guest-2cpu-split-nodest.report.txt.gz", 49)]
    [InlineData("guest-2cpu-split-nodest.v6.trace.dat.gz", 49)]
    [InlineData("guest-2cpu-split-nodest.v7.trace.dat", 49)]
    [InlineData("seabios-full.trace.txt.gz", 901)]
    [InlineData("guest-1cpu-full-masked.perf-script.txt.gz", 1099)]
    [InlineData("amd-ok.trace.txt.gz", 1232)]
    [InlineData("amd-tpr.trace.txt.gz", 1378)]
    [InlineData("amd-noack.trace.txt.gz", 3738)]
    [InlineData("amd-splitok.trace.txt.gz", 48)]
    [InlineData("linux-full.report.txt.gz", 11233)]
    [InlineData("linux-split-disk.report.txt.gz", 4908)]
    [InlineData("linux-full-timer.report.txt.gz", 401)]
    public void Each_record_is_equal(string log, int equal)
    {
        KvmReplayReport report = KvmReplays.Of(KvmFiles.Kept(log));
        KvmReplays.AssertClean(report, log);
        Assert.Equal(equal, report.Total(ResponseVerdict.Matched));
    }

    /// <summary>What is not compared, of a log that shows a VM from its creation: messages, which are stimuli; the first vector of a timer; the version
    /// of a local APIC.</summary>
    [Fact]
    public void Hardly_anything_of_a_whole_log_is_left_unchecked()
    {
        VmTally tally = Assert.Single(KvmReplays.Of(KvmFiles.Kept("amd-ok.trace.txt.gz")).Vms).Tally;
        Assert.Equal((6, 1, 1), (tally.Of(ResponseVerdict.Unchecked, KvmEvent.MsiSetIrq), tally.Of(ResponseVerdict.Unchecked, KvmEvent.AcceptIrq),
            tally.Of(ResponseVerdict.Unchecked, KvmEvent.Apic)));
        Assert.Equal(8, tally.Total(ResponseVerdict.Unchecked));
    }

    [Fact]
    public void Laws_watch_a_log_that_begins_with_the_VM()
    {
        Assert.NotEmpty(Assert.Single(KvmReplays.Of(KvmFiles.Kept("guest-2cpu-full-cli.trace.txt.gz")).Vms).Laws);
        Assert.Empty(Assert.Single(KvmReplays.Of(KvmReplays.LinesOf("guest-2cpu-full-cli")[3000..]).Vms).Laws);
    }

    /// <summary>Parts of logs that people paste, that options print, that lost records, and that a storm fills.</summary>
    [Theory]
    [InlineData("pasted-event-only.txt")]
    [InlineData("pasted-mail-quoted.txt")]
    [InlineData("pasted-mail-wrapped.txt")]
    [InlineData("pasted-markdown-libvirt-names.md")]
    [InlineData("pasted-no-pid.txt")]
    [InlineData("pasted-perf-no-task.txt")]
    [InlineData("pasted-quoted-printable.txt")]
    [InlineData("pasted-time-event.txt")]
    [InlineData("opt-latency-format.txt")]
    [InlineData("opt-noirq-info.txt")]
    [InlineData("opt-record-tgid.txt")]
    [InlineData("trace_pipe.txt")]
    [InlineData("lost-events-trace.txt")]
    [InlineData("lost-events-trace-cmd-report.txt")]
    [InlineData("storm-delayed-eoi.txt.gz")]
    public void No_part_of_a_log_parts(string log) => KvmReplays.AssertClean(KvmReplays.Of(KvmFiles.Kept(log)), log);

    [Fact]
    public void A_log_without_anything_to_compare_is_no_agreement()
    {
        KvmReplayReport report = KvmReplays.Of(KvmFiles.Kept("perf-script-options.txt"));
        Assert.True(report.ComparedNothing);
        Assert.StartsWith("nothing could be checked", report.Conclusion, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("guest-2cpu-full-cli")]
    [InlineData("guest-2cpu-full-off")]
    [InlineData("guest-2cpu-split-nodest")]
    [InlineData("seabios-full")]
    public void All_forms_of_a_recording_have_the_same_result(string log)
    {
        long[] equal = [.. new[] { $"{log}.trace.txt.gz", $"{log}.report.txt.gz", $"{log}.trace.dat" }.Select(name =>
        {
            KvmReplayReport report = KvmReplays.Of(KvmFiles.WholeOf(name));
            KvmReplays.AssertClean(report, name);
            return report.Total(ResponseVerdict.Matched);
        })];
        Assert.True(equal[0] > 0);
        Assert.All(equal, one => Assert.Equal(equal[0], one));
    }
}
