using Wirq.Tests.Shared;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Dumps;

/// <summary>QEMU's monitor: info pic, info lapic, info irq.</summary>
public class MonitorDumpTests
{
    internal const string Lapic = """
        (qemu) info lapic
        dumping local APIC state for CPU 0

        LVT0	 0x00010700 active-hi edge  masked                      ExtINT (vec 0)
        LVTT	 0x000400ec active-hi edge                 tsc-deadline Fixed  (vec 236)
        SPIV	 0x000001ff APIC enabled, focus=off, spurious vec 255
        ESR	 0x00000000
        ISR	 81 
        IRR	 49(level) 236 

        APR 0x00 TPR 0x00 DFR 0x0f LDR 0x01 PPR 0x50
        """;

    internal const string Pic = """
        (qemu) info pic
        ioapic0: ver=0x20 id=0x00 sel=0x26 (redir[11])
          pin 0  0x0000000000010000 dest=0 vec=0   active-hi edge  masked fixed  physical
          pin 11 0x000000000000c031 dest=0 vec=49  active-hi level        fixed  physical
          IRR      (none)
          Remote IRR 11 
        pic1: irr=00 imr=ff isr=00 hprio=0 irq_base=38 rr_sel=0 elcr=0c fnm=0
        pic0: irr=00 imr=ff isr=00 hprio=0 irq_base=30 rr_sel=0 elcr=00 fnm=0
        """;

    [Fact]
    public void A_vector_in_service_is_owed_and_says_what_it_holds_back()
    {
        SnapshotAnswer answer = Pasted.Answer(Lapic);
        Assert.Equal(["Owed 0x51@cpu0 NoEoi", "NotKnown 0xec@cpu0 CpuUnknown", "NotKnown 0x31@cpu0 VectorInService"], answer.Findings());
        Assert.EndsWith("It holds 0x31 (49) back.", answer.Findings[0].Sentence, StringComparison.Ordinal);
        Assert.Contains("lvt:timer@cpu0", answer.Findings[1].Sentence, StringComparison.Ordinal);
        Assert.Equal("cpu0 ISR, L8", $"{answer.Findings[0].Evidence[0]}");
        Assert.Equal(WhyVerdict.Owed, answer.Verdict);
        Assert.Contains(answer.State.Limits, limit => limit.What.StartsWith("It has no lines", StringComparison.Ordinal) && limit.Record.StartsWith("info pic", StringComparison.Ordinal));
    }

    [Fact]
    public void A_local_APIC_at_rest_is_no_all_clear()
    {
        SnapshotAnswer answer = Pasted.Answer(Lapic.Replace("81 ", "(none)", StringComparison.Ordinal).Replace("49(level) 236 ", "(none)", StringComparison.Ordinal));
        Assert.Empty(answer.Findings);
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
    }

