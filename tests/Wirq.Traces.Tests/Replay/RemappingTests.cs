using Wirq.Remapping.VtD;
using Wirq.Tests.Shared;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Tests.Replay;

/// <summary>VT-d in logs: what is compared, what is counted, and controls that alter a real log.</summary>
public sealed class RemappingTests
{
    private const string Log = "vtd-msix";

    private static readonly string[] s_lines = ReplayLogs.TextOf(Log).Split('\n');

    // One message of virtio-blk, from its request to its delivery.
    private static readonly int s_request = Array.FindIndex(s_lines, line => line.Contains("vtd_ir_remap_msi_req addr 0xfee00278", StringComparison.Ordinal));

    [Fact]
    public void A_guests_counts_are_met_and_messages_have_the_names_of_their_entries()
    {
        ReplayReport report = ReplayLogs.Kept(Log);
        Assert.Equal([new("irte:17", 0, 1), new("irte:19", 2, 80), new("irte:20", 3, 80)],
            report.Delivered.Where(one => one.Source.StartsWith("irte", StringComparison.Ordinal)));
        Assert.Equal((248, 248, 248, 87), (report.Matched("vtd_ir_irte_get"), report.Matched("vtd_ir_remap"),
            report.Matched("vtd_ir_remap_msi"), report.Matched("vtd_warn_ir_vector")));
    }

    [Fact]
    public void A_log_of_the_unit_alone_meets_it()
    {
        string log = Repository.PathOf("tests/Wirq.Traces.Tests/Qemu/logs/intel-iommu.log.gz");
        ReplayReport report = Clean(Replayer.Run(() => File.OpenRead(log), log));
        Assert.Equal((11, 0, 2), (report.Responses.Total(ResponseVerdict.Matched), report.Responses.Total(ResponseVerdict.Unchecked),
            report.Remapping!.Translated));
        Assert.Equal([new("irte:1", -1, 1), new("irte:2", -1, 1)], report.Delivered);
    }

    [Fact]
    public void What_QEMU_blocks_and_lets_through_against_the_manual_is_as_its_profile_says()
    {
        ReplayReport report = Clean(ReplayLogs.Kept("vtd-faults"));
        // Blocked: a wrong requester, not present, reserved bits, beyond the table, and a bus below the range.
        Assert.Equal((8, 1, 5), (report.Remapping!.Translated, report.Remapping.Unremapped, report.Remapping.Blocked));
        Assert.Equal([new("ioapic:9", -1, 2), new("msi:0xfee00000:0x4042", -1, 1), new("irte:3", -1, 6)], report.Delivered);
        Assert.Equal((1, 1), (report.Matched("vtd_warn_ir_vector"), report.Matched("vtd_warn_ir_trigger")));
    }

    [Fact]
    public void Invalidations_say_what_they_touched()
    {
        RemappingReport remapping = ReplayLogs.Kept(Log).Remapping!;
        Assert.Equal((248, 0, 0), (remapping.Translated, remapping.Unremapped, remapping.Blocked));
        Assert.Equal((1, 78, 4, 1), (remapping.Global, remapping.Selective, remapping.Touched, remapping.MostTouched));
        Assert.Equal(79, remapping.Invalidations.Count);
        Assert.Equal(4, remapping.Invalidations.Sum(one => one.Touched));
        Assert.Equal(new(105, true, 0, 0, 0), remapping.Invalidations[0]);
        Assert.Equal(new(408, false, 1, 0, 0), remapping.Invalidations[1]);
        Assert.Equal(0, remapping.Stale);
    }

    [Fact]
    public void A_log_without_remapping_has_no_such_report() => Assert.Null(ReplayLogs.Kept("seabios").Remapping);

    [Fact]
    public void An_altered_entry_shows_at_the_next_line() => AssertFirst("vtd_ir_remap", At("vtd_ir_remap "), "vector 51",
        Altered(At("vtd_ir_irte_get"), "high 0x4000023000d", "high 0x4000033000d"));

    [Fact]
    public void An_entry_that_is_not_present_shows_with_its_reason() => AssertFirst("vtd_ir_remap", At("vtd_ir_remap "), "reason 0x22",
        Altered(At("vtd_ir_irte_get"), "high 0x4000023000d", "high 0x4000023000c"));

    [Fact]
    public void An_entry_with_reserved_bits_shows_with_its_reason() => AssertFirst("vtd_ir_remap", At("vtd_ir_remap "), "reason 0x24",
        Altered(At("vtd_ir_irte_get"), "low 0x40008", "low 0x140008"));

