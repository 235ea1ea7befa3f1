using Wirq.Events;
using Wirq.Remapping.VtD;
using static Wirq.Tests.Remapping.VtdBench;

namespace Wirq.Tests.Remapping;

/// <summary>VT-d specification, 11.4: what a guest reads back.</summary>
public class VtdRegisterTests
{
    /// <summary>Offset, size, value after reset, value after a write of all ones, and that without extended interrupt
    /// mode.</summary>
    public static TheoryData<uint, int, ulong, ulong, ulong> Registers => new()
    {
        { VtdBench.Version, 4, 0x10, 0x10, 0x10 },
        { Cap, 8, 0x40000300222F0000, 0x40000300222F0000, 0x40000300222F0000 },
        { Ecap, 8, 0xF00F1A, 0xF00F1A, 0xF00F0A },
        { Gsts, 4, 0, 0, 0 },
        { RtAddr, 8, 0, 0x0000FFFFFFFFFC00, 0x0000FFFFFFFFFC00 },
        { Ccmd, 8, 0, 0x78000003FFFFFFFF, 0x78000003FFFFFFFF },
        { Fsts, 4, 0, 0, 0 },
        { Fectl, 4, 0x80000000, 0x80000000, 0x80000000 },
        { Fedata, 4, 0, 0xFFFF, 0xFFFF },
        { Feaddr, 4, 0, 0xFFFFFFFC, 0xFFFFFFFC },
        { Feuaddr, 4, 0, 0xFFFFFFFF, 0 },
        { Iqh, 8, 0, 0, 0 },
        { Iqt, 8, 0, 0x7FFF0, 0x7FFF0 },
        { Iqa, 8, 0, 0x0000FFFFFFFFF007, 0x0000FFFFFFFFF007 },
        { Ics, 4, 0, 0, 0 },
        { Iectl, 4, 0x80000000, 0x80000000, 0x80000000 },
        { Iedata, 4, 0, 0xFFFF, 0xFFFF },
        { Ieaddr, 4, 0, 0xFFFFFFFC, 0xFFFFFFFC },
        { Ieuaddr, 4, 0, 0xFFFFFFFF, 0 },
        { Iqercd, 8, 0, 0, 0 },
        { Irta, 8, 0, 0x0000FFFFFFFFF80F, 0x0000FFFFFFFFF00F },
        { Iva, 8, 0, 0, 0 },
        { Iotlb, 8, 0, 0x3603FFFF00000000, 0x3603FFFF00000000 },
        { Frcd, 8, 0, 0, 0 },
        { Frcd + 0x38, 8, 0, 0, 0 },
    };

    [Theory, MemberData(nameof(Registers))]
    public void A_register_keeps_the_bits_it_has(uint offset, int size, ulong reset, ulong written, ulong narrow)
    {
        foreach (bool extended in (bool[])[true, false])
        {
            var bench = new VtdBench(new() { ExtendedInterruptMode = extended });
            if (extended)
                Assert.Equal(reset, bench.Unit.Read(offset, size));
            bench.Unit.Write(offset, size, ulong.MaxValue, bench.Events);
            Assert.Equal(extended ? written : narrow, bench.Unit.Read(offset, size));
            bench.Unit.Reset(new());
            if (extended)
                Assert.Equal(reset, bench.Unit.Read(offset, size));
        }
    }

    [Theory, MemberData(nameof(Registers))]
    public void A_register_of_64_bits_is_written_by_halves(uint offset, int size, ulong reset, ulong written, ulong narrow)
    {
        _ = (reset, narrow);
        if (size == 4)
            return;
        var bench = new VtdBench();
        ulong before = bench.Read64(offset);
        bench.Put(offset, uint.MaxValue);
        Assert.Equal(before & 0xFFFFFFFF00000000 | (uint)written, bench.Read64(offset));
        bench.Put(offset + 4, uint.MaxValue);
        Assert.Equal(written, bench.Read64(offset));
        Assert.Equal(((uint)written, (uint)(written >> 32)), (bench.Read(offset), bench.Read(offset + 4)));
    }

