using System.Reflection;
using Wirq.Events;
using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

/// <summary>Every row of the profile table, shown to be there in its profile and not in the manual.</summary>
public sealed class LocalApicProfileTests
{
    private const DestinationShorthand Self = DestinationShorthand.Self;

    public static TheoryData<string, string, string, string> Differences => new()
    {
        { nameof(ApicQuirks.AcceptsWhileDisabled), "SoftwareDisabled:", "None:41", "SoftwareDisabled:" },
        { nameof(ApicQuirks.HoldsWhileDisabled), "True", "False", "True" },
        { nameof(ApicQuirks.EntriesIgnoreDisable), "10041 10042", "41 42", "10041 10042" },
        { nameof(ApicQuirks.AnyVectorAccepted), "IllegalVector: esr 60", "None:5,6 esr 0", "None:5,6 esr 0" },
        { nameof(ApicQuirks.LowVectorsTaken), "ff", "5", "ff" },
        { nameof(ApicQuirks.ErrorsAddressOnly), "0 80 0", "80 80 80", "0 0 0" },
        { nameof(ApicQuirks.ErrorsAbsent), "80 e3", "80", "0" },
        { nameof(ApicQuirks.LowestIndexWins), "1", "0", "1" },
        { nameof(ApicQuirks.VectorPicksWinner), "0,1,2", "0,0,0", "2,0,1" },
        { nameof(ApicQuirks.HintIgnored), "1", "3", "1" },
        { nameof(ApicQuirks.NoLogicalBroadcast), "None", "NoDestination", "None" },
        { nameof(ApicQuirks.DisableIsFinal), "XApic", "Disabled", "XApic" },
        { nameof(ApicQuirks.BaseNeverFaults), "#GP fee00900", "fee00900", "#GP fee00900" },
        { nameof(ApicQuirks.PageStays), "moved", "stays", "moved" },
        { nameof(ApicQuirks.DisableKeepsState), "tpr 0", "tpr 30", "tpr 30" },
        { nameof(ApicQuirks.OffStillPartakes), "NoDestination: False", "None:41 True", "NoDestination: False" },
        { nameof(ApicQuirks.NoX2Apic), "X2Apic", "XApic", "X2Apic" },
        { nameof(ApicQuirks.NoTscDeadline), "40041", "#GP 40041", "40041" },
        { nameof(ApicQuirks.ByteBroadcastReachesX2Apic), "NoDestination", "None", "None" },
        { nameof(ApicQuirks.WideBroadcastMissesXApic), "0,1", "0,1", "1" },
        { nameof(ApicQuirks.WideIdReachesXApic), "NoDestination", "NoDestination", "None" },
        // QEMU's broadcasts because it has no such bit (NoEoiSuppression).
        { nameof(ApicQuirks.SuppressionIgnored), "", "EoiBroadcast 0 0x41", "EoiBroadcast 0 0x41" },
        { nameof(ApicQuirks.EdgeEoiBroadcasts), "", "", "EoiBroadcast 0 0x41" },
        { nameof(ApicQuirks.ExtIntIsFixed), ":True", "41:False", ":False" },
        { nameof(ApicQuirks.ExtIntDropped), "None", "None", "ReservedMode" },
        { nameof(ApicQuirks.ShorthandAnyMode), "", "CpuNmi 0 0x0", "CpuNmi 0 0x0" },
        { nameof(ApicQuirks.IpiKeepsTrigger), "", "41", "41" },
        { nameof(ApicQuirks.DeassertDelivers), "ReservedMode", "None", "ReservedMode" },
        { nameof(ApicQuirks.Lint0OpenAtReset), "10000 10000", "10000 10000", "700 10000" },
        { nameof(ApicQuirks.ModeChangeClearsCount), "3e8", "3e8", "0" },
        { nameof(ApicQuirks.TimerReckonsFromLoad), "0:", "1f5:41", "0:" },
        { nameof(ApicQuirks.ReservedBitsStored), "8ce41 3000000 300ff", "fffafe41 3ffffff fffbffff", "8ce41 3000000 300ff" },
        { nameof(ApicQuirks.NoCmci), "6 41", "5 0", "6 41" },
        { nameof(ApicQuirks.NoEoiSuppression), "True", "False", "True" },
    };