    [Fact]
    public void A_wrong_index() => AssertFirst("vtd_ir_irte_get", At("vtd_ir_irte_get"), "entry 19",
        Altered(At("vtd_ir_irte_get"), "index 19", "index 20"));

    [Theory]
    [InlineData("trigger 0", "trigger 1")]
    [InlineData("vector 35", "vector 36")]
    [InlineData("deliver 0", "deliver 1")]
    [InlineData("dest 0x4", "dest 0x2")]
    [InlineData("mode 1", "mode 0")]
    public void A_wrong_outcome_shows_at_its_line(string right, string wrong) => AssertFirst("vtd_ir_remap", At("vtd_ir_remap "), right,
        Altered(At("vtd_ir_remap "), right, wrong));

    [Theory]
    [InlineData("-> (addr 0xfee0400c", "-> (addr 0xfee0200c")]
    [InlineData("data 0x4023)", "data 0x4024)")]
    public void A_wrong_message_shows_at_its_line(string right, string wrong) => AssertFirst("vtd_ir_remap_msi", At("vtd_ir_remap_msi "), "0x4023",
        Altered(At("vtd_ir_remap_msi "), right, wrong));

    [Fact]
    public void What_reaches_the_local_apics_is_compared_too() => AssertFirst("apic_deliver_irq", At("apic_deliver_irq"), "vector 35",
        Altered(At("apic_deliver_irq"), "vector 35", "vector 36"));

    [Fact]
    public void A_request_that_was_blocked_and_should_not_shows_at_its_line()
    {
        // The second of its kind: by then its requester is known.
        int request = Array.FindIndex(s_lines, s_request + 1, line => line.Contains("vtd_ir_remap_msi_req addr 0xfee00278", StringComparison.Ordinal)),
            delivery = Array.FindIndex(s_lines, request, line => line.Contains("apic_deliver_irq", StringComparison.Ordinal));
        string[] blocked = [.. s_lines.Where((_, index) => index <= request + 1 || index > delivery)];
        Mismatch first = AssertFirst("vtd_ir_remap", request, "vector 35", blocked);
        Assert.Equal("nothing: the request was blocked", first.Logged);
    }

    [Fact]
    public void An_invalidation_that_nobody_was_told_of_shows_at_its_descriptor()
    {
        int at = Array.FindLastIndex(s_lines, line => line.Contains("vtd_inv_desc_iec", StringComparison.Ordinal));
        AssertFirst("x86_iommu_iec_notify", at, "global=0 index", [.. s_lines.Where((_, index) => index != at + 1)]);
        AssertFirst("x86_iommu_iec_notify", at, "nothing", [.. s_lines.Where((_, index) => index != at)]);
        AssertFirst("x86_iommu_iec_notify", at + 1, "global=0 index", Altered(at + 1, "global=0", "global=1"));
    }

    [Fact]
    public void Commands_of_the_guest_are_compared()
    {
        int enable = Array.FindIndex(s_lines, line => line.Contains("vtd_ir_enable", StringComparison.Ordinal)),
            root = Array.FindIndex(s_lines, line => line.Contains("vtd_reg_ir_root", StringComparison.Ordinal));
        AssertFirst("vtd_ir_enable", enable, "enable 1", Altered(enable, "enable 1", "enable 0"));
        AssertFirst("vtd_reg_ir_root", root, "addr 0x1200000 size 0x10000", Altered(root, "0x1200000", "0x1300000"));
    }

    [Fact]
    public void A_unit_that_forgets_its_table_parts_from_the_log()
    {
        ReplayReport report = ReplayLogs.Kept(Log, (line, fabric) =>
        {
            if (line.Number == s_request + 1)
                VtdUnit.Of(fabric)!.Reset(new());
        });
        Assert.Equal((s_request + 2, "vtd_ir_irte_get"), ((int)report.First!.Line, report.First.Event));
    }

    private const string On = """
        apic_mem_readl 0x20 = 0x00000000
        apic_mem_writel 0xf0 = 0x000001ff
        vtd_reg_write addr 0xb8 size 0x8 value 0x100007
        vtd_reg_write addr 0x18 size 0x4 value 0x3000000
        vtd_reg_ir_root addr 0x100000 size 0x100
        vtd_ir_enable enable 1
        """;

