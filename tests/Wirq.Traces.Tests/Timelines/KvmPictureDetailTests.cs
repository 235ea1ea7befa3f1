using System.Globalization;
using System.Text;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Tests.Kvm;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>What a picture of a log of a KVM host has beside spans: instants, arrows, sources, gates, and the marks of all answers.</summary>
public class KvmPictureDetailTests
{
    private const string Folder = "tests/Wirq.Traces.Tests/Kvm/logs/", Works = KvmGateTests.Works, Later = KvmGateTests.Later;
    private const string Select = "1 kvm_mmio: mmio write len 4 gpa 0xfec00000 val 0x3a\n", Write = "1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val ";

    private static Picture Draw(string lines) => Drawn.KvmText(KvmGateTests.TextOf(lines));

    private static string[] InstantsOf(Picture picture) => [.. picture.Instants.Select(one => $"{picture.Lanes[one.Lane].Name} {ItemWords.Of(one.Kind)} {picture.Stamps.Place(one.At)}")];

    private static string[] ArrowsOf(Picture picture) => [.. picture.Arrows.Select(arrow =>
        $"{picture.Lanes[arrow.From].Name} {picture.Stamps.Place(arrow.Left)} {ItemWords.Of(arrow.Kind)} {picture.Lanes[arrow.To].Name} {picture.Stamps.Place(arrow.Arrived)}")];

    private static string[] SpansOf(Picture picture, string lane, SpanKind kind) => [.. picture.Spans.Where(span => span.Kind == kind && picture.Lanes[span.Lane].Name == lane)
        .Select(span => $"{(kind == SpanKind.Held ? span.Gate : ItemWords.Of(span))} {picture.Stamps.Place(span.Begin)} to {(span.End is { } end ? picture.Stamps.Place(end) : "the end")}")];

    [Fact]
    public void Each_answer_has_a_mark_of_its_rank_at_the_lane_where_it_waits()
    {
        var ranks = new HashSet<OwedRank>();
        foreach (string log in new[] { "guest-2cpu-full-cli.trace.txt.gz", "guest-1cpu-full-masked.perf-script.txt.gz", "amd-noack.trace.txt.gz", "guest-2cpu-split-nodest.v7.trace.dat", "pasted-event-only.txt" })
        {
            (Picture picture, KvmAnswer answer) = Drawn.Kvm(() => File.OpenRead(KvmFiles.Kept(log)), log);
            (OwedRank, string, Mark, Mark?, string)[] expected = [.. answer.Vms.SelectMany(vm => vm.Silent.Select(one => (OwedRank.Silent, "", one.Since ?? default, (Mark?)null, string.Concat(one.Sentences)))
                .Concat(Of(OwedRank.Owed, vm.Owed)).Concat(Of(OwedRank.Unknown, vm.Unknown)).Concat(Of(OwedRank.Masked, vm.Masked)))];
            Assert.Equal(expected, picture.Owed.Select(mark => (mark.Rank, mark.Gate, mark.At, mark.Since, string.Concat(mark.Sentences))));
            ranks.UnionWith(expected.Select(one => one.Item1));
            KvmOwedAnswer[] answers = [.. answer.Vms.SelectMany(vm => vm.Owed.Concat(vm.Unknown).Concat(vm.Masked))];
            foreach ((OwedMark mark, KvmOwedAnswer one) in picture.Owed.Where(mark => mark.Rank != OwedRank.Silent).Zip(answers))
            {
                string lane = picture.Lanes[mark.Lane].Name;
                Assert.Equal(one.Lost is not null ? "message 0x52 to APIC id 7" : one is { Cpu: >= 0, Vector: >= 0, Fate: not Fate.Held } ? $"cpu{one.Cpu} 0x{one.Vector:x2}" : one.Source, lane);
            }
        }
        Assert.Equal(Enum.GetValues<OwedRank>().Order(), ranks.Order());
    }

    private static IEnumerable<(OwedRank, string, Mark, Mark?, string)> Of(OwedRank rank, IEnumerable<KvmOwedAnswer> answers) =>
        answers.Select(one => (rank, WhyJson.Word(one.Gate), one.At, one.Since, string.Concat(one.Sentences)));

    [Fact]
    public void Sources_of_a_line_are_told_apart()
    {
        Picture picture = Draw(Select + Write + "0xa075\n0 kvm_set_irq: gsi 21 level 1 source 0\n0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)\n"
            + "2 kvm_set_irq: gsi 21 level 1 source 1\n2 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)\n");
        Assert.Equal(["asserted L3 to the end"], SpansOf(picture, "VMM or irqfd (gsi:21)", SpanKind.Asserted));
        Assert.Equal(["asserted L5 to the end"], SpansOf(picture, "resample irqfd (gsi:21)", SpanKind.Asserted));
    }

