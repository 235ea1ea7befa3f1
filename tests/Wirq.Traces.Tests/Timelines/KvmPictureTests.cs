using System.Text;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Tests.Kvm;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>Pictures of logs of KVM hosts.</summary>
public class KvmPictureTests
{
    private const string Pin = """
        1 kvm_entry: vcpu 0, rip 0xfff0
        1 kvm_mmio: mmio write len 4 gpa 0xfec00000 val 0x3a
        1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0xa075

        """;

    private const string Raised = """
        0 kvm_set_irq: gsi 21 level 1 source 0
        0 kvm_apic_accept_irq: apicid 0 vec 117 (Fixed|level)
        0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)

        """;

    private const string Served = """
        1 kvm_inj_virq: IRQ 0x75
        1 kvm_entry: vcpu 0, rip 0x100
        0 kvm_set_irq: gsi 21 level 0 source 0
        0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)
        1 kvm_eoi: apicid 0 vector 117
        1 kvm_ack_irq: irqchip IOAPIC pin 21

        """;

    internal static readonly string[] Logs =
    [
        .. new[]
        {
            "amd-noack.trace.txt.gz", "amd-tpr.trace.txt.gz", "guest-2cpu-full-cli.trace.txt.gz", "guest-2cpu-split-nodest.v7.trace.dat", "seabios-full.trace.txt.gz",
            "storm-delayed-eoi.txt.gz", "pasted-event-only.txt",
        }.Select(name => $"tests/Wirq.Traces.Tests/Kvm/logs/{name}"),
    ];

    private static Picture Draw(string lines) => Drawn.KvmText(KvmGateTests.TextOf(lines));

    [Fact]
    public void A_level_interrupt_has_its_spans_from_its_source_to_its_EOI()
    {
        Picture picture = Draw(Pin + Raised + Served);
        Assert.Equal(["VMM or irqfd (gsi:21)", "gsi:21", "ioapic:21", "cpu0 0x75"], picture.Lanes.Select(lane => lane.Name));
        Assert.Equal(["asserted L4 to L9"], SpansOf(picture, "VMM or irqfd (gsi:21)"));
        Assert.Equal(["asserted L4 to L9"], SpansOf(picture, "gsi:21"));
        Assert.Equal(["asserted L4 to L9", "Remote IRR 0x75 L6 to L12"], SpansOf(picture, "ioapic:21"));
        Assert.Equal(["IRR 0x75 L5 to L7", "ISR 0x75 L7 to L11"], SpansOf(picture, "cpu0 0x75"));
    }

    [Fact]
    public void A_pin_and_a_vector_have_the_gate_that_holds_them_at_each_moment()
    {
        Picture picture = Draw(KvmGateTests.Works + Pin[(Pin.IndexOf('\n') + 1)..] + "1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0x1a075\n"
            + "0 kvm_set_irq: gsi 21 level 1 source 0\n0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level|masked)\n"
            + "1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0xa075\n1 kvm_apic_accept_irq: apicid 0 vec 117 (Fixed|level)\n1 kvm_apic: apic_write APIC_TASKPRI = 0x80\n"
            + "1 kvm_apic: apic_write APIC_TASKPRI = 0x0\n" + Served + Later);
        Assert.Equal(["pin-masked L11 to L12", "cpu-unknown L13 to L14", "task-priority L14 to L15", "cpu-unknown L15 to L16", "no-eoi L16 to L20", "remote-irr L20 to L21"], GatesOf(picture, "ioapic:21"));
        Assert.Equal(["cpu-unknown L13 to L14", "task-priority L14 to L15", "cpu-unknown L15 to L16", "no-eoi L16 to L20"], GatesOf(picture, "cpu0 0x75"));
        // At the end it is the gate of the answer.
        OwedMark owed = Assert.Single(Drawn.Log(Logs[1]).Owed, mark => mark.Rank == OwedRank.Owed);
        Assert.Equal("task-priority L9935 to the end", GatesOf(Drawn.Log(Logs[1]), "cpu1 0x53")[^1]);
        Assert.Equal("task-priority", owed.Gate);
    }

    private static string[] GatesOf(Picture picture, string lane)
    {
        int number = picture.Lanes.Index().Single(one => one.Item.Name == lane).Index;
        return [.. picture.Spans.Where(span => span.Lane == number && span.Kind == SpanKind.Held).OrderBy(span => span.Begin.Event)
            .Select(span => $"{span.Gate} {picture.Stamps.Place(span.Begin)} to {(span.End is { } end ? picture.Stamps.Place(end) : "the end")}")];
    }

