using Wirq.Events;
using Wirq.Remapping.VtD;
using static Wirq.Tests.Remapping.VtdBench;

namespace Wirq.Tests.Remapping;

/// <summary>Each row of the profile table, by what it changes.</summary>
public class VtdProfileTests
{
    private const ulong Present = 1;

    [Theory]
    [InlineData(Profile.Manual, true)]
    [InlineData(Profile.Qemu, false)]
    [InlineData(Profile.Kvm, true)]
    public void FaultsUntold(Profile profile, bool told)
    {
        VtdBench bench = Of(profile);
        Assert.Equal(RefusalReason.RemappingFault, bench.Deliver(Handle(3), out _));
        Assert.Equal(told ? Ppf : 0, bench.Read(Fsts));
        Assert.Equal(told, bench.Read64(Frcd + 8) != 0);
        Event fault = Assert.Single(bench.Seen());
        Assert.Equal((EventKind.RemapFaulted, (ushort)3, !told), (fault.Kind, RemapFaulted.Of(fault).Entry, RemapFaulted.Of(fault).Lost));
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, true)]
    [InlineData(Profile.Kvm, false)]
    public void CompatibilityPasses(Profile profile, bool passes)
    {
        VtdBench bench = Of(profile);
        Assert.Equal(passes ? RefusalReason.None : RefusalReason.RemappingFault, bench.Deliver(Msi.Encode(To(1)), out InterruptMessage message));
        if (passes)
            Assert.Equal(To(1), message);
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, true)]
    [InlineData(Profile.Kvm, false)]
    public void AnonymousPasses(Profile profile, bool passes)
    {
        VtdBench bench = Of(profile);
        foreach (SourceValidation validation in (SourceValidation[])[SourceValidation.Id, SourceValidation.Buses])
        {
            bench.Entry(3, Irte.For(To(1), extended: false).WithSource(validation, 0x0203));
            Assert.Equal(passes, Passes(bench, 0xFFFF));
            Assert.False(Passes(bench, 0xFFFE));
        }
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, true)]
    [InlineData(Profile.Kvm, false)]
    public void ReservedPasses(Profile profile, bool passes)
    {
        VtdBench bench = Of(profile);
        ulong[] loose = [1 << 15, (ulong)DeliveryMode.Reserved << 5, (ulong)DeliveryMode.StartUp << 5, 1ul << 48, 1ul << 32],
            strict = [1 << 12, 1 << 24];
        foreach (ulong bit in loose)
        {
            bench.Entry(3, new Irte(Present | bit, 0));
            Assert.Equal(passes, Passes(bench, Nic));
        }
        foreach (ulong bit in strict)
        {
            bench.Entry(3, new Irte(Present | bit, 0));
            Assert.False(Passes(bench, Nic));
        }
        bench.Entry(3, new Irte(Present, 0).WithSource(SourceValidation.Reserved, Nic));
        Assert.False(Passes(bench, Nic));
    }

    [Theory]
    [InlineData(Profile.Manual, false)]
    [InlineData(Profile.Qemu, true)]
    [InlineData(Profile.Kvm, false)]
    public void BusesReversed(Profile profile, bool reversed)
    {
        VtdBench bench = Of(profile);
        bench.Entry(3, Irte.For(To(1), extended: false).WithSource(SourceValidation.Buses, 0x0204));
        Assert.Equal(!reversed, Passes(bench, 0x0300));
        bench.Entry(3, Irte.For(To(1), extended: false).WithSource(SourceValidation.Buses, 0x0402));
        Assert.Equal(reversed, Passes(bench, 0x0300));
        Assert.False(Passes(bench, 0x0500));
    }

    [Fact]
    public void The_table_has_every_row() => Assert.All(VtdProfile.Rows, row => Assert.Contains(row, ProfileTable.Rows));

    private static VtdBench Of(Profile profile) => new VtdBench(new() { Profile = profile }).Remap();

    private static bool Passes(VtdBench bench, ushort requester) =>
        bench.Unit.Translate(Handle(3), requester, delivering: true, bench.Memory, bench.Events, out _, out _) == RefusalReason.None;
}
