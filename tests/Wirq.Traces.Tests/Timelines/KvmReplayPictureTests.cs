using System.Text;
using System.Text.RegularExpressions;
using Wirq.Traces.Kvm.Replay;
using Wirq.Traces.Replay;
using Wirq.Traces.Tests.Kvm;
using Wirq.Traces.Tests.Kvm.Replay;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>Pictures of what KVM's chips hold while a log is replayed.</summary>
public partial class KvmReplayPictureTests(ITestOutputHelper output)
{
    private const string Folder = "tests/Wirq.Traces.Tests/Kvm/logs/";

    private static Picture OfReplay(string log, PictureOptions? options = null) => Drawn.Replay(() => File.OpenRead(KvmFiles.Kept(log)), log, options).Picture!;

    private static KvmReplayReport OfLines(IEnumerable<string> lines)
    {
        byte[] text = Encoding.UTF8.GetBytes(string.Join('\n', lines));
        return Drawn.Replay(() => new MemoryStream(text), "text");
    }

    /// <summary>The chips come to what the records tell, by another way: a vector's IRR and ISR, a pin's line and its Remote IRR.</summary>
    [Theory]
    [InlineData("amd-noack.trace.txt.gz", 1900)]
    [InlineData("amd-tpr.trace.txt.gz", 40)]
    [InlineData("guest-2cpu-full-cli.trace.txt.gz", 20)]
    [InlineData("linux-split-disk.report.txt.gz", 2000)]
    public void Pins_and_vectors_are_what_the_records_tell(string log, int least)
    {
        string[] told = [.. StatesOf(Drawn.Log(Folder + log)).Where(IsOfBoth)], held = [.. StatesOf(OfReplay(log)).Where(IsOfBoth)];
        Assert.True(told.Length > least, $"{told.Length} states");
        Assert.Equal(told.Order(StringComparer.Ordinal), held.Order(StringComparer.Ordinal));
    }

    // No record tells which mask an entry has after a reset, nor when a vCPU runs INTA.
    private static bool IsOfBoth(string state) => !state.StartsWith("pic:", StringComparison.Ordinal) && !state.Contains(" masked ", StringComparison.Ordinal);

    /// <summary>A text of which the chips know nearly nothing is drawn as its records tell it.</summary>
    [Theory]
    [InlineData("pasted-event-only.txt")]
    [InlineData("pasted-no-pid.txt")]
    [InlineData("storm-delayed-eoi.txt.gz")]
    public void Where_the_chips_only_assume_the_records_are_drawn(string log)
    {
        Picture told = Drawn.Log(Folder + log);
        Assert.Equal(StatesOf(told).Order(StringComparer.Ordinal), StatesOf(OfReplay(log)).Order(StringComparer.Ordinal));
        Assert.Contains(told.Spans, span => span.Kind == SpanKind.NotKnown);
    }

    /// <summary>No record shows that a vCPU runs INTA where KVM ends interrupts as it injects them: the chips do.</summary>
    [Fact]
    public void The_8259_has_in_service_what_the_chips_gave()
    {
        Picture picture = OfReplay("seabios-full.trace.txt.gz");
        string[] served = [.. StatesOf(picture).Where(state => state.StartsWith("pic:0 ISR", StringComparison.Ordinal))];
        Assert.Equal((100, "pic:0 ISR L2807 to L2810"), (served.Length, served[0]));
        Assert.DoesNotContain(StatesOf(Drawn.Log(Folder + "seabios-full.trace.txt.gz")), state => state.StartsWith("pic:0 ISR", StringComparison.Ordinal));
    }

    [Fact]
    public void Masks_are_there_from_the_reset_on_where_the_log_shows_it()
    {
        string[] states = [.. StatesOf(OfReplay("amd-tpr.trace.txt.gz"))];
        Assert.Contains("ioapic:2 masked the beginning to the end", states);
        Assert.Contains("ioapic:21 masked the beginning to L9290", states);
        Assert.Contains("pic:4 masked L1690 to the end", states);
    }

    /// <summary>A refused vector: KVM prints an accept line, and the disabled local APIC does not take it.</summary>
    [Fact]
    public void What_a_disabled_local_APIC_refuses_is_not_requested()
    {
        const string state = "cpu0 0x00 IRR 0x00 L26 to L57";
        Assert.Contains(state, StatesOf(Drawn.Log(Folder + "amd-splitok.trace.txt.gz")));
        Assert.DoesNotContain(state, StatesOf(OfReplay("amd-splitok.trace.txt.gz")));
    }

