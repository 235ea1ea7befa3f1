using Wirq.Events;
using Wirq.Remapping;
using Wirq.Remapping.VtD;
using static Wirq.Tests.Remapping.VtdBench;

namespace Wirq.Tests.Remapping;

/// <summary>VT-d specification, 11.4, global command and status.</summary>
public class VtdCommandTests
{
    [Theory]
    [InlineData(SIRTP)]
    [InlineData(IRE)]
    [InlineData(CFI)]
    public void A_command_shows_as_done_only_after_its_step_has_invalidated_everything(uint command)
    {
        var bench = new VtdBench(unit: 3);
        bench.Put(Gcmd, command);
        Assert.Equal(0u, bench.Read(Gsts));
        Assert.True(bench.Unit.TryStep(bench.Memory, bench.Events, out CookieRange invalidated));
        Assert.Equal(CookieRange.AllOf(3), invalidated);
        Assert.Equal(command, bench.Read(Gsts));
        Assert.False(bench.Unit.TryStep(bench.Memory, bench.Events, out invalidated));
        Assert.True(invalidated.IsEmpty);
    }

    [Theory]
    [InlineData(QIE)]
    [InlineData(SRTP)]
    [InlineData(TE)]
    public void A_command_that_concerns_no_entry_invalidates_none(uint command)
    {
        var bench = new VtdBench();
        bench.Write(Gcmd, command);
        Assert.Equal(command, bench.Read(Gsts));
        Assert.True(Assert.Single(bench.Steps).IsEmpty);
        Assert.Empty(bench.Seen());
    }

    [Fact]
    public void Each_switch_goes_on_and_off_and_the_same_value_again_is_no_work()
    {
        var bench = new VtdBench();
        foreach (uint command in (uint[])[TE, QIE, IRE, CFI])
        {
            bench.Command(command);
            Assert.Equal(command, bench.Read(Gsts));
            bench.Put(Gcmd, command);
            Assert.Equal(0, bench.Run());
            bench.Command(command, false);
            Assert.Equal(0u, bench.Read(Gsts));
        }
    }

    [Fact]
    public void What_the_capabilities_do_not_offer_is_ignored()
    {
        var bench = new VtdBench();
        bench.Put(Gcmd, 1 << 29 | 1 << 28 | 1 << 27 | 0x7FFFFF);
        Assert.Equal(0, bench.Run());
        Assert.Equal(0u, bench.Read(Gsts));
    }

    [Fact]
    public void All_commands_at_once_are_six_steps()
    {
        var bench = new VtdBench();
        bench.Write64(Irta, Table | 7);
        bench.Put(Gcmd, uint.MaxValue);
        Assert.Equal(6, bench.Run());
        Assert.Equal(TE | SRTP | QIE | IRE | SIRTP | CFI, bench.Read(Gsts));
        Assert.Equal(3, bench.Steps.Count(range => range == CookieRange.AllOf(0)));
        Assert.Equal([new Event(EventKind.RemapSwitched, 0, 0, 1)], bench.Seen().Where(e => e.Kind == EventKind.RemapSwitched));
    }

    [Fact]
    public void A_pointer_set_again_falls_in_the_status_until_it_is_done()
    {
        var bench = new VtdBench();
        bench.Command(SIRTP);
        bench.Command(SRTP);
        bench.Put(Gcmd, SIRTP);
        Assert.Equal(SRTP, bench.Read(Gsts));
        bench.Put(Gcmd, 0); // The command stands, whatever is written before it is done.
        bench.Run();
        Assert.Equal(SRTP | SIRTP, bench.Read(Gsts));
    }

    [Fact]
    public void The_table_address_counts_from_the_command_that_sets_it()
    {
        VtdBench bench = new VtdBench().Remap();
        bench.Entry(5, Irte.For(To(1), extended: false));
        bench.Write64(Irta, 0x18000 | 0x800);
        Assert.Equal(RefusalReason.None, bench.Deliver(Handle(5), out InterruptMessage message));
        Assert.Equal(To(1), message);
        bench.Command(SIRTP);
        bench.Blocked(Handle(5));
        Assert.Equal(0x21ul, bench.Record(0).High >> 32 & 0xFF);
    }

    [Fact]
    public void Remapping_is_switched_with_an_event()
    {
        var bench = new VtdBench();
        Assert.False(bench.Unit.RemappingEnabled);
        bench.Command(IRE);
        Assert.True(bench.Unit.RemappingEnabled);
        bench.Command(IRE, false);
        Assert.False(bench.Unit.RemappingEnabled);
        Assert.Equal([1ul, 0ul], bench.Seen().Where(e => e.Kind == EventKind.RemapSwitched).Select(e => e.A));
    }

    [Fact]
    public void The_next_record_is_the_first_again_when_all_remapping_is_off()
    {
        VtdBench bench = new VtdBench().Remap();
        bench.Blocked(Handle(1));
        bench.ClearRecord(0);
        bench.Command(TE);
        bench.Command(IRE, false);
        bench.Command(IRE);
        bench.Blocked(Handle(2));
        Assert.Equal((0ul, 2ul << 48), (bench.Record(0).High >> 63, bench.Record(1).Low));
        bench.ClearRecord(1);
        bench.Command(TE, false);
        bench.Command(IRE, false);
        bench.Command(IRE);
        bench.Blocked(Handle(3));
        Assert.Equal(3ul << 48, bench.Record(0).Low);
    }

    [Fact]
    public void A_driver_of_address_translation_finds_what_it_polls_for()
    {
        var bench = new VtdBench();
        bench.Write64(RtAddr, 0x5000);
        bench.Command(SRTP);
        Assert.Equal(SRTP, bench.Read(Gsts));
        bench.Command(TE);
        Assert.Equal(TE | SRTP, bench.Read(Gsts));
        Assert.Equal((0x5000ul, 0ul), (bench.Read64(RtAddr), bench.Read64(Cap) >> 8 & 0x1F));
    }
}
