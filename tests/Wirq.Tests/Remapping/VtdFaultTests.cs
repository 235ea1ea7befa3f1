using Wirq.Events;
using Wirq.Remapping;
using Wirq.Remapping.VtD;
using static Wirq.Tests.Remapping.VtdBench;

namespace Wirq.Tests.Remapping;

/// <summary>VT-d specification, 5.1.4.1 and 7: which requests are blocked, what is recorded, and what is
/// reported.</summary>
public class VtdFaultTests
{
    private static readonly Irte s_good = Irte.For(To(1), extended: false);
    private static readonly Irte s_wide = Irte.For(To(1), extended: true);

    /// <summary>One way to be blocked.</summary>
    /// <param name="Name">What is wrong.</param>
    /// <param name="Reason">Fault reason.</param>
    /// <param name="Index">Index in the record.</param>
    /// <param name="Message">The request.</param>
    /// <param name="Entry">The entry at that index.</param>
    /// <param name="Extended">Whether the table is in extended mode.</param>
    public sealed record Case(string Name, int Reason, ulong Index, Msi Message, Irte Entry, bool Extended = false)
    {
        /// <inheritdoc/>
        public override string ToString() => Name;
        internal bool Qualified => Reason is 0x22 or 0x24 or 0x26;
    }

    private static readonly Case[] s_cases =
    [
        new("reserved data beside a subhandle", 0x20, 7, new(MsiAddress.ForHandle(5, true), new MsiData(0x10002)), s_good),
        new("an address above 4 GiB", 0x20, 5, new(1ul << 32 | MsiAddress.ForHandle(5).Bits, 0), s_good),
        new("the first index beyond the table", 0x21, 256, Handle(256), s_good),
        new("an index of 17 bits", 0x21, 0xFFFE, Handle(0xFFFF, 0xFFFF), s_good),
        new("an entry of zeroes", 0x22, 5, Handle(5), default),
        new("an entry that is not present, all else reserved", 0x22, 5, Handle(5), new Irte(~3ul, ~0ul)),
        new("reserved bit 12", 0x24, 5, Handle(5), s_good with { Low = s_good.Low | 1 << 12 }),
        new("reserved bit 14", 0x24, 5, Handle(5), s_good with { Low = s_good.Low | 1 << 14 }),
        new("posted format", 0x24, 5, Handle(5), s_good with { Low = s_good.Low | 1 << 15 }),
        new("reserved bit 24", 0x24, 5, Handle(5), s_good with { Low = s_good.Low | 1 << 24 }),
        new("reserved bit 31", 0x24, 5, Handle(5), s_good with { Low = s_good.Low | 1ul << 31 }),
        new("reserved bit 84", 0x24, 5, Handle(5), s_good with { High = s_good.High | 1 << 20 }),
        new("reserved bit 127", 0x24, 5, Handle(5), s_good with { High = s_good.High | 1ul << 63 }),
        new("reserved SVT", 0x24, 5, Handle(5), s_good.WithSource(SourceValidation.Reserved, Nic)),
        new("delivery mode 011", 0x24, 5, Handle(5), s_good with { Low = s_good.Low | 3 << 5 }),
        new("delivery mode 110", 0x24, 5, Handle(5), s_good with { Low = s_good.Low | 6 << 5 }),
        new("destination below the 8 bits", 0x24, 5, Handle(5), s_good with { Low = s_good.Low | 1ul << 39 }),
        new("destination above the 8 bits", 0x24, 5, Handle(5), s_good with { Low = s_good.Low | 1ul << 48 }),
        new("posted format in extended mode", 0x24, 5, Handle(5), s_wide with { Low = s_wide.Low | 1 << 15 }, true),
        new("compatibility format", 0x25, 0, Msi.Encode(To(1)), s_good),
        new("compatibility format in extended mode", 0x25, 0, Msi.Encode(To(1)), s_wide, true),
        new("another requester", 0x26, 5, Handle(5), s_good.WithSource(SourceValidation.Id, 0x0311)),
        new("another bus", 0x26, 5, Handle(5), s_good.WithSource(SourceValidation.Buses, 0x0406)),
    ];

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, s_cases.Length)];

    private static VtdBench Bench(Case @case)
    {
        VtdBench bench = new VtdBench().Remap(@case.Extended);
        if (@case.Index < 256)
            bench.Entry((int)@case.Index, @case.Entry);
        return bench;
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_blocked_delivery_records_one_fault_with_reason_source_and_index(int number)
    {
        Case @case = s_cases[number];
        VtdBench bench = Bench(@case);
        bench.Blocked(@case.Message);
        Assert.Equal((@case.Index << 48, 1ul << 63 | (ulong)@case.Reason << 32 | Nic), bench.Record(0));
        Assert.Equal((0ul, 0ul), bench.Record(1));
        Assert.Equal(Ppf, bench.Read(Fsts));
        Assert.Equal([Faulted(@case.Reason, @case.Index)], bench.Seen());
        bench.Blocked(@case.Message, 0x0200);
        Assert.Equal((@case.Index << 48, 1ul << 63 | (ulong)@case.Reason << 32 | 0x0200), bench.Record(1));
        Assert.Equal((0ul, 0ul), bench.Record(2));
    }

    [Theory, MemberData(nameof(Cases))]
    public void A_translation_in_advance_records_nothing_and_tells_nothing(int number)
    {
        Case @case = s_cases[number];
        VtdBench bench = Bench(@case).Unmask(Fectl, 0xFEE00000, 0x33);
        bench.Forget();
        UInt128 identity = bench.Arena.Identity(0);
        Assert.Equal(RefusalReason.RemappingFault, bench.Prefetch(@case.Message, out _, out RouteCookie cookie));
        Assert.Empty(bench.Seen());
        Assert.Equal(identity, bench.Arena.Identity(0));
        Assert.True(CookieRange.AllOf(0).Has(cookie));
        // The control: the same request, delivered.
        bench.Blocked(@case.Message);
        Assert.NotEqual(identity, bench.Arena.Identity(0));
        Assert.Equal([Faulted(@case.Reason, @case.Index), Message(0xFEE00000, 0x33)], bench.Seen());
    }

    [Theory, MemberData(nameof(Cases))]
    public void FPD_suppresses_the_records_of_what_is_wrong_with_an_entry_and_no_others(int number)
    {
        Case @case = s_cases[number];
        VtdBench bench = Bench(@case with { Entry = @case.Entry.WithFaultsSuppressed(true) });
        bench.Blocked(@case.Message);
        Assert.Equal(@case.Qualified ? 0u : Ppf, bench.Read(Fsts));
        Assert.Equal([Faulted(@case.Reason, @case.Index, suppressed: @case.Qualified)], bench.Seen());
        Assert.Equal(@case.Qualified, bench.Record(0).High == 0);
    }

    [Theory]
    [InlineData(0x40000, 0, 0x23)]
    [InlineData(0x3F000, 255, 0)]
    [InlineData(0x3F000, 256, 0x23)]
    [InlineData(0xFFFFFFFFF000, 255, 0x23)]
    [InlineData(0xFFFFFFFFF000, 256, 0x21)] // Above the address width.
    public void A_table_that_ends_with_the_memory_faults_where_it_cannot_be_read(ulong table, int index, int reason)
    {
        VtdBench bench = new VtdBench().Remap(size: 8, table: table);
        if (reason == 0)
        {
            bench.Memory.Put(MemoryBytes - 16, s_good.Low, 0);
            Assert.Equal(RefusalReason.None, bench.Deliver(Handle((ushort)index), out _));
            return;
        }
        bench.Blocked(Handle((ushort)index));
        Assert.Equal(((ulong)index << 48, 1ul << 63 | (ulong)reason << 32 | Nic), bench.Record(0));
    }

    [Fact]
    public void A_fault_without_room_sets_overflow_and_is_lost_and_so_is_all_after_it()
    {
        VtdBench bench = new VtdBench(new() { FaultRecords = 2 }).Remap();
        for (ushort i = 1; i <= 4; i++)
            bench.Blocked(Handle(i));
        Assert.Equal(Ppf | Pfo, bench.Read(Fsts));
        Assert.Equal((1ul << 48, 2ul << 48), (bench.Record(0).Low, bench.Record(1).Low));
        Assert.Equal([Faulted(0x22, 1), Faulted(0x22, 2), Faulted(0x22, 3, lost: true), Faulted(0x22, 4, lost: true)], bench.Seen());

        // Room alone is not enough: PFO has to be cleared, too.
        bench.ClearRecord(0);
        bench.Blocked(Handle(5));
        Assert.Equal([Faulted(0x22, 5, lost: true)], bench.Seen());
        bench.Write(Fsts, Pfo);
        bench.Blocked(Handle(6));
        Assert.Equal(6ul << 48, bench.Record(0).Low);
        Assert.Equal(Ppf, bench.Read(Fsts));
    }

    [Fact]
    public void Records_are_filled_in_turn_and_FRI_names_the_one_that_set_PPF()
    {
        VtdBench bench = new VtdBench(new() { FaultRecords = 3 }).Remap();
        bench.Blocked(Handle(1));
        bench.ClearRecord(0);
        Assert.Equal(0u, bench.Read(Fsts) & Ppf);
        bench.Blocked(Handle(2));
        bench.Blocked(Handle(3));
        Assert.Equal(Ppf | 1 << 8, bench.Read(Fsts));
        bench.Blocked(Handle(4));
        Assert.Equal((4ul << 48, 2ul << 48, 3ul << 48), (bench.Record(0).Low, bench.Record(1).Low, bench.Record(2).Low));
        bench.ClearRecord(1);
        Assert.Equal(Ppf | 1 << 8, bench.Read(Fsts));
        bench.ClearRecord(0);
        bench.ClearRecord(2);
        Assert.Equal(0u, bench.Read(Fsts) & Ppf);
    }

    [Fact]
    public void Only_a_one_to_F_clears_a_record_and_leaves_the_rest_of_it()
    {
        VtdBench bench = new VtdBench().Remap();
        bench.Blocked(Handle(1));
        (ulong low, ulong high) = bench.Record(0);
        foreach (uint half in (uint[])[0, 4, 8])
            bench.Write(Frcd + half, uint.MaxValue);
        bench.Write64(Frcd, ulong.MaxValue);
        bench.Write(Frcd + 12, 0x7FFFFFFF);
        bench.Write64(Frcd + 8, ulong.MaxValue >> 1);
        Assert.Equal((low, high), bench.Record(0));
        bench.Write64(Frcd + 8, 1ul << 63);
        Assert.Equal((low, high & ~(1ul << 63)), bench.Record(0));
    }

    [Fact]
    public void The_fault_event_is_sent_for_the_first_of_several_pending_faults()
    {
        VtdBench bench = new VtdBench().Remap().Unmask(Fectl, 0xFEE01000, 0x33, upper: 0x12);
        bench.Blocked(Handle(1));
        Assert.Equal([Message(0x12_FEE01000, 0x33)], bench.Effects());
        Assert.Equal(0u, bench.Read(Fectl));
        bench.Blocked(Handle(2));
        Assert.Empty(bench.Effects());
        bench.ClearRecord(0);
        bench.Blocked(Handle(3));
        Assert.Empty(bench.Effects());
        bench.ClearRecord(1);
        bench.ClearRecord(2);
        bench.Blocked(Handle(4));
        Assert.Equal([Message(0x12_FEE01000, 0x33)], bench.Effects());
    }

    [Fact]
    public void A_masked_fault_event_stays_pending_and_is_sent_once_on_unmask()
    {
        VtdBench bench = new VtdBench().Remap();
        bench.Write(Feaddr, 0xFEE00000);
        bench.Write(Fedata, 0x34);
        bench.Blocked(Handle(1));
        Assert.Equal(Masked | Pending, bench.Read(Fectl));
        Assert.Empty(bench.Effects());
        bench.Write(Fectl, Masked);
        Assert.Equal(Masked | Pending, bench.Read(Fectl));
        bench.Write(Fectl, 0);
        Assert.Equal([Message(0xFEE00000, 0x34)], bench.Effects());
        Assert.Equal(0u, bench.Read(Fectl));
        bench.Write(Fectl, Masked);
        bench.Write(Fectl, 0);
        Assert.Empty(bench.Effects());
    }

    [Fact]
    public void A_pending_event_goes_when_software_has_served_all_status()
    {
        VtdBench bench = new VtdBench(new() { FaultRecords = 1 }).Remap();
        bench.Blocked(Handle(1));
        bench.Blocked(Handle(2));
        bench.ClearRecord(0);
        Assert.Equal(Masked | Pending, bench.Read(Fectl)); // PFO is still set.
        bench.Write(Fsts, Pfo);
        Assert.Equal(Masked, bench.Read(Fectl));
        bench.Write(Fectl, 0);
        Assert.Empty(bench.Effects());
    }
}