    [Fact]
    public void A_difference_is_marked_and_told()
    {
        string[] lines = KvmReplays.LinesOf("amd-ok");
        int at = Array.FindLastIndex(lines, line => line.Contains("kvm_ioapic_set_irq: pin 21", StringComparison.Ordinal));
        lines[at] = lines[at].Replace("vec 117", "vec 118", StringComparison.Ordinal);
        KvmReplayReport report = OfLines(lines);
        Picture picture = report.Picture!;
        Instant parted = Assert.Single(picture.Instants, one => one.Kind == InstantKind.Parted && one.At.Line == at + 1);
        Assert.Equal("log", picture.Lanes[parted.Lane].Name);
        Assert.Contains("the log says kvm_ioapic_set_irq: pin 21 dst 0 vec 118", parted.Text, StringComparison.Ordinal);
        Assert.Contains("the chips say kvm_ioapic_set_irq: pin 21 dst 0 vec 117", parted.Text, StringComparison.Ordinal);
        Assert.Equal(report.Total(ResponseVerdict.Mismatched), picture.Instants.Count(one => one.Kind == InstantKind.Parted));
        Assert.Contains(picture.Notes, note => note.StartsWith("The chips and the log differ at ", StringComparison.Ordinal) && note.Contains($"first at L{at + 1} (", StringComparison.Ordinal));
        Assert.DoesNotContain(OfReplay("amd-ok.trace.txt.gz").Notes, note => note.StartsWith("The chips and the log differ", StringComparison.Ordinal));
    }

    /// <summary>The chips hold what they predict, also where the log has no record of it.</summary>
    [Fact]
    public void What_the_chips_predict_is_drawn_where_its_record_is_missing()
    {
        List<string> lines = [.. KvmReplays.LinesOf("amd-ok")];
        int at = lines.FindLastIndex(line => line.Contains("kvm_apic_accept_irq: apicid 1 vec 240", StringComparison.Ordinal));
        lines.RemoveAt(at);
        string[] drawn = [.. StatesOf(OfLines(lines).Picture!).Where(state => state.StartsWith("cpu1 0xf0 IRR", StringComparison.Ordinal))];
        Assert.Equal(StatesOf(OfReplay("amd-ok.trace.txt.gz")).Count(state => state.StartsWith("cpu1 0xf0 IRR", StringComparison.Ordinal)), drawn.Length);
        Assert.InRange(int.Parse(drawn[^1].Split(" L")[1].Split(' ')[0], null), at - 3, at + 1);
    }

    /// <summary>The VMM may load any state before its guest runs: what it drives until then is not judged, and not marked.</summary>
    [Fact]
    public void No_difference_is_marked_before_the_guest_runs()
    {
        string[] lines = KvmReplays.LinesOf("amd-ok");
        int at = Array.FindIndex(lines, line => line.Contains("kvm_pic_set_irq: chip 0 pin 4 (edge)", StringComparison.Ordinal));
        lines[at] = lines[at].Replace("pin 4 (edge)", "pin 4 (level)", StringComparison.Ordinal);
        KvmReplayReport report = OfLines(lines);
        Assert.Equal(0, report.Total(ResponseVerdict.Mismatched));
        Assert.DoesNotContain(report.Picture!.Instants, one => one.Kind == InstantKind.Parted);
    }

