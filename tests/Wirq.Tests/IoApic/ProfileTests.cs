using Wirq.Events;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.IoApics;

/// <summary>Each row of the profile table, by what it changes.</summary>
public class ProfileTests
{
    private static readonly RedirectionEntry Level = ChipBench.Level, AsEdge = RedirectionEntry.Create(0x31, 1);

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, true)]
    [InlineData(Profile.Kvm, true)]
    public void PolarityIgnored(Profile profile, bool ignored)
    {
        RedirectionEntry low = RedirectionEntry.Create(0x31, 1, level: true, activeLow: true);
        ChipBench bench = ChipBench.Of(profile);
        bench.Entry(11, low);
        Assert.Equal(!ignored, bench.Chip.IsAsserted(11));
        bench.Pin(11, true);
        Assert.Equal(ignored, bench.Chip.IsAsserted(11));
        Assert.Equal(low, bench.Chip.Entry(11).WithRemoteIrr(false));
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, true)]
    [InlineData(Profile.Kvm, false)]
    public void RemoteIrrAtSend(Profile profile, bool atSend)
    {
        ChipBench bench = ChipBench.Of(profile);
        bench.Entry(11, Level);
        bench.Pin(11, true);
        Assert.Equal(atSend, bench.Chip.Entry(11).RemoteIrr);
        Assert.Equal(atSend ? [Rise(11), IrrSet(11), Deliver(11, Level)] : [Rise(11), Deliver(11, Level)], bench.Seen());
        bench.Answer(11, Level, RefusalReason.SoftwareDisabled);
        Assert.Equal(atSend, bench.Chip.Entry(11).RemoteIrr);
    }

    [Fact]
    public void RemoteIrrAtSend_and_an_eoi_before_the_answer_leave_no_level_behind()
    {
        ChipBench bench = ChipBench.Of(Profile.Qemu);
        bench.Entry(11, Level);
        bench.Pin(11, true);
        bench.Forget();
        bench.Eoi(0x31);
        Assert.Equal([IrrCleared(11)], bench.Seen());
        bench.Answer(11, Level);
        Assert.Equal([Accepted(11), IrrSet(11), Deliver(11, Level)], bench.Seen());
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, true)]
    [InlineData(Profile.Kvm, false)]
    public void LatchedRequest(Profile profile, bool latched)
    {
        ChipBench bench = ChipBench.Of(profile);
        bench.Entry(11, Level.WithMask(true));
        bench.Pin(11, true);
        bench.Forget();
        bench.Entry(11, AsEdge);
        Assert.Equal(latched ? [Deliver(11, AsEdge)] : [], bench.Seen());
        bench.Entry(11, Level);
        Assert.Equal(latched ? [] : [Deliver(11, Level)], bench.Seen());
    }

    [Theory]
    [InlineData(Profile.Manual, 0)]
    [InlineData(Profile.Qemu, 2)]
    [InlineData(Profile.Kvm, 0)]
    public void PinZeroIsTwo(Profile profile, int pin)
    {
        ChipBench bench = ChipBench.Of(profile);
        bench.Entry(pin, ChipBench.Edge);
        bench.Pin(0, true);
        Assert.Equal([Rise(pin), Deliver(pin, ChipBench.Edge)], bench.Seen());
    }

    [Fact]
    public void PinZeroIsTwo_only_where_there_is_a_pin_two()
    {
        var bench = new ChipBench(new() { Profile = Profile.Qemu, Pins = 2 });
        bench.Pin(0, true);
        Assert.True(bench.Chip.IsAsserted(0));
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, false)]
    [InlineData(Profile.Kvm, true)]
    public void AcksEdgePins(Profile profile, bool acked)
    {
        ChipBench bench = ChipBench.Of(profile);
        bench.Entry(4, ChipBench.Edge);
        bench.Entry(5, RedirectionEntry.Create(0x42, 0));
        bench.Eoi(0x41);
        Assert.Equal(acked ? [4] : [], bench.Acked);
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, true)]
    [InlineData(Profile.Kvm, false)]
    public void EveryDriveCounts(Profile profile, bool again)
    {
        ChipBench bench = ChipBench.Of(profile);
        bench.Entry(4, ChipBench.Edge);
        bench.Entry(11, Level);
        bench.Pin(4, true);
        bench.Pin(11, true);
        bench.Forget();
        bench.Pin(4, true);
        bench.Pin(11, true);
        Assert.Equal(again ? [Rise(4), Deliver(4, ChipBench.Edge)] : [], bench.Seen());
        // By the manual a level is served when its entry is unmasked, and driving it again has no effect.
        bench.Entry(4, Level);
        bench.Forget();
        bench.Pin(4, true);
        Assert.Equal(again ? [Rise(4), IrrSet(4), Deliver(4, Level)] : [], bench.Seen());
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, true)]
    [InlineData(Profile.Kvm, true)]
    public void LevelInEveryMode(Profile profile, bool level)
    {
        foreach (DeliveryMode mode in new[] { DeliveryMode.Smi, DeliveryMode.Nmi, DeliveryMode.Init, DeliveryMode.ExtInt })
        {
            RedirectionEntry entry = RedirectionEntry.Create(0x31, 1, mode, level: true);
            ChipBench bench = ChipBench.Of(profile);
            bench.Entry(11, entry);
            bench.Pin(11, true);
            Event sent = bench.Seen().Single(e => e.Kind == EventKind.Deliver);
            Assert.Equal(level, sent.Msi.Data.Level);
            if (profile == Profile.Kvm)
                bench.Accept(11, sent.Msi);
            Assert.Equal(level, bench.Chip.Entry(11).RemoteIrr);
            bench.Eoi(0x31);
            Assert.False(bench.Chip.Entry(11).RemoteIrr);
        }
    }

    [Theory]
    [InlineData(Profile.Manual, 0x00000000_00000031)]
    [InlineData(Profile.Qemu, 0x00010000_FFFE0031)]
    [InlineData(Profile.Kvm, 0x00010000_FFFE0031)]
    public void ReservedBitsStored(Profile profile, ulong read)
    {
        var bench = new ChipBench(new() { Profile = profile, WideEntries = false });
        bench.Write(0x11, 0x00010000);
        bench.Write(0x10, 0xFFFE5031);
        Assert.Equal(read, bench.Chip.Entry(0).Bits);
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, true)]
    [InlineData(Profile.Kvm, false)]
    public void EoiRegisterIsWide(Profile profile, bool wide)
    {
        ChipBench bench = ChipBench.Of(profile).InService();
        Assert.Equal(!wide, bench.Chip.Has(IoApic.EoiOffset, 1));
        Assert.True(bench.Chip.Has(IoApic.EoiOffset, 4));
        bench.Register(IoApic.EoiOffset, 0x131);
        Assert.Equal(wide ? [] : [11], bench.Acked);
        bench.Register(IoApic.EoiOffset, 0x31);
        Assert.Contains(11, bench.Acked);
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, true)]
    [InlineData(Profile.Kvm, false)]
    public void RegistersRepeat(Profile profile, bool repeat)
    {
        ChipBench bench = ChipBench.Of(profile);
        bench.Register(IoApic.SelectOffset, 1);
        Assert.Equal(repeat, bench.Chip.Has(0xF00 + IoApic.WindowOffset, 4));
        Assert.Equal(repeat ? 0x00170020u : 0, bench.Chip.Read(0xF00 + IoApic.WindowOffset));
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, true)]
    [InlineData(Profile.Kvm, true)]
    public void StormCountsAtEoi(Profile profile, bool atEoi)
    {
        var bench = new ChipBench(new() { Profile = profile, StormLimit = 2 });
        bench.Entry(11, Level);
        bench.Entry(4, ChipBench.Edge);
        bench.Pin(11, true);
        bench.Answer(11, Level);
        bench.Eoi(0x31);
        bench.Answer(11, Level);
        bench.Pin(11, false);
        bench.Pin(11, true);
        bench.Eoi(0x31);
        Assert.Equal(atEoi, bench.Chip.IsBraked(11));
        bench.Pin(11, true);
        Assert.False(bench.Chip.IsBraked(11));
        // The count restarted, so the next EOI is the first.
        bench.Answer(11, Level);
        bench.Eoi(0x31);
        Assert.Equal(!atEoi, bench.Chip.IsBraked(11));
    }

    [Theory]
    [InlineData(Profile.Manual, true)]
    [InlineData(Profile.Qemu, false)]
    [InlineData(Profile.Kvm, false)]
    public void StormCountsAtEoi_and_the_first_deadline_is_that_of_every_pin(Profile profile, bool stays)
    {
        RedirectionEntry another = RedirectionEntry.Create(0x41, 0, level: true);
        var bench = new ChipBench(new() { Profile = profile, StormLimit = 1, StormDelay = 100 });
        bench.Entry(11, Level);
        bench.Entry(12, another);
        bench.Pin(11, true);
        bench.Answer(11, Level);
        bench.Pin(12, true);
        bench.Answer(12, another);
        bench.Eoi(0x31);
        bench.Events.Now = 50;
        bench.Eoi(0x41);
        bench.Events.Now = 100;
        bench.Chip.Advance(bench.Events);
        Assert.Equal((false, stays), (bench.Chip.IsBraked(11), bench.Chip.IsBraked(12)));
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, true)]
    [InlineData(Profile.Kvm, false)]
    public void StormEndsForAll(Profile profile, bool forAll)
    {
        var bench = new ChipBench(new() { Profile = profile, StormLimit = 1 });
        bench.Entry(11, Level);
        bench.Entry(4, ChipBench.Edge);
        bench.Pin(11, true);
        bench.Answer(11, Level);
        bench.Eoi(0x31);
        Assert.True(bench.Chip.IsBraked(11));
        bench.Pin(4, true);
        Assert.Equal(!forAll, bench.Chip.IsBraked(11));
    }

    [Theory]
    [InlineData(Profile.Manual, 0)]
    [InlineData(Profile.Qemu, 0)]
    [InlineData(Profile.Kvm, uint.MaxValue)]
    public void AbsentReadOnes(Profile profile, uint read)
    {
        ChipBench bench = ChipBench.Of(profile);
        Assert.Equal((read, read, read), (bench.Read(0x03), bench.Read(0x40), bench.Read(0xFF)));
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, false)]
    [InlineData(Profile.Kvm, true)]
    public void EoiServesEveryPin(Profile profile, bool again)
    {
        RedirectionEntry level = RedirectionEntry.Create(0x41, 0, level: true);
        ChipBench bench = ChipBench.Of(profile);
        bench.Entry(4, ChipBench.Edge);
        bench.Entry(5, ChipBench.Edge.WithMask(true));
        bench.Entry(6, ChipBench.Edge.WithMask(true));
        bench.Entry(11, level);
        bench.Pin(4, true);
        bench.Pin(5, true);
        bench.Pin(6, true);
        bench.Pin(11, true);
        bench.Accept(11, level.Message);
        bench.Pin(11, false);
        bench.Entry(5, ChipBench.Edge);
        bench.Forget();
        bench.Eoi(0x41);
        Assert.Equal(again ? [Deliver(4, ChipBench.Edge), Deliver(5, ChipBench.Edge)] : [],
            bench.Seen().Where(e => e.Kind == EventKind.Deliver));
        Assert.False(bench.Chip.Entry(11).RemoteIrr);
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, false)]
    [InlineData(Profile.Kvm, true)]
    public void DestinationIsByte(Profile profile, bool isByte)
    {
        ChipBench bench = ChipBench.Of(profile);
        bench.Entry(4, RedirectionEntry.Create(0x41, 0x1234));
        bench.Pin(4, true);
        Assert.Equal(0x1234u, bench.Chip.Entry(4).Destination);
        Event sent = bench.Seen().Single(e => e.Kind == EventKind.Deliver);
        Assert.Equal(isByte ? 0x34u : 0x1234u, sent.Msi.Address.Destination(MsiFormat.ExtendedDestination));
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, false)]
    [InlineData(Profile.Kvm, true)]
    public void LevelDriveCounts(Profile profile, bool again)
    {
        ChipBench bench = ChipBench.Of(profile);
        bench.Entry(4, ChipBench.Edge);
        bench.Entry(11, Level);
        bench.Pin(4, true);
        bench.Pin(11, true);
        bench.Answer(11, Level, RefusalReason.SoftwareDisabled);
        bench.Forget();
        bench.Pin(11, true);
        Assert.Equal(again ? [Deliver(11, Level)] : [], bench.Seen());
        if (profile == Profile.Qemu)
            return;
        bench.Pin(4, true);
        Assert.Equal([], bench.Seen());
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Kvm, true)]
    public void RemoteIrrForNobody(Profile profile, bool set)
    {
        ChipBench bench = ChipBench.Of(profile);
        bench.Entry(11, Level);
        bench.Pin(11, true);
        bench.Answer(11, Level, RefusalReason.SoftwareDisabled);
        Assert.False(bench.Chip.Entry(11).RemoteIrr);
        bench.Entry(11, Level);
        bench.Answer(11, Level, RefusalReason.NoDestination);
        Assert.Equal(set, bench.Chip.Entry(11).RemoteIrr);
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, false)]
    [InlineData(Profile.Kvm, true)]
    public void WindowAnyWidth(Profile profile, bool any)
    {
        var fabric = new Fabric(FabricOptions.Pc(profile: profile));
        fabric.TryWrite(0, 0xFEC00000, 4, 0x10);
        fabric.TryWrite(0, 0xFEC00010, 1, 0x35);
        Assert.True(fabric.TryRead(0, 0xFEC00010, 1, out ulong low));
        Assert.Equal(any ? 0x35u : 0, low);
        Assert.Equal(any ? 0x35u : 0x10000, fabric.IoApics[0].Entry(0).Low);
    }

    [Fact]
    public void Every_row_of_the_table_has_its_test_here()
    {
        string[] tests = [.. typeof(ProfileTests).GetMethods().Select(method => method.Name)];
        Assert.All(IoApicProfile.Rows, row => Assert.Contains(row.Id, tests));
        Assert.All(IoApicProfile.Rows, row => Assert.True(row.Qemu is not null || row.Kvm is not null));
        Assert.All(IoApicProfile.Rows, row => Assert.Contains(row, ProfileTable.Rows));
    }
}