    [Fact]
    public void Arrows_follow_the_order_of_threads()
    {
        Assert.Equal(["VMM or irqfd (gsi:21) L4 raises gsi:21 L4", "gsi:21 L4 drives ioapic:21 L4", "ioapic:21 L4 delivers to cpu0 0x75 L5", "cpu0 0x75 L11 ends at ioapic:21 L12"],
            ArrowsOf(Draw(Pin + Raised + Served)).Order(StringComparer.Ordinal).OrderBy(one => one.Contains("ends", StringComparison.Ordinal) ? 3 : one.Contains("delivers", StringComparison.Ordinal) ? 2
                : one.Contains("drives", StringComparison.Ordinal) ? 1 : 0));
        // Another thread's records between them change nothing; and what an EOI finds high goes out from its pin.
        const string other = "2 kvm_apic_ipi: dst 0 vec 240 (Fixed|physical|assert|edge|dst)\n2 kvm_apic_accept_irq: apicid 0 vec 240 (Fixed|edge)\n";
        string[] arrows = [.. ArrowsOf(Draw(Pin + "2 kvm_entry: vcpu 1, rip 0x100\n0 kvm_set_irq: gsi 21 level 1 source 0\n" + other + Raised[(Raised.IndexOf('\n') + 1)..]
            + "1 kvm_inj_virq: IRQ 0x75\n1 kvm_eoi: apicid 0 vector 117\n1 kvm_ack_irq: irqchip IOAPIC pin 21\n1 kvm_apic_accept_irq: apicid 0 vec 117 (Fixed|level)\n"))];
        Assert.Contains("ipi:0xf0@cpu1 L6 delivers to cpu0 0xf0 L7", arrows);
        Assert.Contains("ioapic:21 L5 delivers to cpu0 0x75 L8", arrows);
        Assert.Contains("ioapic:21 L12 delivers to cpu0 0x75 L13", arrows);
    }

    [Fact]
    public void A_message_has_a_lane_and_a_route_that_is_only_looked_at_has_none()
    {
        Picture picture = Draw("1 kvm_msi_set_irq: dst 0 vec 0 (Fixed|physical|edge)\n1 kvm_msi_set_irq: dst 0 vec 49 (Fixed|physical|edge)\n1 kvm_mmio: mmio write len 4 gpa 0xfec00000 val 0x3a\n"
            + KvmGateTests.Accepted + "0 kvm_msi_set_irq: dst 7 vec 82 (Fixed|physical|edge)\n0 kvm_set_irq: gsi 4 level 0 source 0\n");
        Assert.Equal(["message 0x53 to APIC id 0", "message 0x52 to APIC id 7", "cpu0 0x53"], picture.Lanes.Select(lane => lane.Name));
        Assert.Equal([("message 0x53 to APIC id 0", InstantKind.Sent), ("message 0x52 to APIC id 7", InstantKind.Refused)],
            picture.Instants.Select(one => (picture.Lanes[one.Lane].Name, one.Kind)));
        Assert.Equal(["message 0x53 to APIC id 0 L4 delivers to cpu0 0x53 L5"], ArrowsOf(picture));
        OwedMark owed = Assert.Single(picture.Owed, mark => mark.Gate == "no-destination");
        Assert.Equal("message 0x52 to APIC id 7", picture.Lanes[owed.Lane].Name);
    }

    [Fact]
    public void A_host_that_ends_at_injection_has_nothing_in_service()
    {
        Picture picture = Drawn.Log(Logs[2]);
        Assert.DoesNotContain(picture.Spans, span => span.Kind == SpanKind.InService);
        Assert.Contains(picture.Spans, span => span.Kind == SpanKind.Requested);
        Assert.Contains(picture.Instants, one => one.Kind == InstantKind.Taken);
        Assert.Contains(KvmAnswerText.Host, picture.Notes);
        Assert.Contains(Drawn.Log(Logs[0]).Spans, span => span.Kind == SpanKind.InService);
    }

    [Fact]
    public void What_is_owed_stands_at_its_lane_with_its_gate()
    {
        Picture picture = Drawn.Log(Logs[1]);
        OwedMark owed = Assert.Single(picture.Owed, mark => mark.Rank == OwedRank.Owed);
        Assert.Equal(("vector 0x53 of a message at cpu1", "task-priority", "cpu1 0x53"), (owed.Title, owed.Gate, picture.Lanes[owed.Lane].Name));
        Assert.Contains("TPR of vCPU 1", string.Join(' ', owed.Sentences), StringComparison.Ordinal);
        Assert.Contains("IRR 0x53 L", string.Join(' ', SpansOf(picture, "cpu1 0x53")[^1]), StringComparison.Ordinal);
        Assert.EndsWith("the end", SpansOf(picture, "cpu1 0x53")[^1], StringComparison.Ordinal);
    }