    [Fact]
    public void Every_other_access_reaches_nothing_and_changes_nothing()
    {
        var bench = new VtdBench(new() { FaultRecords = 3 });
        var reached = new HashSet<(uint, int)>();
        foreach (ITheoryDataRow row in Registers)
        {
            object?[] data = row.GetData();
            (uint offset, int size) = ((uint)data[0]!, (int)data[1]!);
            if (offset >= Frcd)
                continue;
            reached.Add((offset, size));
            if (size == 8)
                reached.UnionWith([(offset, 4), (offset + 4, 4)]);
        }
        reached.Add((Gcmd, 4));
        for (uint at = Frcd; at < Frcd + 3 * 16; at += 4)
        {
            reached.Add((at, 4));
            if (at % 8 == 0)
                reached.Add((at, 8));
        }
        UInt128 identity = bench.Arena.Identity(0);
        for (uint offset = 0; offset < VtdUnit.PageSize + 16; offset++)
        {
            foreach (int size in (int[])[1, 2, 3, 4, 8, 16, 0, -1])
            {
                Assert.Equal(reached.Contains((offset, size)), bench.Unit.Has(offset, size));
                if (reached.Contains((offset, size)))
                    continue;
                bench.Unit.Write(offset, size, ulong.MaxValue, bench.Events);
                Assert.Equal(0ul, bench.Unit.Read(offset, size));
            }
        }
        Assert.False(bench.Unit.Has(uint.MaxValue - 3, 4));
        Assert.Equal(identity, bench.Arena.Identity(0));
        Assert.Equal(0, bench.Run());
    }

    [Fact]
    public void The_command_register_reads_zero()
    {
        VtdBench bench = new VtdBench().Remap();
        Assert.Equal(0u, bench.Read(Gcmd));
    }

    [Fact]
    public void The_capabilities_follow_the_options()
    {
        var bench = new VtdBench(new() { FaultRecords = VtdOptions.MaxFaultRecords, AddressWidth = 39 });
        Assert.Equal(222, VtdOptions.MaxFaultRecords);
        Assert.Equal(221ul, bench.Read64(Cap) >> 40 & 0xFF);
        Assert.Equal(38ul, bench.Read64(Cap) >> 16 & 0x3F);
        Assert.Equal(0ul, bench.Read64(Cap) >> 59 & 1);
        bench.Write64(Irta, ulong.MaxValue);
        Assert.Equal(0x7FFFFFF80Ful, bench.Read64(Irta));
        Assert.True(bench.Unit.Has(0xFF8, 8));
        Assert.Equal(0xFED90000ul, bench.Unit.Options.Address);
    }

    public static TheoryData<VtdOptions> BadOptions =>
    [
        new VtdOptions { FaultRecords = 0 }, new VtdOptions { FaultRecords = 223 }, new VtdOptions { AddressWidth = 31 },
        new VtdOptions { AddressWidth = 53 }, new VtdOptions { Address = 0xFED90800 },
    ];

    [Theory, MemberData(nameof(BadOptions))]
    public void An_option_out_of_range_is_refused(VtdOptions options) =>
        Assert.Throws<OptionException>(() => new VtdBench(options));

    [Theory]
    [InlineData(-1)]
    [InlineData(255)]
    public void A_unit_has_a_number_that_a_cookie_can_bear(int unit) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new VtdBench(unit: unit));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Cache_invalidations_by_register_are_done_at_once(uint granularity)
    {
        var bench = new VtdBench();
        bench.Put(Ccmd, 0x00080001);
        Assert.Equal(0x80001ul, bench.Read64(Ccmd));
        bench.Put(Ccmd + 4, 1u << 31 | granularity << 29);
        Assert.Equal((ulong)granularity << 61 | (ulong)granularity << 59 | 0x80001, bench.Read64(Ccmd));
        bench.Put64(Iotlb, 1ul << 63 | (ulong)granularity << 60 | 5ul << 32);
        Assert.Equal((ulong)granularity << 60 | (ulong)granularity << 57 | 5ul << 32, bench.Read64(Iotlb));
        Assert.Equal(0, bench.Run());
    }

    [Fact]
    public void A_write_without_anybody_observing_makes_effects_only()
    {
        VtdBench bench = new VtdBench().Remap().EnableQueue().Unmask(Iectl, 0xFEE00000, 0x33);
        bench.Events.Observing = false;
        bench.Submit(QueuedDescriptor.AllEntries, QueuedDescriptor.Wait(Status, 1, interrupt: true));
        bench.Command(IRE, false);
        Assert.Equal([EventKind.MemoryWrite, EventKind.UnitMessage], bench.Seen().Select(e => e.Kind));
    }
}