    private static string Message(int vector, string source = "0x0", int index = 3) => $"""
        2 vtd_ir_remap_msi_req addr 0xfee000{index * 2 + 1:x}8 data 0x0
        2 vtd_ir_irte_get index {index} low {source} high 0x{vector:x2}0001
        2 vtd_ir_remap index {index} trigger 0 vector {vector} deliver 0 dest 0x0 mode 0
        2 vtd_ir_remap_msi (addr 0xfee000{index * 2 + 1:x}8, data 0x0) -> (addr 0xfee00000, data 0x40{vector:x2})
        2 apic_deliver_irq dest 0 dest_mode 0 delivery_mode 0 vector {vector} trigger_mode 0
        """;

    private static string Blocked(string source) => $"""
        2 vtd_ir_remap_msi_req addr 0xfee00078 data 0x0
        2 vtd_ir_irte_get index 3 low {source} high 0x410001
        """;

    private static ReplayReport Of(params string[] parts) => ReplayLogs.Text(ReplayLogs.Stamped(string.Join('\n', parts)));

    [Fact]
    public void An_entry_that_is_rewritten_and_used_without_an_invalidation_is_told_of()
    {
        const string invalidation = "vtd_inv_desc_iec granularity 0x1 index 0x2 mask 0x1";
        RemappingReport dropped = Clean(Of(On, Message(0x41), Message(0x42), Message(0x42))).Remapping!,
            told = Clean(Of(On, Message(0x41), invalidation, Message(0x42))).Remapping!;
        // The second message's entry is the thirteenth line.
        Assert.Equal((1, 13), (dropped.Stale, dropped.FirstStale));
        Assert.Equal((0, 1, 1), (told.Stale, told.Selective, told.Touched));
        Assert.Equal(new(12, false, 2, 1, 1), Assert.Single(told.Invalidations));
    }

    [Fact]
    public void A_global_invalidation_touches_all_routes_and_one_of_another_entry_none()
    {
        RemappingReport remapping = Clean(Of(On, Message(0x41), Message(0x42, index: 4), "vtd_inv_desc_iec granularity 0x1 index 0x5 mask 0x0",
            "vtd_inv_desc_iec granularity 0x0 index 0x0 mask 0x0", "vtd_inv_desc_iec granularity 0x0 index 0x0 mask 0x0")).Remapping!;
        Assert.Equal([0, 2, 0], remapping.Invalidations.Select(one => one.Touched));
        Assert.Equal((2, 2), (remapping.Touched, remapping.MostTouched));
    }

    [Fact]
    public void A_requester_that_an_entry_does_not_admit_is_blocked_by_both()
    {
        ReplayReport report = Clean(Of(On, Message(0x41, "0x40010"), Blocked("0x40018"), Message(0x42, index: 4)));
        Assert.Equal((2, 1), (report.Remapping!.Translated, report.Remapping.Blocked));
        // At the end of the log, what follows the fetch is not known.
        RemappingReport cut = Clean(Of(On, Message(0x41, "0x40010"), Blocked("0x40018"))).Remapping!;
        Assert.Equal((1, 0), (cut.Translated, cut.Blocked));
        // It passed before, so it is known, and its own entry must not block it.
        ReplayReport wrong = Of(On, Message(0x41, "0x40010"), Blocked("0x40010"), Message(0x42, index: 4));
        Assert.Equal((12, "vtd_ir_remap"), (wrong.First!.Line, wrong.First.Event));
    }

    [Fact]
    public void A_requester_that_never_passed_is_not_known_so_its_fault_is_not_judged()
    {
        ReplayReport report = Clean(Of(On, Blocked("0x40010")));
        Assert.Equal(1, report.Unchecked("vtd_ir_remap"));
        Assert.Equal("vtd_ir_remap", Of(On, Blocked("0x0"), Message(0x42, index: 4)).First!.Event);
    }

    [Fact]
    public void Reserved_bits_in_the_data_block_after_QEMU_has_printed_the_entry()
    {
        ReplayReport report = Clean(Of(On, """
            2 vtd_ir_remap_msi_req addr 0xfee00078 data 0x10000
            2 vtd_ir_irte_get index 3 low 0x0 high 0x410001
            2 vtd_ir_remap index 3 trigger 0 vector 65 deliver 0 dest 0x0 mode 0
            """, Message(0x42)));
        Assert.Equal(new Dictionary<string, long> { ["entry-of-refused"] = 1 }, report.Responses.Waivers);
        Assert.Equal((1, 1), (report.Remapping!.Translated, report.Remapping.Blocked));
    }

