using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;
using Wirq.Tests.Shared;
using Wirq.Traces.Qemu;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>Real logs of guests that were made to hang: each says what is wrong, with the line that did it.</summary>
public class LogTests
{
    private static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "logs");

    private static WhyEngine Ask(string log, string? question = null)
    {
        string file = Path.Combine(Folder(), $"{log}.log.gz");
        return LogWhy.Read(() => File.OpenRead(file), file, question is null ? null : WhyQuestion.Parse(question, out _));
    }

    private static string[] Lines(string log)
    {
        using var gzip = new GZipStream(File.OpenRead(Path.Combine(Folder(), $"{log}.log.gz")), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        return reader.ReadToEnd().Split('\n');
    }

    private static OwedAnswer Owed(string log, string source) =>
        Assert.Single(Ask(log).Owed().Owed, one => one.Source.ToString() == source && one.Gate is not Gate.NoEoi);

    /// <summary>Nothing holds it, and no line of a local APIC says whose it is.</summary>
    [Fact]
    public void A_request_of_the_8259_has_no_cpu_where_the_log_knows_none()
    {
        string file = Repository.PathOf("tests/reports/replay/pic-icw1-slave.log");
        OwedAnswer owed = Assert.Single(LogWhy.Read(() => File.OpenRead(file), file, null).Owed().Owed);
        Assert.Equal((SourceName.Irq(8).ToString(), Gate.None, -1), (owed.Source.ToString(), owed.Gate, owed.Cpu));
    }

    [Fact]
    public void A_message_that_QEMUs_remapping_unit_dropped_is_told_with_the_entry_and_the_reason()
    {
        string file = Wirq.Tests.Shared.Repository.PathOf("tests/Wirq.Traces.Tests/Replay/logs/vtd-faults.log.gz");
        WhyEngine engine = LogWhy.Read(() => File.OpenRead(file), file, WhyQuestion.Parse("irte:3", out _));
        string[] told = [.. engine.Answer()!.SelectMany(answer => answer.Raises).Where(raise => raise.Gate == Gate.RemappingFault)
            .Select(raise => string.Join(' ', raise.Sentences))];
        Assert.Equal(4, told.Length);
        Assert.Contains("irte:3 is not for requester 0x0028 (reason 0x26)", told[0], StringComparison.Ordinal);
        Assert.Contains("irte:3 is not present (reason 0x22)", told[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no-such-cpu", "ioapic:2", Gate.NoDestination, "physical destination 0x9 matches no CPU: cpu0 has id 0")]
    [InlineData("tpr-blocked", "ioapic:2", Gate.TaskPriority, "TPR of cpu0 is 0xf0 since L842")]
    [InlineData("pic-lvt0-masked", "pic:0", Gate.Lint0Closed, "LINT0 of cpu0 is masked since L847")]
    [InlineData("remote-irr-wrong-vector", "ioapic:4", Gate.RemoteIrr, "named 0x41, but the entry has named 0x61 since L1334")]
    [InlineData("edge-lost-masked", "ioapic:4", Gate.EdgeLost, "It was unmasked at L983")]
    [InlineData("no-eoi", "ioapic:4", Gate.VectorInService, "vector 0x51 is in service at cpu0 since L876")]
    public void A_hung_guest_is_told_what_holds_it(string log, string source, Gate gate, string words)
    {
        OwedAnswer owed = Owed(log, source);
        Assert.Equal(gate, owed.Gate);
        Assert.Contains(words, string.Join(" ", owed.Sentences), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tpr-blocked", 842, "apic_mem_writel", "f0")]
    [InlineData("pic-lvt0-masked", 847, "apic_mem_writel", "10700")]
    [InlineData("remote-irr-wrong-vector", 1334, "ioapic_mem_write", "0x8061")]
    [InlineData("edge-lost-masked", 983, "ioapic_mem_write", "0x41")]
    public void The_line_that_is_named_is_the_write_that_did_it(string log, int line, string happened, string value)
    {
        string text = Lines(log)[line - 1];
        Assert.Contains(happened, text, StringComparison.Ordinal);
        Assert.Contains(value, text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tpr-blocked", 846)]
    [InlineData("no-eoi", 876)]
    public void The_cpu_of_a_hung_guest_is_silent_since_its_last_sign(string log, long line)
    {
        SilentAnswer silent = Assert.Single(Ask(log).Owed().Silent);
        Assert.Equal((0, line), (silent.Cpu, silent.Since.Line));
    }

    [Fact]
    public void A_stamp_chooses_the_raise_at_or_the_last_before_it()
    {
        SourceAnswer all = Assert.Single(Ask("no-such-cpu", "ioapic:2").Answer()!);
        RaiseAnswer wanted = all.Raises[^2];
        string stamp = Ask("no-such-cpu").Stamps.Time(wanted.At);
        Assert.StartsWith("1795169513.", stamp, StringComparison.Ordinal);
        Assert.Contains(stamp, Lines("no-such-cpu")[wanted.At.Line - 1], StringComparison.Ordinal);
        RaiseAnswer chosen = Assert.Single(Ask("no-such-cpu", $"ioapic:2@{stamp}").Answer()![0].Raises);
        Assert.Equal(wanted.At, chosen.At);
    }

    [Fact]
    public void Gsi_0_of_a_log_is_the_timer_which_arrives_at_pin_2() =>
        Assert.Equal(["ioapic:2", "pic:0"],
            Ask("no-such-cpu", "gsi:0").Answer()!.Select(answer => answer.Source.ToString()));

    [Fact]
    public void A_log_without_stamps_has_lines_only()
    {
        string text = string.Join('\n', Lines("no-such-cpu").Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..]));
        WhyEngine engine = LogWhy.Read(() => new MemoryStream(Encoding.ASCII.GetBytes(text)), "plain", null);
        Assert.Equal(StampStyle.None, engine.Stamps.Style);
        OwedAnswer owed = Assert.Single(engine.Owed().Owed, one => one.Source.ToString() == "ioapic:2");
        Assert.Equal(Gate.NoDestination, owed.Gate);
        Assert.DoesNotContain("(1", owed.Sentences[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("nothing that QEMU writes\n")]
    public void What_is_no_log_is_refused(string text) => Assert.Throws<TraceException>(() =>
        LogWhy.Read(() => new MemoryStream(Encoding.ASCII.GetBytes(text)), "none", null));

    [Fact]
    public void A_machine_that_is_reset_owes_nothing_of_its_former_life()
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Entry(4, RedirectionEntry.Create(0x51, 0));
        machine.Pulse(machine.Connect(4));
        machine.Engine.Restart();
        Assert.Empty(machine.Engine.Owed().Owed);
        Assert.Equal((Fate.Dropped, Gate.MachineReset), (machine.Last().Fate, machine.Last().Gate));
    }

    [Fact]
    public void Where_no_line_tells_its_cpu_nothing_is_said_of_local_apics()
    {
        var machine = Watched.Enabled("ioapic:4");
        machine.Engine.KnowsCpus = false;
        machine.Entry(4, RedirectionEntry.Create(0x51, 9));
        machine.Pulse(machine.Connect(4));
        Assert.Equal(Fate.Sent, machine.Last().Fate);
        Assert.Contains("is unknown", Watched.Words(machine.Last()), StringComparison.Ordinal);
        Assert.Empty(machine.Engine.Owed().Owed);
    }
}