    [Fact]
    public void What_an_unmask_finds_high_goes_out_from_its_write()
    {
        Picture picture = Draw(Works + Select + Write + "0x1a075\n0 kvm_set_irq: gsi 21 level 1 source 0\n0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level|masked)\n"
            + Write + "0xa075\n1 kvm_apic_accept_irq: apicid 0 vec 117 (Fixed|level)\n");
        Assert.Contains("ioapic:21 entry written L11", InstantsOf(picture));
        Assert.Contains("ioapic:21 L11 delivers to cpu0 0x75 L12", ArrowsOf(picture));
        Assert.Equal(["masked L8 to L11"], SpansOf(picture, "ioapic:21", SpanKind.Masked));
    }

    /// <summary>An edge under a mask is lost: its gate is not that of a level that waits there.</summary>
    [Fact]
    public void An_edge_is_lost_under_a_mask_and_one_to_nobody_is_refused()
    {
        Picture lost = Draw(Works + Select + Write + "0x2075\n" + Write + "0x12075\n0 kvm_set_irq: gsi 21 level 1 source 0\n0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|edge|masked)\n" + Later);
        Assert.Contains("ioapic:21 edge lost L11", InstantsOf(lost));
        Assert.DoesNotContain(InstantsOf(lost), one => one.Contains("refused", StringComparison.Ordinal));
        Assert.StartsWith("edge-lost ", Assert.Single(SpansOf(lost, "ioapic:21", SpanKind.Held)), StringComparison.Ordinal);
        Picture refused = Draw(Works + Select + Write + "0xa075\n0 kvm_set_irq: gsi 21 level 1 source 0\n0 kvm_ioapic_set_irq: pin 21 dst 7 vec 117 (Fixed|physical|level) (coalesced)\n" + Later);
        Assert.Contains(InstantsOf(refused), one => one.StartsWith("ioapic:21 refused L", StringComparison.Ordinal));
        Assert.StartsWith("no-destination ", Assert.Single(SpansOf(refused, "ioapic:21", SpanKind.Held)), StringComparison.Ordinal);
    }

    /// <summary>An edge whose line stays high after its interrupt is over holds nothing, whatever masks its pin later.</summary>
    [Fact]
    public void A_mask_holds_no_edge_that_was_delivered()
    {
        Picture picture = Draw(Works + Select + Write + "0x2075\n0 kvm_set_irq: gsi 21 level 1 source 0\n0 kvm_apic_accept_irq: apicid 0 vec 117 (Fixed|edge)\n"
            + "0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|edge)\n1 kvm_inj_virq: IRQ 0x75\n1 kvm_eoi: apicid 0 vector 117\n1 kvm_ack_irq: irqchip IOAPIC pin 21\n" + Write + "0x12075\n" + Later);
        Assert.DoesNotContain(SpansOf(picture, "ioapic:21", SpanKind.Held), gate => gate.StartsWith("pin-masked", StringComparison.Ordinal));
        // An edge pin has no Remote IRR that the EOI would clear.
        Assert.DoesNotContain(ArrowsOf(picture), arrow => arrow.Contains(" ends at ", StringComparison.Ordinal));
        Assert.Contains("ioapic:21 L9 delivers to cpu0 0x75 L10", ArrowsOf(picture));
    }

    [Fact]
    public void A_message_that_several_accept_is_sent_once()
    {
        Picture picture = Draw(Works + "2 kvm_entry: vcpu 1, rip 0x100\n0 kvm_msi_set_irq: dst ff vec 83 (Fixed|physical|edge)\n0 kvm_apic_accept_irq: apicid 0 vec 83 (Fixed|edge)\n"
            + "0 kvm_apic_accept_irq: apicid 1 vec 83 (Fixed|edge)\n");
        Assert.Single(InstantsOf(picture), one => one.StartsWith("message ", StringComparison.Ordinal) && one.EndsWith("sent L8", StringComparison.Ordinal));
        Assert.Equal(2, ArrowsOf(picture).Count(arrow => arrow.StartsWith("message ", StringComparison.Ordinal) && arrow.Contains(" L8 delivers to cpu", StringComparison.Ordinal)));
    }

    /// <summary>The line of a split irqchip's message, and a vector that merges.</summary>
    [Fact]
    public void A_line_that_is_a_message_drives_it_and_a_second_one_merges()
    {
        const string message = "0 kvm_set_irq: gsi 5 level 1 source 0\n0 kvm_msi_set_irq: dst 0 vec 83 (Fixed|physical|edge)\n0 kvm_apic_accept_irq: apicid 0 vec 83 (Fixed|edge)\n";
        Picture picture = Draw(Works + message + message);
        Assert.Contains("gsi:5 L7 drives message 0x53 to APIC id 0 L8", ArrowsOf(picture));
        Assert.Contains("cpu0 0x53 merged L12", InstantsOf(picture));
        Assert.DoesNotContain(InstantsOf(picture), one => one.Contains("refused", StringComparison.Ordinal));
    }