    [Fact]
    public void Compatibility_format_passes_QEMUs_unit_as_it_is()
    {
        ReplayReport report = Clean(Of(On, """
            2 vtd_ir_remap_msi_req addr 0xfee00000 data 0x4041
            2 vtd_ir_remap_msi (addr 0xfee00000, data 0x4041) -> (addr 0xfee00000, data 0x4041)
            2 apic_deliver_irq dest 0 dest_mode 0 delivery_mode 0 vector 65 trigger_mode 0
            """));
        Assert.Equal(1, report.Remapping!.Unremapped);
        Assert.Equal([new("msi:0xfee00000:0x4041", 0, 1)], report.Delivered);
    }

    [Fact]
    public void A_descriptor_that_the_unit_refuses_shows_and_the_next_one_works()
    {
        ReplayReport report = Of(On, Message(0x41), "vtd_inv_desc_iec granularity 0x1 index 0x0 mask 0x1f", "vtd_inv_desc_iec granularity 0x1 index 0x3 mask 0x0");
        Assert.Equal((12, "vtd_inv_desc_iec"), (report.First!.Line, report.First.Event));
        Assert.Equal(1, report.Remapping!.Touched);
    }

    [Fact]
    public void Entries_that_are_not_traced_are_taken_from_what_was_made_of_them()
    {
        const string lines = """
            apic_mem_readl 0x20 = 0x00000000
            ioapic_mem_write ioapic mem write addr 0x0 regsel: 0x0 size 0x4 val 0x19
            ioapic_mem_write ioapic mem write addr 0x10 regsel: 0x19 size 0x4 val 0x30000
            ioapic_mem_write ioapic mem write addr 0x0 regsel: 0x19 size 0x4 val 0x18
            ioapic_mem_write ioapic mem write addr 0x10 regsel: 0x18 size 0x4 val 0x8004
            2 ioapic_set_irq vector: 4 level: 1
            2 ioapic_set_remote_irr set remote irr for pin 4
            2 vtd_ir_remap_msi_req addr 0xfee00030 data 0x8004
            2 vtd_ir_remap index 1 trigger 1 vector 49 deliver 0 dest 0x0 mode 0
            2 vtd_ir_remap_msi (addr 0xfee00030, data 0x8004) -> (addr 0xfee00000, data 0xc031)
            2 apic_deliver_irq dest 0 dest_mode 0 delivery_mode 0 vector 49 trigger_mode 1
            2 vtd_ir_remap_msi_req addr 0xfee00270 data 0x0
            2 vtd_ir_remap index 19 trigger 0 vector 50 deliver 0 dest 0x0 mode 0
            2 vtd_ir_remap_msi (addr 0xfee00270, data 0x0) -> (addr 0xfee00000, data 0x4032)
            2 apic_deliver_irq dest 0 dest_mode 0 delivery_mode 0 vector 50 trigger_mode 0
            """;
        foreach (bool entries in (bool[])[true, false])
        {
            ReplayReport report = Clean(Of(string.Join('\n', lines.Split('\n')
                .Where(line => entries || !line.Contains("vtd_ir_remap index", StringComparison.Ordinal)))));
            Assert.Equal((1, 2), (report.Matched("vtd_ir_remap_msi_req"), report.Matched("apic_deliver_irq")));
            Assert.Equal((entries ? 2 : 0, entries ? 0 : 2), (report.Unchecked("vtd_ir_remap"), report.Unchecked("vtd_ir_remap_msi")));
            Assert.Equal([new("ioapic:4", 0, 1), new("irte:19", 0, 1)], report.Delivered);
            Assert.Contains(report.Notes, note => note.StartsWith("entries of the remapping table are not traced", StringComparison.Ordinal));
        }
    }

    private static int At(string what) =>
        Array.FindIndex(s_lines, s_request, line => line.Contains($":{what}", StringComparison.Ordinal));

    private static string[] Altered(int at, string from, string to)
    {
        Assert.Contains(from, s_lines[at], StringComparison.Ordinal);
        return [.. s_lines.Select((line, index) => index == at ? line.Replace(from, to, StringComparison.Ordinal) : line)];
    }

    private static Mismatch AssertFirst(string happened, int at, string predicted, string[] lines)
    {
        ReplayReport report = ReplayLogs.Text(string.Join('\n', lines));
        Assert.False(report.Succeeded);
        Assert.Equal((at + 1, happened), ((int)report.First!.Line, report.First.Event));
        Assert.Contains(predicted, report.First.Predicted, StringComparison.Ordinal);
        return report.First;
    }

    private static ReplayReport Clean(ReplayReport report)
    {
        ReplayLogs.AssertClean(report);
        return report;
    }
}