    /// <summary>A vCPU takes a vector before the record of its accepting: the order that fits is drawn, and no state without a length.</summary>
    [Fact]
    public void The_order_that_fits_is_drawn()
    {
        List<string> lines = [.. KvmReplays.LinesOf("amd-ok")];
        int accept = lines.FindIndex(line => line.Contains("kvm_apic_accept_irq: apicid 1 vec 82", StringComparison.Ordinal));
        int taken = lines.FindIndex(accept, line => line.Contains("kvm_inj_virq: IRQ 0x52", StringComparison.Ordinal));
        int sent = lines.FindLastIndex(accept, line => line.Contains("kvm_msi_set_irq", StringComparison.Ordinal));
        string moved = TimeOf.Replace(lines[taken], TimeOf.Match(lines[sent]).Value);
        lines.RemoveAt(taken);
        lines.Insert(sent, moved);
        Picture picture = OfLines(lines).Picture!;
        AssertNothingOverlaps(picture, "moved");
        string[] states = [.. StatesOf(picture).Where(state => state.StartsWith("cpu1 0x52 ", StringComparison.Ordinal))], before = [.. StatesOf(OfReplay("amd-ok.trace.txt.gz")).Where(state => state.StartsWith("cpu1 0x52 ", StringComparison.Ordinal))];
        // The first one is never seen pending: its accept line stands behind.
        Assert.Equal(before.Length - 1, states.Length);
        Assert.StartsWith($"cpu1 0x52 ISR 0x52 L{sent + 1} to L", states.First(state => state.Contains("ISR", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.DoesNotContain(picture.Instants, one => one.Kind == InstantKind.Parted);
    }

    [GeneratedRegex(@"\d+\.\d{6}")]
    private static partial Regex TimeOf { get; }

    [Fact]
    public void Gates_arrows_and_what_is_owed_are_those_of_why()
    {
        foreach (string log in new[] { "amd-tpr.trace.txt.gz", "guest-2cpu-split-nodest.v7.trace.dat" })
        {
            Picture told = Drawn.Log(Folder + log), held = OfReplay(log);
            Assert.NotEmpty(told.Owed);
            Assert.Equal(told.Owed.Select(mark => (mark.Title, mark.Gate, told.Lanes[mark.Lane].Name)), held.Owed.Select(mark => (mark.Title, mark.Gate, held.Lanes[mark.Lane].Name)));
            Assert.Equal(told.Spans.Where(span => span.Kind == SpanKind.Held).Select(span => (told.Lanes[span.Lane].Name, span.Gate, span.Begin, span.End)),
                held.Spans.Where(span => span.Kind == SpanKind.Held).Select(span => (held.Lanes[span.Lane].Name, span.Gate, span.Begin, span.End)));
            Assert.Equal(told.Arrows.Select(arrow => (told.Lanes[arrow.From].Name, told.Lanes[arrow.To].Name, arrow.Left, arrow.Arrived)),
                held.Arrows.Select(arrow => (held.Lanes[arrow.From].Name, held.Lanes[arrow.To].Name, arrow.Left, arrow.Arrived)));
        }
    }

    /// <summary>Behind a gap the chips know nothing, and what a record tells again is drawn.</summary>
    [Fact]
    public void Behind_a_gap_the_chips_hold_nothing()
    {
        List<string> lines = [.. KvmReplays.LinesOf("amd-tpr")];
        int at = lines.FindIndex(line => line.Contains("kvm_apic_accept_irq: apicid 1 vec 83", StringComparison.Ordinal));
        lines.Insert(at + 1, "CPU:1 [LOST 12 EVENTS]");
        Picture picture = OfLines(lines).Picture!;
        Assert.Contains($"cpu1 0x53 IRR 0x53 L{at + 1} to L{at + 2}", StatesOf(picture));
        Assert.Contains($"cpu1 0x53 not known L{at + 2} to the end", StatesOf(picture));
        Assert.DoesNotContain(StatesOf(picture), state => state.StartsWith("ioapic:21 masked", StringComparison.Ordinal) && state.EndsWith("the end", StringComparison.Ordinal));
    }

    [Fact]
    public void VMs_are_drawn_apart()
    {
        string one = string.Join('\n', KvmReplays.LinesOf("amd-ok")), other = one.Replace("qemu-system-x86-", "qemu-system-x86-9", StringComparison.Ordinal);
        Picture picture = OfLines([one, other]).Picture!;
        ILookup<string, Span> remoteIrr = picture.Spans.Where(span => span.Kind == SpanKind.RemoteIrr).ToLookup(span => picture.Lanes[span.Lane].Vm);
        Assert.Equal(2, remoteIrr.Count);
        Assert.All(remoteIrr, vm => Assert.Equal(StatesOf(OfReplay("amd-ok.trace.txt.gz")).Count(state => state.Contains("Remote IRR", StringComparison.Ordinal)), vm.Count()));
        Assert.Equal(2, picture.Lanes.Where(lane => lane.Name == "ioapic:21").Select(lane => lane.Vm).Distinct().Count());
    }

    /// <summary>The steps of a VM are applied when they are whole, which may be later than those of another: in a window too, each has its states.</summary>
    [Fact]
    public void A_window_has_the_states_of_each_VM()
    {
        string[] one = [.. KvmReplays.LinesOf("amd-tpr").Where(line => line.Contains("qemu-system", StringComparison.Ordinal))];
        byte[] text = Encoding.UTF8.GetBytes(string.Join('\n', one.SelectMany(line => (string[])[line.Replace(" [00", " (  1000) [00", StringComparison.Ordinal),
            line.Replace("qemu-system-x86-", "qemu-system-x86-9", StringComparison.Ordinal).Replace(" [00", " (  2000) [00", StringComparison.Ordinal)])));
        foreach ((int from, int to) in new[] { (18301, 18800), (12001, 18500) })
        {
            Picture picture = Drawn.Replay(() => new MemoryStream(text), "two", new PictureOptions { From = new Place(from, 0, false), To = new Place(to + 1, 0, false) }).Picture!;
            string[][] states = [.. picture.Spans.Where(span => span.Kind != SpanKind.Held && picture.Lanes[span.Lane].Key.Group is LaneGroup.Pic or LaneGroup.IoApic or LaneGroup.Cpu)
                .GroupBy(span => picture.Lanes[span.Lane].Vm).Select(vm => vm.Select(span => $"{picture.Lanes[span.Lane].Name} {ItemWords.Of(span)} {span.Begin.Time} {span.End?.Time}").Order(StringComparer.Ordinal).ToArray())];
            Assert.Equal(2, states.Length);
            Assert.True(states[0].Length > 10, $"{states[0].Length} states");
            Assert.Equal(states[0], states[1]);
            AssertNothingOverlaps(picture, $"{from} to {to}");
        }
    }

    /// <summary>At any limit and in any window.</summary>
    [Fact]
    public void What_is_drawn_is_bounded_and_lies_in_the_window()
    {
        const int seed = 1605;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int round = 0; round < 4; round++)
        {
            int from = random.Next(1, 9000);
            PictureOptions options = new() { Most = random.Next(1, 300), MostLanes = random.Next(1, 20) };
            if (round % 2 == 0)
                options = options with { From = new Place(from, 0, false), To = new Place(from + random.Next(200, 2000), 0, false) };
            Picture picture = OfReplay("amd-tpr.trace.txt.gz", options);
            Assert.InRange(picture.Spans.Count(span => span.End is not null) + picture.Instants.Count + picture.Arrows.Count, 0, options.Most);
            Assert.InRange(picture.Lanes.Count, 0, options.MostLanes);
            AssertNothingOverlaps(picture, $"round {round}");
            if (options.From is not null)
                Assert.All(picture.Spans.Where(span => span.End is not null), span => Assert.True(span.End!.Value.Line >= from, $"{span}"));
        }
        Assert.Contains("begins after the input's end", OfReplay("amd-tpr.trace.txt.gz", new PictureOptions { From = new Place(1 << 30, 0, false) }).Missed, StringComparison.Ordinal);
    }

    [Fact]
    public void States_of_one_kind_in_one_lane_never_overlap()
    {
        foreach (string log in Directory.GetFiles(KvmFiles.Kept(""), "*.*").Where(file => Path.GetExtension(file) is ".gz" or ".dat" or ".txt" or ".md" && !file.Contains("perf-trace", StringComparison.Ordinal)
            && !file.Contains("README", StringComparison.Ordinal) && !file.Contains("linux-", StringComparison.Ordinal)))
            AssertNothingOverlaps(OfReplay(Path.GetFileName(log)), log);
    }

    private static void AssertNothingOverlaps(Picture picture, string what)
    {
        foreach (IGrouping<(int, SpanKind), Span> row in picture.Spans.GroupBy(span => (span.Lane, span.Kind)))
        {
            long end = 0;
            foreach (Span span in row.OrderBy(span => span.Begin.Event))
            {
                Assert.True(picture.Begin(span) >= end && picture.End(span) > picture.Begin(span), $"{what}: {picture.Lanes[span.Lane].Name} {span}");
                end = picture.End(span);
            }
        }
    }

    private static IEnumerable<string> StatesOf(Picture picture) => picture.Spans.Where(span => span.Kind != SpanKind.Held && picture.Lanes[span.Lane].Key.Group is LaneGroup.Pic or LaneGroup.IoApic or LaneGroup.Cpu)
        .Select(span => $"{picture.Lanes[span.Lane].Name} {ItemWords.Of(span)} {(span.Begin.IsStart ? "the beginning" : picture.Stamps.Place(span.Begin))} to {(span.End is { } end ? picture.Stamps.Place(end) : "the end")}");
}
