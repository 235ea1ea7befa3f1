namespace Wirq.Tests.IoApics;

/// <summary>The EOIs that the I/OAPIC of profile <c>kvm</c> gets when entries and local APICs change. Each was measured
/// on KVM, compared over random inputs (Linux arch/x86/kvm/ioapic.c, ioapic_write_indirect; lapic.c, apic_set_spiv),
/// except for the move of the page, which was read (lapic.c, kvm_apic_set_base).</summary>
public class EoiListenersTests
{
    private const int Pin = 7;
    private const byte Vector = 0x62, OtherVector = 0x45;
    private const uint BaseMsr = 0x1B;

    [Fact]
    public void A_change_of_the_destination_mode_passes_by_a_CPU_that_was_addressed()
    {
        Fabric fabric = Running();
        Write(fabric, RedirectionEntry.Create(Vector, 3, logical: true, level: true));
        fabric.Connect(Pin, "device").Set(true);
        fabric.Drain();
        Assert.Equal(Vector, fabric.Take(1));

        // As a physical destination, 3 addresses no CPU, before and after. So no CPU is checked.
        Write(fabric, RedirectionEntry.Create(Vector, 3, level: true));
        Assert.True(fabric.IoApics[0].Entry(Pin).RemoteIrr);
        End(fabric, cpu: 1);
        Assert.False(fabric.IoApics[0].Entry(Pin).RemoteIrr);
    }

    [Fact]
    public void A_CPU_that_was_passed_by_is_heard_no_more_once_it_is_looked_at()
    {
        Fabric fabric = Running();
        Write(fabric, RedirectionEntry.Create(Vector, 3, logical: true, level: true));
        Write(fabric, RedirectionEntry.Create(Vector, 3, level: true));
        fabric.LocalApics!.Write(1, (uint)ApicRegister.LogicalDestination, 2u << 24, fabric.Events);
        Write(fabric, RedirectionEntry.Create(Vector, 0, level: true));
        fabric.Connect(Pin, "device").Set(true);
        fabric.Drain();
        SendLevel(fabric, cpu: 1);
        End(fabric, cpu: 1);
        Assert.True(fabric.IoApics[0].Entry(Pin).RemoteIrr);
    }

    [Fact]
    public void A_write_that_changes_nothing_of_an_entry_has_its_CPU_looked_at()
    {
        Fabric fabric = Running();
        const int other = 9;
        var elsewhere = RedirectionEntry.Create(OtherVector, 1);
        fabric.IoApics[0].WriteEntry(other, elsewhere, fabric.Events);
        SendLevel(fabric, cpu: 1);
        Write(fabric, RedirectionEntry.Create(Vector, 0, level: true));
        fabric.Connect(Pin, "device").Pulse();
        fabric.Drain();

        fabric.IoApics[0].WriteEntry(other, elsewhere, fabric.Events);
        fabric.Drain();
        Assert.True(fabric.IoApics[0].Entry(Pin).RemoteIrr);
        End(fabric, cpu: 1);
        Assert.False(fabric.IoApics[0].Entry(Pin).RemoteIrr);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_write_that_changes_neither_mode_nor_enable_has_nobody_looked_at(bool movesPage)
    {
        Fabric fabric = Running();
        Write(fabric, RedirectionEntry.Create(OtherVector, 0, level: true));
        fabric.Connect(Pin, "device").Set(true);
        fabric.Drain();
        SendLevel(fabric, cpu: 1);

        // It concerns CPU 0 alone, so that of CPU 1 the vector is not looked for.
        Write(fabric, RedirectionEntry.Create(Vector, 0, level: true, masked: true));
        if (movesPage)
            Assert.True(fabric.LocalApics!.TryWriteMsr(0, BaseMsr, 0xFEF00900, fabric.Events));
        else
            fabric.LocalApics!.Write(0, (uint)ApicRegister.SpuriousVector, 0x1FF, fabric.Events);
        End(fabric, cpu: 1);
        Assert.True(fabric.IoApics[0].Entry(Pin).RemoteIrr);
    }

    private static Fabric Running()
    {
        var fabric = new Fabric(FabricOptions.Pc(2, Profile.Kvm) with { Pic = null });
        for (int cpu = 0; cpu < 2; cpu++)
        {
            fabric.LocalApics!.Write(cpu, (uint)ApicRegister.LogicalDestination, 1u << 24 << cpu, fabric.Events);
            fabric.LocalApics!.Write(cpu, (uint)ApicRegister.SpuriousVector, 0x1FF, fabric.Events);
        }
        return fabric;
    }

    private static void Write(Fabric fabric, RedirectionEntry entry)
    {
        fabric.IoApics[0].WriteEntry(Pin, entry, fabric.Events);
        fabric.Drain();
    }

    private static void SendLevel(Fabric fabric, int cpu)
    {
        fabric.Send(new Msi(MsiAddress.For((uint)cpu), MsiData.For(Vector, level: true)));
        Assert.Equal(Vector, fabric.Take(cpu));
    }

    private static void End(Fabric fabric, int cpu)
    {
        fabric.LocalApics!.Write(cpu, (uint)ApicRegister.Eoi, 0, fabric.Events);
        fabric.Drain();
    }
}
