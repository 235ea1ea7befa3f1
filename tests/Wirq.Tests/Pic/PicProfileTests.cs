using System.Globalization;

namespace Wirq.Tests.Pic;

/// <summary>Each row of the table is a scenario whose outcome under every profile is written down here.</summary>
public class PicProfileTests
{
    private static readonly Dictionary<string, (Func<Profile, string> Run, string Manual, string Qemu, string Kvm)> Scenarios = new()
    {
        ["EdgeOutlivesLine"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Raise(3);
            bench.Lower(3);
            return $"IRR {bench.Pair.RequestRegister:x} takes {bench.TakeIrq()}";
        }, "IRR 0 takes 7", "IRR 8 takes 3", "IRR 8 takes 3"),
        ["IntrFallsWithLine"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Levels(1 << 5);
            bench.Raise(5);
            bench.Lower(5);
            return $"INTR {bench.Pair.Intr}";
        }, "INTR True", "INTR False", "INTR False"),
        ["TriggerChangeKeepsIrr"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Raise(5);
            bench.Take();
            bench.Eoi(5);
            bench.Levels(1 << 5);
            return $"INTR {bench.Pair.Intr}";
        }, "INTR True", "INTR False", "INTR False"),
        ["UnprogrammedRequests"] = (profile =>
        {
            var bench = new PicBench(profile);
            bench.Raise(1);
            bool before = bench.Pair.Intr;
            bench.Out(0x20, 0x11);
            bench.Out(0x21, 0x20);
            bench.Raise(3);
            return $"INTR {before} {bench.Pair.Intr}";
        }, "INTR False False", "INTR True True", "INTR True True"),
        ["Icw1RearmsHeldPins"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Raise(4);
            bench.Program();
            bench.Raise(4);
            return $"INTR {bench.Pair.Intr}";
        }, "INTR False", "INTR True", "INTR True"),
        ["Icw1KeepsInService"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Raise(5);
            bench.Take();
            bench.Raise(6);
            bench.Raise(3);
            bench.Take();
            bench.Lower(3);
            bench.Raise(3);
            bench.Program();
            return $"ISR {bench.Pair.InServiceRegister:x}";
        }, "ISR 0", "ISR 0", "ISR 20"),
        ["Icw1ClearsModes"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Command(Ocw2Command.SetRotateInAutoEoi, 0);
            bench.Program(Icw4.Create(autoEoi: true));
            bench.Raise(0);
            bench.Take();
            bench.Lower(0);
            bench.Raise(0);
            bench.Raise(1);
            return $"takes {bench.TakeIrq()}";
        }, "takes 1", "takes 0", "takes 1"),
        ["SingleIgnored"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Out(0x20, Icw1.Create(single: true).Bits);
            bench.Out(0x21, 0x20);
            bench.Out(0x21, Icw4.Create().Bits);
            bench.Out(0x21, 0xF0);
            return $"IMR {bench.In(0x21):x}";
        }, "IMR f0", "IMR f0", "IMR 0"),
        ["LtimIgnored"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Out(0x20, Icw1.Create(level: true).Bits);
            bench.Out(0x21, 0x20);
            bench.Out(0x21, 0x04);
            bench.Out(0x21, Icw4.Create().Bits);
            bench.Raise(1);
            bench.Take();
            bench.Eoi(1);
            return $"level {bench.Pair.LevelTriggered:x} INTR {bench.Pair.Intr}";
        }, "level ff INTR True", "level 0 INTR False", "level 0 INTR False"),
        ["Icw3Ignored"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Out(0x20, Icw1.Create().Bits);
            bench.Out(0x21, 0x20);
            bench.Out(0x21, 0x00);
            bench.Out(0x21, Icw4.Create().Bits);
            bench.Raise(12);
            return $"vector {bench.Take():x}";
        }, "vector 22", "vector 2c", "vector 2c"),
        ["SpecialMaskIgnored"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Raise(3);
            bench.Take();
            bench.Out(0x20, Ocw3.ForSpecialMask(true).Bits);
            bench.Out(0x21, 1 << 3);
            bench.Raise(5);
            return $"INTR {bench.Pair.Intr}";
        }, "INTR True", "INTR True", "INTR False"),
        ["SpecialMaskEoiEndsMasked"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Raise(5);
            bench.Take();
            bench.Raise(3);
            bench.Take();
            bench.Out(0x20, Ocw3.ForSpecialMask(true).Bits);
            bench.Out(0x21, 1 << 3);
            bench.Command(Ocw2Command.NonSpecificEoi, 0);
            return $"ISR {bench.Pair.InServiceRegister:x}";
        }, "ISR 8", "ISR 20", "ISR 20"),
        ["NestedModeUnblocksBelow"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile, masterModes: Icw4.Create(specialFullyNested: true));
            bench.Raise(12);
            bench.Take();
            bench.Raise(3);
            return $"INTR {bench.Pair.Intr}";
        }, "INTR False", "INTR True", "INTR True"),
        ["ChipsSettleApart"] = (profile =>
        {
            var modes = Icw4.Create(autoEoi: true);
            PicBench bench = PicBench.Ready(profile, masterModes: modes, slaveModes: modes);
            bench.Raise(12);
            bench.Raise(10);
            bench.Take();
            return $"INTR {bench.Pair.Intr}";
        }, "INTR True", "INTR False", "INTR True"),
        ["CascadePulses"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Raise(12);
            bench.Poll(0x20);
            bench.Eoi(2);
            return $"IRR {bench.Pair.RequestRegister:x} INTR {bench.Pair.Intr}";
        }, "IRR 1000 INTR False", "IRR 1000 INTR False", "IRR 1004 INTR True"),
        ["IdlePollReadsZero"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            return $"reads {bench.Poll(0x20):x2} {bench.Poll(0xA0):x2}";
        }, "reads 07 07", "reads 00 00", "reads 07 07"),
        ["PollEndsInterrupt"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Levels(1 << 5);
            bench.Raise(5);
            byte read = bench.Poll(0x20);
            return $"reads {read:x} ISR {bench.Pair.InServiceRegister:x} IRR {bench.Pair.RequestRegister:x} acks {Acked(bench)}";
        }, "reads 85 ISR 20 IRR 20 acks ", "reads 85 ISR 20 IRR 20 acks ", "reads 85 ISR 0 IRR 0 acks 5"),
        ["AcksEdges"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Raise(11);
            bench.Take();
            bench.Eoi(11);
            string slave = Acked(bench);
            bench.Eoi(2);
            return $"acks {slave} {Acked(bench)}";
        }, "acks  ", "acks  ", "acks 11 "),
        ["AcksIdleEoi"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Levels(1 << 5);
            bench.Eoi(5);
            string level = Acked(bench);
            bench.Command(Ocw2Command.NonSpecificEoi, 0);
            return $"acks {level} {Acked(bench)}";
        }, "acks  ", "acks  ", "acks 5 "),
        ["InitialisationLeavesInt"] = (profile => $"INTR {UnseenByInt(profile).Pair.Intr}",
            "INTR True", "INTR False", "INTR False"),
        ["IdleCommandLeavesInt"] = (profile =>
        {
            PicBench bench = UnseenByInt(profile);
            bench.Command(Ocw2Command.SetRotateInAutoEoi, 0);
            return $"INTR {bench.Pair.Intr}";
        }, "INTR True", "INTR False", "INTR False"),
        ["Ocw3LeavesInt"] = (profile =>
        {
            PicBench bench = UnseenByInt(profile);
            bench.Out(0x20, Ocw3.ReadRequests.Bits);
            return $"INTR {bench.Pair.Intr}";
        }, "INTR True", "INTR False", "INTR False"),
        ["TriggersLeaveInt"] = (profile =>
        {
            PicBench bench = UnseenByInt(profile);
            bench.Levels(1 << 5);
            return $"INTR {bench.Pair.Intr}";
        }, "INTR True", "INTR False", "INTR False"),
        ["IdlePollLeavesInt"] = (profile =>
        {
            PicBench bench = UnseenByInt(profile);
            bench.Poll(0xA0);
            return $"INTR {bench.Pair.Intr}";
        }, "INTR True", "INTR False", "INTR True"),
        ["AutoEoiKeepsInService"] = (profile =>
        {
            PicBench bench = InServiceBeforeIcw4(profile, Icw4.Create(autoEoi: true, specialFullyNested: true));
            bench.Raise(13);
            bench.Take();
            return $"ISR of the master {bench.Pair.InServiceRegister & 0xFF:x}";
        }, "ISR of the master 0", "ISR of the master 4", "ISR of the master 0"),
        ["Icw1LeavesInt"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Raise(3);
            bench.Out(0x20, Icw1.Create().Bits);
            return bench.Pair.Intr ? $"takes {bench.TakeIrq()}" : "INTR False";
        }, "INTR False", "INTR False", "takes 7"),
        ["Icw1KeepsPoll"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Out(0x20, Ocw3.NextReadPolls.Bits);
            bench.Program();
            return $"reads {bench.In(0x21):x}";
        }, "reads 0", "reads 0", "reads 7"),
        ["CascadePollLeavesInt"] = (profile =>
        {
            PicBench bench = PicBench.Ready(profile);
            bench.Raise(12);
            bench.Poll(0x20);
            return $"IRR {bench.Pair.RequestRegister:x} INTR {bench.Pair.Intr}";
        }, "IRR 1000 INTR False", "IRR 1000 INTR False", "IRR 1000 INTR True"),
    };

    /// <summary>A pair whose ICW4 enabled input 3 of the master, for a profile that accepts requests before it. The
    /// slave has ended its interrupts, and has no requests.</summary>
    private static PicBench UnseenByInt(Profile profile) =>
        InServiceBeforeIcw4(profile, Icw4.Create(specialFullyNested: true), raised: 3);

    /// <summary>A pair of which the master's input 2 was taken between ICW2 and ICW4, where the profile lets it.</summary>
    private static PicBench InServiceBeforeIcw4(Profile profile, Icw4 modes, int raised = -1)
    {
        PicBench bench = PicBench.Ready(profile);
        bench.Out(0x20, Icw1.Create().Bits);
        bench.Out(0x21, PicBench.MasterBase);
        bench.Raise(12);
        bench.Take();
        bench.Eoi(12);
        if (raised >= 0)
            bench.Raise(raised);
        bench.Out(0x21, 0x04);
        bench.Out(0x21, modes.Bits);
        return bench;
    }

    public static TheoryData<string> Ids => [.. PicProfile.Rows.Select(row => row.Id)];

    private static string Acked(PicBench bench) =>
        string.Join(',', bench.Acked.Select(irq => irq.ToString(CultureInfo.InvariantCulture)));

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_row_changes_what_the_chip_does_exactly_where_it_says_so(string id)
    {
        ProfileDifference row = PicProfile.Rows.Single(r => r.Id == id);
        var (run, manual, qemu, kvm) = Scenarios[id];
        Assert.Equal(manual, run(Profile.Manual));
        Assert.Equal(qemu, run(Profile.Qemu));
        Assert.Equal(kvm, run(Profile.Kvm));
        Assert.Equal(row.Qemu is null, manual == qemu);
        Assert.Equal(row.Kvm is null, manual == kvm);
    }

    [Fact]
    public void Every_row_has_a_switch_and_every_switch_a_row()
    {
        string[] names = [.. Enum.GetNames<PicQuirks>().Where(name => name != nameof(PicQuirks.None))];
        Assert.Equal(names, PicProfile.Rows.Select(row => row.Id));
        Assert.Equal(names.Order(), Scenarios.Keys.Order());
        Assert.Equal(PicQuirks.None, PicProfile.Quirks(Profile.Manual));
        Assert.All(PicProfile.Rows, row =>
        {
            Assert.Equal("8259", row.Chip);
            Assert.False(row.Qemu is null && row.Kvm is null);
            Assert.NotEmpty(row.Evidence);
        });
    }

    [Theory]
    [InlineData(Profile.Qemu)]
    [InlineData(Profile.Kvm)]
    public void A_slave_request_that_goes_leaves_irq_15_where_the_cascade_is_latched(Profile profile)
    {
        PicBench bench = PicBench.Ready(profile);
        bench.Levels(1 << 11);
        bench.Raise(11);
        bench.Lower(11);
        Assert.True(bench.Pair.Intr);
        Assert.Equal(15, bench.TakeIrq());
        Assert.Equal(0x0004, bench.Pair.InServiceRegister);
    }

    [Fact]
    public void A_qemu_master_forgets_the_slave_at_icw1_until_the_slave_is_touched()
    {
        PicBench bench = PicBench.Ready(Profile.Qemu);
        bench.Raise(12);
        bench.Out(0x20, Icw1.Create().Bits);
        bench.Out(0x21, PicBench.MasterBase);
        bench.Out(0x21, 0x04);
        bench.Out(0x21, Icw4.Create().Bits);
        Assert.False(bench.Pair.Intr);
        bench.Out(0x21, 0);
        bench.Lower(3);
        Assert.False(bench.Pair.Intr);
        bench.Out(0xA1, 0);
        Assert.True(bench.Pair.Intr);
    }

    [Fact]
    public void A_kvm_poll_of_the_slave_clears_the_cascade_of_the_master()
    {
        PicBench bench = PicBench.Ready(Profile.Kvm);
        bench.Raise(11);
        Assert.Equal(0x83, bench.Poll(0xA0));
        Assert.Equal([11], bench.Acked);
        Assert.Equal(0, bench.Pair.RequestRegister);
        Assert.False(bench.Pair.Intr);
    }

    [Fact]
    public void A_kvm_edge_whose_mask_is_set_at_its_eoi_waits_as_a_level_does()
    {
        PicBench bench = PicBench.Ready(Profile.Kvm);
        bench.Raise(5);
        bench.Take();
        bench.Mask(1 << 5);
        bench.Eoi(5);
        Assert.Empty(bench.Acked);
        bench.Mask(0);
        Assert.Equal([5], bench.Acked);
    }

    [Fact]
    public void Qemu_keeps_level_requests_over_icw1_and_drops_edges()
    {
        PicBench bench = PicBench.Ready(Profile.Qemu);
        bench.Levels(1 << 5);
        bench.Raise(5);
        bench.Raise(3);
        bench.Program();
        Assert.Equal(0x20, bench.Pair.RequestRegister);
        Assert.Equal(5, bench.TakeIrq());
    }
}