    private static string Hex(IEnumerable<int> vectors) => string.Join(',', vectors.Select(v => v.ToString("x")));

    private static string Show(string id, Profile profile)
    {
        var bench = new ApicBench(2, profile);
        switch (id)
        {
            case nameof(ApicQuirks.AcceptsWhileDisabled):
                bench.Write(Svr, 0xFF);
                return $"{bench.Send(0x41)}:{Hex(bench.Pending())}";
            case nameof(ApicQuirks.HoldsWhileDisabled):
                bench.Send(0x41);
                bench.Write(Svr, 0xFF);
                return bench.Apics.HasInterrupt(0).ToString();
            case nameof(ApicQuirks.EntriesIgnoreDisable):
                bench.Write(Thermal, 0x41);
                bench.Write(Svr, 0xFF);
                bench.Write(Lint1, 0x42);
                return $"{bench.Read(Thermal):x} {bench.Read(Lint1):x}";
            case nameof(ApicQuirks.AnyVectorAccepted):
                RefusalReason reason = bench.Send(0x05);
                bench.Write(IcrLow, InterruptCommand.Create(0x06, shorthand: Self).Low);
                return $"{reason}:{Hex(bench.Pending())} esr {bench.LatchedErrors():x}";
            case nameof(ApicQuirks.LowVectorsTaken):
                bench.Send(0x05);
                return bench.Take().ToString("x");
            case nameof(ApicQuirks.ErrorsAddressOnly):
                bench.Read(0x40);
                return $"{bench.Read(Esr):x} {bench.LatchedErrors():x} {bench.LatchedErrors():x}";
            case nameof(ApicQuirks.ErrorsAbsent):
                bench.Write(ApicBench.Error, 0xE3);
                bench.Read(0x40);
                return $"{bench.LatchedErrors():x} {Hex(bench.Pending())}".TrimEnd();
            case nameof(ApicQuirks.LowestIndexWins):
                // Vector 0x41 is odd, so that KVM's choice is CPU 1 too.
                bench.Write(Tpr, 0x30);
                bench.Send(0x41, 0xFF, DeliveryMode.LowestPriority);
                return Hex(bench.Holders(0x41));
            case nameof(ApicQuirks.VectorPicksWinner):
                bench = new ApicBench(3, profile);
                return string.Join(',', new byte[] { 0x41, 0x42, 0x43 }.Select(vector =>
                {
                    bench.Send(vector, 0xFF, DeliveryMode.LowestPriority);
                    return Hex(bench.Holders(vector));
                }));
            case nameof(ApicQuirks.HintIgnored):
                bench = new ApicBench(3, profile);
                for (int cpu = 0; cpu < 3; cpu++)
                    bench.Write(Ldr, LogicalDestination.For(1).Bits, cpu);
                bench.Send(0x41, 1, logical: true, hint: true);
                return bench.Holders(0x41).Count.ToString();
            case nameof(ApicQuirks.NoLogicalBroadcast):
                bench.Write(Ldr, LogicalDestination.For(0x11).Bits);
                bench.Write(Dfr, DestinationFormat.Cluster.Bits);
                bench.Write(Ldr, LogicalDestination.For(0x12).Bits, cpu: 1);
                bench.Write(Dfr, DestinationFormat.Cluster.Bits, cpu: 1);
                return bench.Send(0x41, 0xFF, logical: true).ToString();
            case nameof(ApicQuirks.DisableIsFinal):
                bench.WriteMsr(BaseMsr, Disabled);
                bench.WriteMsr(BaseMsr, Enabled);
                return bench.Apics.Base(0).Mode.ToString();
            case nameof(ApicQuirks.BaseNeverFaults):
                return $"{(bench.TryWriteMsr(BaseMsr, Enabled | 1) ? "" : "#GP ")}{bench.ReadMsr(BaseMsr):x}";
            case nameof(ApicQuirks.PageStays):
                bench.WriteMsr(BaseMsr, 0xFED40800);
                return bench.Apics.Maps(0, 0xFEE00020, out _) ? "stays"
                    : bench.Apics.Maps(0, 0xFED40020, out _) ? "moved" : "gone";
            case nameof(ApicQuirks.DisableKeepsState):
                bench.Write(Tpr, 0x30);
                bench.WriteMsr(BaseMsr, Disabled);
                return $"tpr {bench.Apics.ReadCr8(0) * 16:x}";
            case nameof(ApicQuirks.OffStillPartakes):
                bench.WriteMsr(BaseMsr, Disabled);
                if (bench.Apics.Maps(0, 0xFEE00000, out _))
                    bench.Write(Svr, 0x1FF);
                return $"{bench.Send(0x41)}:{Hex(bench.Pending())} {bench.Apics.HasInterrupt(0)}";
            case nameof(ApicQuirks.NoX2Apic):
                bench.TryWriteMsr(BaseMsr, Extended);
                return bench.Apics.Base(0).Mode.ToString();
            case nameof(ApicQuirks.NoTscDeadline):
                bench.Write(ApicBench.Timer, 0x40041);
                return $"{(bench.TryReadMsr(DeadlineMsr, out _) ? "" : "#GP ")}{bench.Read(ApicBench.Timer):x}";
            case nameof(ApicQuirks.ByteBroadcastReachesX2Apic):
                bench.TryWriteMsr(BaseMsr, Extended);
                bench.TryWriteMsr(BaseMsr, Extended, cpu: 1);
                return bench.Send(0x41, 0xFF).ToString();
            case nameof(ApicQuirks.WideBroadcastMissesXApic):
                bench.TryWriteMsr(BaseMsr, Extended, cpu: 1);
                bench.Send(0x41, 0xFFFFFFFF);
                return Hex(bench.Holders(0x41));
            case nameof(ApicQuirks.WideIdReachesXApic):
                bench = new ApicBench(new LocalApicOptions { Profile = profile, Ids = [300] });
                return bench.Send(0x41, 300).ToString();
            case nameof(ApicQuirks.SuppressionIgnored):
                bench.Write(Svr, 0x11FF);
                return EoiOf(bench, level: true);
            case nameof(ApicQuirks.EdgeEoiBroadcasts):
                return EoiOf(bench, level: false);
            case nameof(ApicQuirks.ExtIntIsFixed):
                bench.Send(0x41, mode: DeliveryMode.ExtInt);
                return $"{Hex(bench.Pending())}:{bench.Apics.State(0).ExtIntPending != 0}";
            case nameof(ApicQuirks.ExtIntDropped):
                return bench.Send(0x41, mode: DeliveryMode.ExtInt).ToString();
            case nameof(ApicQuirks.ShorthandAnyMode):
                bench.Write(IcrLow, InterruptCommand.Create(0, DeliveryMode.Nmi, shorthand: Self).Low);
                return string.Join(',', bench.DrainText());
            case nameof(ApicQuirks.IpiKeepsTrigger):
                bench.Write(IcrLow, InterruptCommand.Create(0x41, shorthand: Self, level: true).Low);
                return Hex(bench.LevelVectors());
            case nameof(ApicQuirks.DeassertDelivers):
                return bench.Send(0x41, level: true, assert: false).ToString();
            case nameof(ApicQuirks.Lint0OpenAtReset):
                return $"{bench.Read(Lint0):x} {bench.Read(Lint0, 1):x}";
            case nameof(ApicQuirks.ModeChangeClearsCount):
                bench.Write(InitialCount, 1000);
                bench.Write(ApicBench.Timer, 0x40041);
                return $"{bench.Read(InitialCount):x}";
            case nameof(ApicQuirks.TimerReckonsFromLoad):
                bench.Write(ApicBench.Divide, 0b1011);
                bench.Write(InitialCount, 1000);
                bench.Advance(1500);
                bench.Write(ApicBench.Timer, 0x20041);
                string count = $"{bench.Read(CurrentCount):x}";
                bench.Advance(2500);
                return $"{count}:{Hex(bench.Pending())}";
            case nameof(ApicQuirks.ReservedBitsStored):
                bench.Write(IcrHigh, 0x03FFFFFF);
                bench.Write(IcrLow, 0xFFFAFE41);
                bench.Write(ApicBench.Timer, 0xFFFBFFFF);
                return $"{bench.Read(IcrLow):x} {bench.Read(IcrHigh):x} {bench.Read(ApicBench.Timer):x}";
            case nameof(ApicQuirks.NoCmci):
                bench.Write(ApicBench.Cmci, 0x41);
                return $"{bench.Read(ApicBench.Version) >> 16 & 0xFF} {bench.Read(ApicBench.Cmci):x}";
            case nameof(ApicQuirks.NoEoiSuppression):
                return ((bench.Read(ApicBench.Version) >> 24 & 1) != 0).ToString();
            default:
                throw new ArgumentException($"no scenario for {id}", nameof(id));
        }
    }