    [Fact]
    public void A_timer_is_a_sender_and_what_a_disabled_local_APIC_refuses_is_marked()
    {
        Picture picture = Draw(Works + "1 kvm_apic: apic_write APIC_LVTT = 0x200ec\n1 kvm_apic: apic_write APIC_TMICT = 0x100\n1 kvm_apic_accept_irq: apicid 0 vec 236 (Fixed|edge)\n"
            + "1 kvm_apic: apic_write APIC_SPIV = 0xff\n" + KvmGateTests.Accepted);
        Assert.Contains("lvt:timer@cpu0 sent L9", InstantsOf(picture));
        Assert.Contains("lvt:timer@cpu0 L9 delivers to cpu0 0xec L9", ArrowsOf(picture));
        Assert.Contains("cpu0 0x53 refused L12", InstantsOf(picture));
    }

    [Fact]
    public void INIT_is_a_reset_and_its_deassert_nothing()
    {
        const string init = "2 kvm_apic_ipi: dst 0 vec 0 (INIT|physical|assert|level|dst)\n2 kvm_apic_accept_irq: apicid 0 vec 0 (INIT|edge)\n";
        Picture picture = Draw(Works + KvmGateTests.Accepted + init + "2 kvm_apic_ipi: dst 0 vec 0 (INIT|physical|de-assert|level|dst)\n2 kvm_apic_accept_irq: apicid 0 vec 0 (INIT|level)\n"
            + "2 kvm_apic_accept_irq: apicid 0 vec 154 (SIPI|edge)\n");
        Assert.Equal(["cpu0 reset L10", "cpu0 signalled L13"], InstantsOf(picture).Where(one => one.StartsWith("cpu0 ", StringComparison.Ordinal)));
        Assert.Equal(["IRR 0x53 L8 to L10"], SpansOf(picture, "cpu0 0x53", SpanKind.Requested));
    }

    [Fact]
    public void A_reset_of_the_VM_ends_what_was_pending()
    {
        Picture picture = Draw("1 kvm_entry: vcpu 0, rip 0xfff0\n" + Works + KvmGateTests.Accepted + "1 kvm_entry: vcpu 0, rip 0xfff0\n" + Later);
        Assert.Equal(["IRR 0x53 L9 to L10"], SpansOf(picture, "cpu0 0x53", SpanKind.Requested));
    }

