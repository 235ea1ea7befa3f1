using System.Text.Json;

namespace Wirq.Cli.Tests.Why;

/// <summary><c>wirq why</c> of logs of KVM hosts, as a user types it.</summary>
public class WhyKvmTests
{
    private const string Logs = "tests/Wirq.Traces.Tests/Kvm/logs/";

    [Theory]
    [InlineData("guest-2cpu-full-cli.trace.txt.gz", 1, "accepted by vCPU 1")]
    [InlineData("guest-2cpu-split-nodest.v7.trace.dat", 1, "to APIC id 7")]
    [InlineData("guest-2cpu-split-nodest.v6.trace.dat.gz", 1, "to APIC id 7")]
    [InlineData("amd-ok.trace.txt.gz", 0, "Nothing is owed at the end")]
    [InlineData("pasted-quoted-printable.txt", 4, "Lines were cut out")]
    public void The_form_is_known_by_its_contents_and_the_exit_code_is_the_verdict(string log, int code, string words)
    {
        CommandRun run = CommandRun.Of("why", Logs + log);
        Assert.Equal(code, run.ExitCode);
        Assert.Contains(words, run.Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Contains("No log of KVM's tracepoints tells", run.Output, StringComparison.Ordinal);
        Assert.Empty(run.Errors);
    }

    [Theory]
    [InlineData("60", 55, 60)]
    [InlineData("132", 110, 132)]
    [InlineData("no", 70, 80)]
    [InlineData("20", 55, 60)]
    public void Sentences_fill_the_columns_of_the_terminal(string columns, int least, int most)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: env");
        CommandRun run = CommandRun.Through(["/usr/bin/env", "COLUMNS=" + columns], "why", Logs + "amd-tpr.trace.txt.gz");
        Assert.InRange(run.Output.Split('\n').Max(line => line.Length), least, most);
    }

    [Fact]
    public void Standard_input_is_read()
    {
        CommandRun run = CommandRun.Redirected($"<{Logs}guest-2cpu-split-nodest.v7.trace.dat", "why", "-");
        Assert.Equal(1, run.ExitCode);
    }

    [Fact]
    public void JSON_has_the_same_facts()
    {
        CommandRun run = CommandRun.Of("why", Logs + "amd-tpr.trace.txt.gz", "--json");
        Assert.Equal(1, run.ExitCode);
        using JsonDocument json = JsonDocument.Parse(run.Output);
        JsonElement owed = Assert.Single(Assert.Single(json.RootElement.GetProperty("vms").EnumerateArray()).GetProperty("owed").EnumerateArray());
        Assert.Equal(("task-priority", 1, 0x53, "51.109665"), (owed.GetProperty("gate").GetString(), owed.GetProperty("cpu").GetInt32(),
            owed.GetProperty("vector").GetInt32(), owed.GetProperty("since").GetProperty("time").GetString()));
        Assert.Equal(20, json.RootElement.GetProperty("events").GetProperty("kvm_inj_virq").GetInt32());
    }

    [Fact]
    public void One_source_is_asked_for_alone()
    {
        Assert.Equal(1, CommandRun.Of("why", Logs + "amd-tpr.trace.txt.gz", "0x53@cpu1").ExitCode);
        Assert.Equal(0, CommandRun.Of("why", Logs + "amd-tpr.trace.txt.gz", "ioapic:21").ExitCode);
        CommandRun none = CommandRun.Of("why", Logs + "amd-tpr.trace.txt.gz", "ioapic:22");
        Assert.Equal(2, none.ExitCode);
        none.AssertOneLine("is no source in it; expected one of");
    }

    /// <summary>The hint for logs of QEMU, vector:0x99, would be the same question again.</summary>
    [Theory]
    [InlineData("0x99")]
    [InlineData("0x99@cpu0")]
    public void A_vector_that_it_does_not_have_gets_no_hint_for_other_logs(string vector)
    {
        CommandRun run = CommandRun.Of("why", Logs + "amd-tpr.trace.txt.gz", vector);
        Assert.Equal(2, run.ExitCode);
        run.AssertOneLine($"{vector} is no source in it; expected one of");
    }

    [Fact]
    public void One_raise_is_asked_for_by_its_place()
    {
        CommandRun ended = CommandRun.Of("why", Logs + "amd-noack.trace.txt.gz", "gsi:21@217.876800"), pending = CommandRun.Of("why", Logs + "amd-tpr.trace.txt.gz", "0x53@cpu1@L9935");
        Assert.Equal((0, 0), (ended.ExitCode, pending.ExitCode));
        Assert.Contains("ioapic:21 rose at L8719 (217.876770). vCPU 0 accepted vector 0x75 at L8720", ended.Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Contains("TPR of vCPU 1 is 0x60", pending.Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(CommandRun.Of("why", Logs + "amd-tpr.trace.txt.gz", "0x53@cpu1@80.5", "--json").Output);
        JsonElement raise = Assert.Single(json.RootElement.GetProperty("raises").EnumerateArray());
        Assert.Equal(("pending", "task-priority", 9935), (raise.GetProperty("fate").GetString(), raise.GetProperty("gate").GetString(), raise.GetProperty("at").GetProperty("line").GetInt32()));
        Assert.Equal(4, CommandRun.Of("why", Logs + "pasted-event-only.txt", "ioapic:21@L23").ExitCode);
    }

    [Theory]
    [InlineData("amd-tpr.trace.txt.gz", "0x53@L20000", "behind its last record; expected a place from L13")]
    [InlineData("amd-tpr.trace.txt.gz", "0x53@L9000", "nothing of it at or before that place; expected L9935")]
    [InlineData("amd-tpr.trace.txt.gz", "0x99@L9000", "is no source in it")]
    [InlineData("amd-tpr.trace.txt.gz", "0x53@soon", "'soon' is no place in a log")]
    [InlineData("pasted-event-only.txt", "ioapic:21@12.5", "this log has no time stamps; expected a line")]
    [InlineData("guest-2cpu-split-nodest.v7.trace.dat", "0x52@L4460", "expected an event")]
    public void A_wrong_place_is_named_with_what_was_expected(string log, string asked, string why)
    {
        CommandRun run = CommandRun.Of("why", Logs + log, asked);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains(Logs + log, run.Errors, StringComparison.Ordinal);
        Assert.Contains(why, run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void What_leaves_out_fields_is_refused_with_what_to_record()
    {
        CommandRun run = CommandRun.Of("why", Logs + "perf-trace.txt");
        Assert.Equal(2, run.ExitCode);
        run.AssertOneLine("leaves out the fields that are 0");
        run.AssertOneLine("perf script --ns");
    }
}
