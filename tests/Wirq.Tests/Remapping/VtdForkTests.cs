using Wirq.Remapping.VtD;
using Wirq.State;
using static Wirq.Tests.Remapping.VtdBench;

namespace Wirq.Tests.Remapping;

public class VtdForkTests
{
    [Fact]
    public void A_copy_goes_on_as_the_original_would_and_then_its_own_way()
    {
        VtdBench bench = new VtdBench().Remap(extended: true).EnableQueue(), copy = new();
        bench.Blocked(Handle(7));
        bench.Put(Iqt, 16); // Work left over is state, too.
        bench.Put(Gcmd, IRE | QIE | SIRTP);
        copy.Arena.CopyFrom(bench.Arena);
        Assert.Equal(bench.Arena.Identity(0), copy.Arena.Identity(0));
        Assert.Equal((bench.Run(), bench.Read(Fsts)), (copy.Run(), copy.Read(Fsts)));
        Assert.Equal(bench.Arena.Identity(0), copy.Arena.Identity(0));
        Assert.Equal(bench.Record(0), copy.Record(0));
        copy.ClearRecord(0);
        Assert.NotEqual(bench.Arena.Identity(0), copy.Arena.Identity(0));
        Assert.Equal(1ul, bench.Record(0).High >> 63);
    }

    [Fact]
    public void What_a_guest_does_and_takes_back_is_the_same_state()
    {
        var bench = new VtdBench();
        UInt128 identity = bench.Arena.Identity(0);
        bench.Write(Fedata, 5);
        Assert.NotEqual(identity, bench.Arena.Identity(0));
        bench.Write(Fedata, 0);
        bench.Command(IRE);
        bench.Command(IRE, false);
        Assert.Equal(identity, bench.Arena.Identity(0));
    }

    [Fact]
    public void A_unit_with_other_records_has_another_layout() =>
        Assert.Throws<ArgumentException>(() => new VtdBench().Arena.CopyFrom(new VtdBench(new() { FaultRecords = 5 }).Arena));

    [Fact]
    public void The_state_is_that_of_the_unit_alone()
    {
        var arena = new StateArena();
        _ = new VtdUnit(new(), arena);
        Assert.Equal((4 + 24 + 2 * 4) * 8, arena.Length);
    }
}