    [Fact]
    public void The_8259_gives_its_vector()
    {
        string[] arrows = ArrowsOf(Drawn.Log(Folder + "amd-ok.trace.txt.gz"));
        Assert.Contains("pic:0 L5007 gives to cpu0 0x08 L5007", arrows);
        Assert.Equal(8, arrows.Count(arrow => arrow.Contains(" gives to ", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_brake_holds_a_pin_from_the_EOI_to_its_delivery()
    {
        Picture picture = Drawn.Log(Folder + "storm-delayed-eoi.txt.gz");
        Assert.Equal(["braked L104 to L106"], SpansOf(picture, "ioapic:21", SpanKind.Braked));
        Assert.Contains("storm-brake L104 to L106", SpansOf(picture, "ioapic:21", SpanKind.Held));
        Picture replayed = Drawn.Replay(() => File.OpenRead(KvmFiles.Kept("storm-delayed-eoi.txt.gz")), "storm").Picture!;
        Assert.Equal(["braked L104 to L106"], SpansOf(replayed, "ioapic:21", SpanKind.Braked));
    }

    /// <summary>After a gap a mask of the 8259 is not known, nor is what a source or a line does.</summary>
    [Fact]
    public void Behind_a_gap_no_source_line_or_input_is_as_it_was()
    {
        Picture picture = Draw("1 kvm_pio: pio_write at 0x21 size 1 count 1 val 0xff\n0 kvm_set_irq: gsi 4 level 1 source 0\n0 kvm_pic_set_irq: chip 0 pin 4 (edge|masked)\nCPU:1 [LOST 12 EVENTS]\n" + Later);
        Picture pin = Draw("0 kvm_set_irq: gsi 21 level 1 source 0\n0 kvm_ioapic_set_irq: pin 21 dst 0 vec 0 (Fixed|physical|level|masked)\nCPU:1 [LOST 12 EVENTS]\n" + Later);
        Assert.Equal("not known L3 to the end", SpansOf(pin, "ioapic:21", SpanKind.NotKnown)[^1]);
        // The guest writes its entry again, and nobody tells its line.
        pin = Draw("0 kvm_set_irq: gsi 21 level 1 source 0\n0 kvm_ioapic_set_irq: pin 21 dst 0 vec 0 (Fixed|physical|level|masked)\nCPU:1 [LOST 12 EVENTS]\n" + Select + Write + "0xa075\n" + Later);
        Assert.Equal("not known L3 to the end", SpansOf(pin, "ioapic:21", SpanKind.NotKnown)[^1]);
        foreach (string lane in new[] { "VMM or irqfd (gsi:4)", "gsi:4", "pic:4" })
        {
            Assert.Equal(["asserted L2 to L4"], SpansOf(picture, lane, SpanKind.Asserted));
            Assert.EndsWith("L4 to the end", SpansOf(picture, lane, SpanKind.NotKnown)[^1], StringComparison.Ordinal);
        }
        Assert.All(SpansOf(picture, "pic:4", SpanKind.Masked), masked => Assert.EndsWith(" to L4", masked, StringComparison.Ordinal));
    }

    /// <summary>A pin that is high, and of which no record told since the gap, is not known either.</summary>
    [Fact]
    public void Lines_that_no_one_drives_have_no_lane()
    {
        var low = new StringBuilder();
        for (int gsi = 0; gsi < 24; gsi++)
            low.Append(CultureInfo.InvariantCulture, $"0 kvm_set_irq: gsi {gsi} level 0 source 0\n0 kvm_ioapic_set_irq: pin {gsi} dst 0 vec 0 (Fixed|physical|edge|masked)\n");
        Assert.DoesNotContain(Draw(low + Works).Lanes, lane => lane.Key.Group is LaneGroup.IoApic or LaneGroup.Pic or LaneGroup.Line or LaneGroup.Device);
    }

    [Fact]
    public void Gates_of_many_vectors_are_bounded_and_the_picture_says_so()
    {
        var lines = new StringBuilder(Works);
        for (int vector = 32; vector < 102; vector++)
            lines.Append(CultureInfo.InvariantCulture, $"0 kvm_msi_set_irq: dst 0 vec {vector} (Fixed|physical|edge)\n0 kvm_apic_accept_irq: apicid 0 vec {vector} (Fixed|edge)\n");
        Picture picture = Draw(lines + Later);
        Assert.Equal(64, picture.Spans.Count(span => span is { Kind: SpanKind.Held, End: null }));
        Assert.Contains(picture.Notes, note => note.StartsWith("At most 64 pins and vectors of a VM have the gate", StringComparison.Ordinal));
        Assert.DoesNotContain(Draw(Works + KvmGateTests.Accepted).Notes, note => note.StartsWith("At most 64", StringComparison.Ordinal));
    }

    /// <summary>Where nothing shows that vectors are taken, no gate of a vCPU is named.</summary>
    [Fact]
    public void A_vector_at_a_vCPU_that_shows_no_taking_has_no_gate()
    {
        string[] gates = SpansOf(Draw("1 kvm_apic: apic_write APIC_SPIV = 0x1ff\n1 kvm_apic: apic_write APIC_TASKPRI = 0x80\n" + KvmGateTests.Accepted + Later), "cpu0 0x53", SpanKind.Held);
        Assert.Equal(["not-known L4 to the end"], gates);
    }

    /// <summary>A vector that a thread of the kernel had accepted may be of another VM.</summary>
    [Fact]
    public void What_may_be_of_another_VM_is_not_requested_here()
    {
        Picture picture = Draw(Works + KvmGateTests.Accepted + "9 kvm_entry: vcpu 0, rip 0x100\n9 kvm_eoi: apicid 0 vector 83\nk kvm_apic_accept_irq: apicid 0 vec 99 (Fixed|edge)\n" + Later);
        Assert.DoesNotContain(picture.Spans, span => span.Kind == SpanKind.Requested && picture.Lanes[span.Lane].Name == "cpu0 0x63");
        // One whose vector fits one VM only is drawn there, and not as if it were certain.
        picture = Draw(Works + KvmGateTests.Accepted + "9 kvm_entry: vcpu 0, rip 0x100\n9 kvm_eoi: apicid 0 vector 83\nk kvm_apic_accept_irq: apicid 0 vec 236 (Fixed|edge)\n" + Later);
        Assert.Equal("not known L11 to the end", SpansOf(picture, "cpu0 0xec", SpanKind.NotKnown)[^1]);
        Assert.All(SpansOf(picture, "cpu0 0xec", SpanKind.Requested), span => Assert.DoesNotContain("the end", span, StringComparison.Ordinal));
        Assert.NotEmpty(picture.Owed);
        Assert.All(picture.Owed, mark => Assert.StartsWith("The VM of thread ", mark.Title, StringComparison.Ordinal));
    }
}