    [Fact]
    public void A_pin_whose_Remote_IRR_is_set_waits_for_an_EOI()
    {
        SnapshotAnswer answer = Pasted.Answer(Pic);
        Assert.Equal(["NotKnown ioapic:11 RemoteIrr"], answer.Findings());
        Assert.Contains("the pin waits for the EOI of vector 0x31 (49); no local APIC is in the file", answer.Findings[0].Sentence, StringComparison.Ordinal);
        Assert.Contains("it has pin 0 and 11; what the other pins wait for is not known", answer.Said(), StringComparison.Ordinal);
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Both_of_one_moment_are_judged_together_whatever_their_order(bool picFirst)
    {
        SnapshotAnswer answer = Pasted.Answer(picFirst ? $"{Pic}\n{Lapic}" : $"{Lapic}\n{Pic}");
        Assert.Equal(["Owed 0x51@cpu0 NoEoi", "NotKnown 0xec@cpu0 CpuUnknown", "NotKnown 0x31@cpu0 VectorInService", "NotKnown ioapic:11 RemoteIrr"], answer.Findings());
        Assert.Contains("by the delivery of vector 0x31 (49) to cpu0, pending there and not taken", answer.Findings[3].Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_vector_that_is_an_edge_is_not_held_to_be_the_pins_while_a_CPU_may_be_missing()
    {
        SnapshotAnswer answer = Pasted.Answer($"{Pic}\n{Lapic.Replace("(level)", "", StringComparison.Ordinal)}");
        SnapshotFinding pin = answer.Findings.Single(one => one.Source == "ioapic:11");
        Assert.Equal(Standing.NotKnown, pin.Standing);
        Assert.Contains("which no CPU in this file has as a level", pin.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_CPUs_follow_one_another_and_a_second_dump_of_one_is_a_later_moment()
    {
        string other = Lapic.Replace("CPU 0", "CPU 12", StringComparison.Ordinal);
        SnapshotAnswer both = Pasted.Answer($"{Lapic}\n{other}");
        Assert.Equal([0, 12], both.State.Cpus.Select(cpu => cpu.Number));
        Assert.Contains("0x51@cpu12", both.Findings.Select(one => one.Source));
        Assert.Equal(2, Pasted.Answers($"{Lapic}\n{other}\n{Lapic}").Length);
    }

    [Fact]
    public void All_registers_of_the_newest_form_are_read()
    {
        SnapshotState state = Pasted.Answer($"{Lapic}\n{Pic}").State;
        SavedCpu cpu = state.Cpus[0];
        Assert.Equal((0x10700u, 0x400ECu, 0x1FFu), (cpu.Lint0.Value, cpu.Timer.Value, cpu.Spurious.Value));
        Assert.Equal((0, 1, DestinationFormat.Flat), (cpu.Tpr.Value, cpu.LogicalId.Value, cpu.LogicalFormat.Value));
        Assert.True(cpu.Tmr.Value.Has(49) && !cpu.Tmr.Value.Has(236));
        Assert.Equal(2, state.Pics.Count);
        SavedPic master = state.Pics[0], slave = state.Pics[1];
        Assert.Equal((0x30, 0xFF, 0x00, 0x38, 0x0C), (master.Base.Value, master.Imr.Value, master.Elcr.Value, slave.Base.Value, slave.Elcr.Value));
        Assert.Equal(0xC031u, state.IoApics[0].EntryOf(11).Bits);
        Assert.False(state.IoApics[0].Entries[5].IsKnown);
    }

    [Theory]
    [InlineData("ioapic id=0x00 sel=0x26 (redir[11])")]   // QEMU 2.5 to 2.8
    [InlineData("ioapic ver=0x11 id=0x00 sel=0x26 (redir[11])")]   // 2.9 to 2.11
    [InlineData("ioapic0: ver=0x20 id=0x00 sel=0x00")]
    public void Older_headings_of_the_IOAPIC_are_read(string heading)
    {
        string text = Pic.Replace("ioapic0: ver=0x20 id=0x00 sel=0x26 (redir[11])", heading, StringComparison.Ordinal);
        Assert.Equal(["NotKnown ioapic:11 RemoteIrr"], Pasted.Answer(text).Findings());
    }

    [Theory]
    [InlineData("APR 0x00 TPR 0x20 DFR 0x0f LDR 0x00PPR 0x50")]   // QEMU 2.x has no blank there
    [InlineData("APR 0x00 TPR 0x20 DFR 0x00 LDR 0x21(cluster 2: id 1) PPR 0x50")]
    [InlineData("APR 0x00 TPR 0x20 DFR 0x0f LDR 0x00000001 PPR 0x50")]
    public void Older_last_lines_of_a_local_APIC_are_read(string line)
    {
        SnapshotAnswer answer = Pasted.Answer(Lapic.Replace("APR 0x00 TPR 0x00 DFR 0x0f LDR 0x01 PPR 0x50", line, StringComparison.Ordinal));
        Assert.Equal(0x20, answer.State.Cpus[0].Tpr.Value);
        Assert.DoesNotContain("cut off", answer.Said(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("in service", "pic0: irr=00 imr=00 isr=10", "Owed pic:4 NoEoi")]
    [InlineData("in service", "pic0: irr=12 imr=00 isr=01", "Owed pic:0 NoEoi,NotKnown pic:1 PicInService,NotKnown pic:4 PicInService")]
    public void An_8259_says_what_it_serves_and_what_that_holds(string what, string master, string expected)
    {
        string text = "pic1: irr=00 imr=00 isr=00 hprio=0 irq_base=70 rr_sel=0 elcr=00 fnm=0\n" + master + " hprio=0 irq_base=08 rr_sel=0 elcr=00 fnm=0\n";
        SnapshotAnswer answer = Pasted.Answer(text);
        Assert.Equal(expected.Split(','), answer.Findings());
        Assert.Contains(what, answer.Said(), StringComparison.Ordinal);
        Assert.Contains("It has no I/OAPIC", answer.Said(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_that_is_high_at_an_open_level_pin_is_owed()
    {
        string text = Pic.Replace("IRR      (none)\n", "IRR      11 \n", StringComparison.Ordinal).Replace("c031", "8031", StringComparison.Ordinal).Replace("Remote IRR 11 ", "Remote IRR (none)", StringComparison.Ordinal);
        Assert.Equal(["Owed ioapic:11 None"], Pasted.Answer(text).Findings());
    }

    [Fact]
    public void Remote_IRR_of_a_pin_that_is_not_in_the_text_is_named()
    {
        SnapshotAnswer answer = Pasted.Answer(Pic.Replace("Remote IRR 11 ", "Remote IRR 11 17 ", StringComparison.Ordinal));
        Assert.Contains("NotKnown ioapic:17 RemoteIrr", answer.Findings());
    }

    [Fact]
    public void Cut_texts_say_what_is_missing_and_invent_no_vector()
    {
        SnapshotAnswer answer = Pasted.Answer(Lapic[..(Lapic.IndexOf("236 \n", StringComparison.Ordinal) + 2)]);
        Assert.Equal(["Owed 0x51@cpu0 NoEoi", "NotKnown 0x31@cpu0 VectorInService"], answer.Findings());
        Assert.Contains("The local APIC of cpu0 is cut off before its last line", answer.Said(), StringComparison.Ordinal);

        answer = Pasted.Answer(Pic[..Pic.IndexOf("c031 dest", StringComparison.Ordinal)]);
        Assert.Empty(answer.Findings);
        Assert.Contains("Line 4, of the I/OAPIC, is cut off", answer.Said(), StringComparison.Ordinal);

        answer = Pasted.Answer(Pic[..Pic.LastIndexOf("elcr", StringComparison.Ordinal)]);
        Assert.Contains("Line 8, of an 8259, is cut off", answer.Said(), StringComparison.Ordinal);
        Assert.Empty(answer.State.Pics);

        answer = Pasted.Answer(Lapic[Lapic.IndexOf("SPIV", StringComparison.Ordinal)..]);
        Assert.Contains("Owed 0x51@cpu0 NoEoi", answer.Findings());
        Assert.Contains("The heading with the CPU's number is missing", answer.Said(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("isr=00", "isr=0g", "line 7: 'pic1: irr=00 imr=ff isr=0g")]
    [InlineData("0x000000000000c031", "0x000000000000c03z", "line 4: 'pin 11 0x000000000000c03z")]
    [InlineData("pin 11", "pin 99", "line 4: 'pin 99")]
    public void A_damaged_line_is_refused_with_its_place_and_what_was_expected(string from, string to, string expected)
    {
        DumpException bad = Assert.Throws<DumpException>(() => Pasted.Answers(Pic.Replace(from, to, StringComparison.Ordinal)));
        Assert.StartsWith($"dump.txt: {expected}", bad.Message, StringComparison.Ordinal);
        Assert.Contains("; expected ", bad.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pc")]
    [InlineData("q35")]
    public void A_session_of_QEMU_7_2_is_read_with_its_terminal_codes(string machine)
    {
        SnapshotAnswer[] answers = Pasted.Answers(File.ReadAllText(Repository.PathOf($"tests/Wirq.Traces.Tests/Dumps/files/monitor-{machine}-7.2.txt")));
        SnapshotState state = answers[0].State;
        Assert.Equal((2, 1, 2), (state.Pics.Count, state.IoApics.Count, state.Cpus.Count));
        Assert.Equal(24, state.IoApics[0].Entries.Count(entry => entry.IsKnown));
        Assert.True(state.IoApics[0].Asking.IsKnown);
        Assert.Equal((0x8700u, 0x1FFu), (state.Cpus[0].Lint0.Value, state.Cpus[0].Spurious.Value));
        Assert.Equal(WhyVerdict.NotTold, answers[0].Verdict);
        Assert.DoesNotContain("cut off", answers[0].Said(), StringComparison.Ordinal);
        Assert.Contains("of ioapic rose", answers[1].Said(), StringComparison.Ordinal);
    }
}