    /// <summary>Behind a gap nothing is a fact until a record tells it again.</summary>
    [Fact]
    public void Where_records_are_missing_nothing_lasts()
    {
        Picture picture = Draw(Pin + Raised + "1 kvm_inj_virq: IRQ 0x75\nCPU:1 [LOST 12 EVENTS]\n" + Later);
        Instant gap = Assert.Single(picture.Instants, one => one.Kind == InstantKind.RecordsLost);
        Assert.Equal("12 records are missing", gap.Text);
        Assert.DoesNotContain(picture.Spans, span => span.End is null && span.Kind != SpanKind.NotKnown);
        Assert.All(new[] { "VMM or irqfd (gsi:21)", "gsi:21", "ioapic:21", "cpu0 0x75" }, lane => Assert.Equal("not known L8 to the end", SpansOf(picture, lane)[^1]));
        // A record tells the line and the entry again.
        picture = Draw(Pin + Raised + "1 kvm_inj_virq: IRQ 0x75\nCPU:1 [LOST 12 EVENTS]\n" + Raised + Later);
        Assert.Equal(["asserted L4 to L8", "Remote IRR 0x75 L6 to L8", "not known L8 to L11", "asserted L9 to the end", "Remote IRR 0x75 L11 to the end"],
            SpansOf(picture, "ioapic:21").OrderBy(one => one.EndsWith("end", StringComparison.Ordinal)));
    }

    private const string Later = KvmGateTests.Later;

    [Fact]
    public void What_was_before_the_first_record_of_a_lane_is_not_known_in_mid_life()
    {
        const string begins = "1 kvm_pio: pio_write at 0x80 size 1 count 1 val 0x0\n";
        Assert.Equal(["not known L1 to L3", "IRR 0x53 L3 to the end"], SpansOf(Draw(begins + KvmGateTests.Accepted), "cpu0 0x53"));
        Assert.Equal(["IRR 0x53 L4 to the end"], SpansOf(Draw("1 kvm_entry: vcpu 0, rip 0xfff0\n" + begins + KvmGateTests.Accepted), "cpu0 0x53"));
    }

    [Fact]
    public void VMs_are_drawn_apart_and_what_may_be_of_any_stands_alone()
    {
        Picture picture = Draw(KvmGateTests.Works + KvmGateTests.Accepted + "9 kvm_entry: vcpu 0, rip 0x100\n9 kvm_apic_ipi: dst 0 vec 83 (Fixed|physical|assert|edge|self)\n"
            + "9 kvm_apic_accept_irq: apicid 0 vec 83 (Fixed|edge)\n9 kvm_eoi: apicid 0 vector 83\nk kvm_apic_accept_irq: apicid 0 vec 99 (Fixed|edge)\n" + Later);
        Assert.Equal(["the VM of thread 101: messages and local interrupts", "the VM of thread 101: cpu0", "the VM of thread 901: messages and local interrupts",
            "the VM of thread 901: cpu0", "of one of the VMs, or of another"], picture.Lanes.Select(lane => lane.Heading).Distinct());
        Assert.Equal(2, picture.Lanes.Count(lane => lane.Name == "cpu0 0x53"));
        // The other VM's EOI ends nothing of this one.
        Assert.Equal(1, picture.Spans.Count(span => span is { Kind: SpanKind.Requested, End: null } && picture.Lanes[span.Lane].Name == "cpu0 0x53"));
        Instant other = Assert.Single(picture.Instants, one => one.Kind == InstantKind.OtherVm);
        Assert.Equal(LaneGroup.OtherVm, picture.Lanes[other.Lane].Key.Group);
    }

    [Fact]
    public void A_log_without_times_is_drawn_by_its_places()
    {
        Picture picture = Drawn.Log(Logs[^1]);
        Assert.False(picture.Stamps.HasTime);
        Assert.True(picture.Spans.Count > 5, $"{picture.Spans.Count} spans");
        Assert.All(picture.Clock.Marks.Zip(picture.Clock.Marks.Skip(1)), pair => Assert.True(picture.Clock.At(pair.First) < picture.Clock.At(pair.Second)));
    }

    [Fact]
    public void All_forms_of_a_log_have_one_picture()
    {
        string[][] pictures = [.. new[] { "trace.txt.gz", "report.txt.gz", "v6.trace.dat.gz", "v7.trace.dat" }
            .Select(form => Drawn.Log($"tests/Wirq.Traces.Tests/Kvm/logs/guest-2cpu-split-nodest.{form}"))
            .Select(picture => picture.Spans.Select(span => $"{picture.Lanes[span.Lane].Name} {ItemWords.Of(span)} {span.Begin.Time} {span.End?.Time}")
                .Concat(picture.Instants.Select(one => $"{picture.Lanes[one.Lane].Name} {ItemWords.Of(one.Kind)} {one.At.Time}")).Order(StringComparer.Ordinal).ToArray())];
        Assert.True(pictures[0].Length > 40, $"{pictures[0].Length} things");
        Assert.All(pictures, one => Assert.Equal(pictures[0], one));
    }