    private static string EoiOf(ApicBench bench, bool level)
    {
        bench.Send(0x41, level: level);
        bench.Take();
        bench.Drain();
        bench.Write(Eoi, 0);
        return string.Join(',', bench.DrainText());
    }

    [Theory]
    [MemberData(nameof(Differences))]
    public void A_row_is_what_its_profile_does(string id, string manual, string qemu, string kvm)
    {
        Assert.Equal((manual, qemu, kvm), (Show(id, Profile.Manual), Show(id, Profile.Qemu), Show(id, Profile.Kvm)));
    }

    [Fact]
    public void Every_row_has_its_flag_its_evidence_and_its_test()
    {
        string[] tested = [.. Differences.Select(row => row.Data.Item1)];
        foreach (ProfileDifference row in LocalApicProfile.Rows)
        {
            Assert.Equal("local APIC", row.Chip);
            Assert.NotEmpty(row.Evidence);
            Assert.True(row.Qemu is not null || row.Kvm is not null, row.Id);
            PropertyInfo flag = typeof(ApicQuirks).GetProperty(row.Id)!;
            Assert.Equal(row.Qemu is not null, flag.GetValue(LocalApicProfile.Quirks(Profile.Qemu)));
            Assert.Equal(row.Kvm is not null, flag.GetValue(LocalApicProfile.Quirks(Profile.Kvm)));
            Assert.Equal(false, flag.GetValue(LocalApicProfile.Quirks(Profile.Manual)));
            Assert.Contains(row.Id, tested);
        }
        Assert.Equal(typeof(ApicQuirks).GetProperties().Select(flag => flag.Name).Order(),
            LocalApicProfile.Rows.Select(row => row.Id).Order());
        Assert.Equal(tested.Order(), LocalApicProfile.Rows.Select(row => row.Id).Order());
    }

    [Fact]
    public void Kvm_sends_no_byte_broadcast_of_an_ipi_to_x2apic_ones()
    {
        var bench = new ApicBench(2, Profile.Kvm);
        bench.ToX2Apic(1);
        bench.Write(IcrHigh, 0xFF000000);
        bench.Write(IcrLow, 0x41);
        Assert.Equal([0], bench.Holders(0x41));
        bench.Send(0x42, 0xFF);
        Assert.Equal([0, 1], bench.Holders(0x42));
    }

    [Fact]
    public void Kvm_disabled_and_enabled_again_takes_what_was_pending()
    {
        var bench = new ApicBench(profile: Profile.Kvm);
        bench.Send(0x41);
        bench.WriteMsr(BaseMsr, Disabled);
        Assert.False(bench.Apics.HasInterrupt(0));
        bench.Drain();
        bench.WriteMsr(BaseMsr, Enabled);
        Assert.Equal(["CpuInterrupt 0 0x0"], bench.DrainText());
        Assert.Equal(0x41, bench.Take());
    }
}
