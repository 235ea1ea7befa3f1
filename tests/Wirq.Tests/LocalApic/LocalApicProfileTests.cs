using System.Reflection;
using Wirq.Events;
using static Wirq.Tests.LocalApic.ApicBench;

namespace Wirq.Tests.LocalApic;

/// <summary>Every row of the profile table, shown to exist in its profile and not in the manual.</summary>
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
        { nameof(ApicQuirks.VectorPicksWinner), "0,2,0", "0,0,0", "0,2," },
        { nameof(ApicQuirks.HintIgnored), "1", "3", "1" },
        { nameof(ApicQuirks.NoLogicalBroadcast), "None", "NoDestination", "None" },
        { nameof(ApicQuirks.DisableIsFinal), "XApic", "Disabled", "XApic" },
        { nameof(ApicQuirks.BaseNeverFaults), "#GP fee00900", "fee00900", "#GP fee00900" },
        { nameof(ApicQuirks.PageStays), "moved", "stays", "moved" },
        { nameof(ApicQuirks.DisableKeepsState), "tpr 0", "tpr 30", "tpr 30" },
        { nameof(ApicQuirks.DisabledStaysOnBus), "NoDestination: False", "None:41 True", "NotListed: False" },
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
        { nameof(ApicQuirks.DeassertDelivers), "ReservedMode", "None", "None" },
        { nameof(ApicQuirks.AssertOfIpiOnly), "", "", "CpuInit 0 0x0" },
        { nameof(ApicQuirks.FormatUnchecked), "ReservedMode", "ReservedMode", "None" },
        { nameof(ApicQuirks.DestinationTable), "NoDestination", "NoDestination", "None" },
        { nameof(ApicQuirks.WideLogicalIsFlat), "NoDestination", "NoDestination", "None" },
        { nameof(ApicQuirks.X2ApicLdrStays), "0", "0", "1" },
        { nameof(ApicQuirks.EoiByDestination), "False", "False", "True" },
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
                OwnLogicalIds(bench, 2);
                bench.Send(0x41, 3, DeliveryMode.LowestPriority, logical: true);
                return Hex(bench.Holders(0x41));
            case nameof(ApicQuirks.VectorPicksWinner):
                bench = new ApicBench(3, profile);
                OwnLogicalIds(bench, 3);
                // Bits 0, 2 and 3; no CPU has the last of them.
                return string.Join(',', new byte[] { 0x42, 0x43, 0x44 }.Select(vector =>
                {
                    bench.Send(vector, 0x0D, DeliveryMode.LowestPriority, logical: true);
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
            case nameof(ApicQuirks.DisabledStaysOnBus):
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
                bench = new ApicBench(new LocalApicOptions { Count = 2, Profile = profile, ByteBroadcastQuirk = false });
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
            case nameof(ApicQuirks.AssertOfIpiOnly):
                bench.Send(0, mode: DeliveryMode.Init, level: true, assert: false);
                return string.Join(',', bench.DrainText());
            case nameof(ApicQuirks.FormatUnchecked):
                return bench.Send(0x41, mode: DeliveryMode.Reserved).ToString();
            case nameof(ApicQuirks.DestinationTable):
                bench.Write(Dfr, 0x5FFFFFFF);
                bench.Write(Ldr, LogicalDestination.For(0x11).Bits);
                return bench.Send(0x41, 0x11, logical: true).ToString();
            case nameof(ApicQuirks.WideLogicalIsFlat):
                OwnLogicalIds(bench, 1);
                // No table: two models.
                bench.Write(Dfr, DestinationFormat.Cluster.Bits, cpu: 1);
                bench.Write(Ldr, LogicalDestination.For(0x11).Bits, cpu: 1);
                return bench.Send(0x41, 0x101, logical: true).ToString();
            case nameof(ApicQuirks.X2ApicLdrStays):
                bench.TryWriteMsr(BaseMsr, Extended | 0x100);
                bench.TryWriteMsr(BaseMsr, Disabled | 0x100);
                bench.TryWriteMsr(BaseMsr, Enabled | 0x100);
                return $"{bench.Read(Ldr):x}";
            case nameof(ApicQuirks.EoiByDestination):
                return LeavesRemoteIrr(profile).ToString();
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

    private static void OwnLogicalIds(ApicBench bench, int cpus)
    {
        for (int cpu = 0; cpu < cpus; cpu++)
            bench.Write(Ldr, LogicalDestination.For((byte)(1 << cpu)).Bits, cpu);
    }

    /// <summary>Whether Remote IRR of a pin that sends to CPU 1 outlives the EOI of its vector by CPU 0.</summary>
    private static bool LeavesRemoteIrr(Profile profile)
    {
        Fabric fabric = Running(profile);
        fabric.IoApics[0].WriteEntry(5, RedirectionEntry.Create(0x41, 1, level: true), fabric.Events);
        fabric.Connect(5, "device").Pulse();
        fabric.Drain();
        Assert.True(fabric.IoApics[0].Entry(5).RemoteIrr);
        EndLevel(fabric, cpu: 0);
        return fabric.IoApics[0].Entry(5).RemoteIrr;
    }

    private static Fabric Running(Profile profile)
    {
        var fabric = new Fabric(FabricOptions.Pc(2, profile) with { Pic = null });
        for (int cpu = 0; cpu < 2; cpu++)
            fabric.LocalApics!.Write(cpu, Svr, 0x1FF, fabric.Events);
        return fabric;
    }

    /// <summary>A CPU is sent a level message of vector 0x41, takes it and ends it.</summary>
    private static void EndLevel(Fabric fabric, int cpu)
    {
        fabric.Send(new Msi(MsiAddress.For((uint)cpu), MsiData.For(0x41, level: true)));
        Assert.Equal(0x41, fabric.Take(cpu));
        fabric.LocalApics!.Write(cpu, Eoi, 0, fabric.Events);
        fabric.Drain();
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

    [Fact]
    public void Kvm_loses_what_falls_on_a_disabled_or_absent_one()
    {
        foreach (bool x2Apic in new[] { false, true })
        {
            var bench = new ApicBench(3, Profile.Kvm);
            OwnLogicalIds(bench, 3);
            if (x2Apic)
                bench.ToX2Apic();
            // 0x44 modulo 2 is 0, 0x45 modulo 2 is 1.
            bench.Send(0x44, 6, DeliveryMode.LowestPriority, logical: true);
            bench.Send(0x45, 6, DeliveryMode.LowestPriority, logical: true);
            Assert.Equal([1], bench.Holders(0x44));
            Assert.Equal([2], bench.Holders(0x45));
            if (x2Apic)
                bench.WriteX2(Svr, 0xFF, cpu: 2);
            else
                bench.Write(Svr, 0xFF, cpu: 2);
            RefusalReason reason = bench.Send(0x47, 6, DeliveryMode.LowestPriority, logical: true);
            Assert.Equal([], bench.Holders(0x47));
            Assert.NotEqual(RefusalReason.None, reason);
            Assert.Equal(RefusalReason.NotListed, bench.Send(0x49, 0x18, DeliveryMode.LowestPriority, logical: true));
        }
    }

    [Fact]
    public void Kvm_of_physical_0xff_sends_the_lowest_priority_to_all_and_the_hint_to_one()
    {
        var bench = new ApicBench(3, Profile.Kvm);
        bench.Send(0x41, 0xFF, DeliveryMode.LowestPriority);
        Assert.Equal([0, 1, 2], bench.Holders(0x41));
        bench.Send(0x43, 0xFF, hint: true);
        Assert.Equal([0x43 % 3], bench.Holders(0x43));
        // An NMI with the hint is made a vector.
        bench.Drain();
        bench.Send(0x45, 0xFF, DeliveryMode.Nmi, hint: true);
        Assert.Equal([0x45 % 3], bench.Holders(0x45));
        Assert.DoesNotContain(bench.Drain(), e => e.Kind == EventKind.CpuNmi);
    }

    [Fact]
    public void Kvm_hears_once_more_of_what_was_in_service_as_its_entry_moved()
    {
        Fabric fabric = Running(Profile.Kvm);
        IoApic chip = fabric.IoApics[0];
        chip.WriteEntry(5, RedirectionEntry.Create(0x41, 0, level: true), fabric.Events);
        fabric.Connect(5, "device").Raise();
        fabric.Drain();
        Assert.Equal(0x41, fabric.Take(0));
        chip.WriteEntry(5, RedirectionEntry.Create(0x41, 1, level: true), fabric.Events);
        fabric.Drain();
        fabric.LocalApics!.Write(0, Eoi, 0, fabric.Events);
        fabric.Drain();
        // The line is still high, so the pin has sent again, and to CPU 1; an EOI of CPU 0 means nothing to it now.
        Assert.Equal(0x41, fabric.Take(1));
        Assert.True(chip.Entry(5).RemoteIrr);
        EndLevel(fabric, cpu: 0);
        Assert.True(chip.Entry(5).RemoteIrr);
    }

    [Fact]
    public void Kvm_ends_nothing_at_the_eoi_of_an_edge()
    {
        Fabric fabric = Running(Profile.Kvm);
        fabric.IoApics[0].WriteEntry(5, RedirectionEntry.Create(0x41, 0, level: true), fabric.Events);
        fabric.Connect(5, "device").Raise();
        fabric.Drain();
        fabric.Send(new Msi(MsiAddress.For(0), MsiData.For(0x41)));
        Assert.Equal(0x41, fabric.Take(0));
        fabric.LocalApics!.Write(0, Eoi, 0, fabric.Events);
        fabric.Drain();
        Assert.True(fabric.IoApics[0].Entry(5).RemoteIrr);
    }
}