    [Fact]
    public void Spans_of_one_kind_in_one_lane_never_overlap_and_what_lasts_is_what_the_judge_knows()
    {
        foreach (string log in Directory.GetFiles(KvmFiles.Kept(""), "*.*").Where(file => !file.EndsWith(".py", StringComparison.Ordinal) && !file.Contains("perf-trace", StringComparison.Ordinal)
            && !file.Contains("README", StringComparison.Ordinal)))
        {
            (Picture picture, KvmAnswer answer) = Drawn.Kvm(() => File.OpenRead(log), log);
            foreach (IGrouping<(int, SpanKind), Span> row in picture.Spans.GroupBy(span => (span.Lane, span.Kind)))
            {
                long end = 0;
                foreach (Span span in row.OrderBy(span => span.Begin.Event))
                {
                    Assert.True(picture.Begin(span) >= end && picture.End(span) > picture.Begin(span), $"{log}: {picture.Lanes[span.Lane].Name} {span}");
                    end = picture.End(span);
                }
            }
            int epoch = (int)answer.Survey.GapCount;
            string[] known = [.. answer.Vms.SelectMany(vm => vm.Trail.Vcpus.SelectMany(cpu => cpu.Pending.Values.Where(one => one.Epoch == epoch && !one.Foreign)
                .Select(one => $"cpu{cpu.Index} 0x{one.Vector:x2} IRR").Concat(cpu.InService.Where(one => one.Value.Epoch == epoch).Select(one => $"cpu{cpu.Index} 0x{one.Key:x2} ISR"))
                .Concat(vm.Trail.Pins.Where(pin => pin.Awaited?.Epoch == epoch).Select(pin => $"{pin.Name} Remote IRR"))).Distinct()).Order(StringComparer.Ordinal)];
            string[] drawn = [.. picture.Spans.Where(span => span.End is null && (picture.Lanes[span.Lane].Key.Group == LaneGroup.Cpu && span.Kind is SpanKind.Requested or SpanKind.InService || span.Kind == SpanKind.RemoteIrr))
                .Select(span => $"{picture.Lanes[span.Lane].Name} {ItemWords.Of(span.Kind)}").Order(StringComparer.Ordinal)];
            Assert.Equal(known, drawn);
        }
    }

    [Fact]
    public void A_window_draws_what_lies_in_it_and_one_without_anything_is_told()
    {
        Picture window = Drawn.Log(Logs[0], new PictureOptions { From = new Place(8719, 0, false), To = new Place(8760, 0, false) });
        Assert.NotEmpty(window.Arrows);
        Assert.All(window.Arrows, arrow => Assert.InRange(arrow.Arrived.Line, 8719, 8760));
        Assert.All(window.Instants, one => Assert.InRange(one.At.Line, 8719, 8760));
        Assert.Null(window.Missed);
        Assert.Contains("begins after the input's end", Drawn.Log(Logs[0], new PictureOptions { From = new Place(1 << 30, 0, false) }).Missed, StringComparison.Ordinal);
        Assert.Contains("ends before it begins", Drawn.Log(Logs[0], new PictureOptions { From = new Place(8760, 0, false), To = new Place(0, 217_876_770_000, true) }).Missed, StringComparison.Ordinal);
        Assert.Contains("ends before anything", Drawn.Log(Logs[0], new PictureOptions { To = new Place(1, 0, false) }).Missed, StringComparison.Ordinal);
    }

    private static string[] SpansOf(Picture picture, string lane)
    {
        int number = picture.Lanes.Index().Single(one => one.Item.Name == lane).Index;
        return [.. picture.Spans.Where(span => span.Lane == number && span.Kind != SpanKind.Held).OrderBy(span => span.Begin.Event).ThenBy(span => span.Kind)
            .Select(span => $"{ItemWords.Of(span)} {picture.Stamps.Place(span.Begin)} to {(span.End is { } end ? picture.Stamps.Place(end) : "the end")}")];
    }

    private static IEnumerable<string> ArrowsOf(Picture picture) => picture.Arrows.Select(arrow =>
        $"{picture.Lanes[arrow.From].Name} {picture.Stamps.Place(arrow.Left)} {ItemWords.Of(arrow.Kind)} {picture.Lanes[arrow.To].Name} {picture.Stamps.Place(arrow.Arrived)}");
}
