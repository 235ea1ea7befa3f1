using Wirq.Events;
using Wirq.Host;
using Wirq.Tests.Shared;

namespace Wirq.Tests;

public class LineTests
{
    private readonly Fabric _fabric = new(FabricOptions.Pc());
    private readonly Listener _heard = new();

    [Fact]
    public void A_line_is_the_OR_of_its_sources_and_says_who_holds_it()
    {
        using Source disk = _fabric.Connect(21, "disk"), nic = _fabric.Connect(21, "nic");
        disk.Raise();
        nic.Raise();
        disk.Raise();
        Assert.Equal(["disk", "nic"], _fabric.Lines.HoldersOf(21));
        disk.Lower();
        Assert.True(_fabric.Lines.IsAsserted(21));
        Assert.Equal(["nic"], _fabric.Lines.HoldersOf(21));
        nic.Lower();
        Assert.False(_fabric.Lines.IsAsserted(21));
        Assert.Empty(_fabric.Lines.HoldersOf(21));
    }

    [Fact]
    public void Disposing_of_a_source_lowers_only_its_own_claim()
    {
        Source disk = _fabric.Connect(21, "disk"), nic = _fabric.Connect(21, "nic");
        disk.Raise();
        nic.Raise();
        disk.Dispose();
        disk.Raise();
        Assert.Equal(["nic"], _fabric.Lines.HoldersOf(21));
        Assert.False(disk.IsAsserted);
    }

    [Fact]
    public void A_slot_is_used_again_and_an_old_handle_is_dead()
    {
        Source old = _fabric.Connect(21, "old");
        old.Dispose();
        using Source young = _fabric.Connect(5, "young");
        Assert.Equal(old.Slot, young.Slot);
        old.Raise();
        Assert.False(_fabric.Lines.IsAsserted(5));
        old.Dispose();
        young.Raise();
        Assert.True(_fabric.Lines.IsAsserted(5));
    }

    [Fact]
    public void Too_many_sources_are_refused_with_the_option_to_change()
    {
        var fabric = new Fabric(FabricOptions.Pc() with { Sources = 3, IntrAtPinZero = false });
        for (int i = 0; i < 3; i++)
            fabric.Connect(1, $"source {i}");
        var refused = Assert.Throws<InvalidOperationException>(() => fabric.Connect(1, "one too many"));
        Assert.Contains("FabricOptions.Sources", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_acknowledge_reaches_every_source_and_lowers_the_sampled_ones()
    {
        Program(21, level: true);
        using Source wired = _fabric.Connect(21, "wired"), sampled = _fabric.Connect(21, "sampled", SourceKind.Sampled),
            idle = _fabric.Connect(21, "idle", SourceKind.Sampled);
        wired.Raise();
        sampled.Raise();
        TakeAndEoi();
        Assert.Equal([wired.Slot, sampled.Slot, idle.Slot], _heard.Acks);
        Assert.Equal(["wired"], _fabric.Lines.HoldersOf(21));
    }

    [Fact]
    public void A_holder_may_leave_during_its_own_acknowledge_and_the_others_still_hear()
    {
        Program(21, level: true);
        Source leaving = _fabric.Connect(21, "leaving");
        using Source staying = _fabric.Connect(21, "staying");
        leaving.Raise();
        staying.Raise();
        _heard.OnAck = slot =>
        {
            if (slot == leaving.Slot)
                leaving.Dispose();
        };
        TakeAndEoi();
        Assert.Equal([leaving.Slot, staying.Slot], _heard.Acks);
        Assert.Equal(["staying"], _fabric.Lines.HoldersOf(21));
    }

    [Fact]
    public void A_sampled_source_that_raises_again_from_its_ack_is_delivered_again()
    {
        Program(21, level: true);
        using Source sampled = _fabric.Connect(21, "sampled", SourceKind.Sampled);
        int wants = 3;
        _heard.OnAck = _ =>
        {
            if (--wants > 0)
                sampled.Raise();
        };
        sampled.Raise();
        int taken = 0;
        while (TakeAndEoi())
            taken++;
        Assert.Equal(3, taken);
    }

    [Fact]
    public void A_GSI_leads_to_an_8259_pin_and_an_IOAPIC_pin_each_under_its_own_trigger()
    {
        Program(4, level: false);
        _fabric.TryWritePort(0, 0x4D0, 1, 0x10);
        using Source serial = _fabric.Connect(4, "serial");
        serial.Raise();
        _fabric.Drain();
        Assert.Equal(0x10, _fabric.Pic!.RequestRegister);
        Assert.Equal(0x50, _fabric.Take(0));
        serial.Lower();
        Assert.Equal(0, _fabric.Pic.RequestRegister);
    }

    [Fact]
    public void ISA_IRQ_0_is_GSI_2_at_the_IOAPIC_and_pin_0_at_the_8259()
    {
        Assert.Equal(2, _fabric.Gsis.OfIsaIrq(0));
        Assert.Equal(new GsiTarget(0, 0, 2), _fabric.Gsis[2]);
        Assert.Equal(new GsiTarget(-1, 0, 0), _fabric.Gsis[0]);
        Assert.Equal(new GsiTarget(9, 0, 9), _fabric.Gsis[9]);
        Assert.Equal(new GsiTarget(-1, 0, 23), _fabric.Gsis[23]);
    }

    [Theory]
    [InlineData(PciInterruptPin.A, 0, 16)]
    [InlineData(PciInterruptPin.A, 3, 19)]
    [InlineData(PciInterruptPin.B, 3, 16)]
    [InlineData(PciInterruptPin.D, 31, 18)]
    public void PCI_pins_are_swizzled_by_device_number(PciInterruptPin pin, int device, int gsi) =>
        Assert.Equal(gsi, PciSwizzle.ToGsi(pin, [device], [16, 17, 18, 19]));

    [Fact]
    public void A_pin_behind_a_bridge_is_swizzled_twice() =>
        Assert.Equal(16 + (1 + 5 + 2) % 4, PciSwizzle.ToGsi(PciInterruptPin.B, [5, 2], [16, 17, 18, 19]));

    [Fact]
    public void Two_IOAPICs_must_not_claim_one_GSI() =>
        Assert.Throws<OptionException>(() => new Fabric(FabricOptions.Pc() with
        {
            IoApics = [new(), new() { GsiBase = 23, Address = 0xFEC01000 }],
        }));

    [Fact]
    public void INTR_reaches_pin_0_of_the_IOAPIC_as_ExtINT()
    {
        foreach ((ushort port, byte value) in ((ushort, byte)[])[(0x20, 0x11), (0x21, 0x20), (0x21, 4), (0x21, 1), (0x21, 0xEF)])
            _fabric.TryWritePort(0, port, 1, value);
        _fabric.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        _fabric.IoApics[0].WriteEntry(0, RedirectionEntry.Create(0, 0, DeliveryMode.ExtInt), _fabric.Events);
        using Source serial = _fabric.Connect(4, "serial");
        serial.Raise();
        _fabric.Drain();
        Assert.Equal(["8259 INTR"], _fabric.Lines.HoldersOf(0));
        Assert.Equal(0x24, _fabric.Take(0));
        Assert.Empty(_fabric.Lines.HoldersOf(0));
    }

    private void Program(int pin, bool level)
    {
        _fabric.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        _fabric.IoApics[0].WriteEntry(pin, RedirectionEntry.Create(0x50, 0, level: level), _fabric.Events);
        _fabric.Drain();
    }

    private bool TakeAndEoi()
    {
        _fabric.Drain(_heard);
        if (_fabric.Take(0) < 0)
            return false;
        _fabric.TryWrite(0, 0xFEE000B0, 4, 0);
        _fabric.Drain(_heard);
        return true;
    }

    private sealed class Listener : IAckPort
    {
        internal List<int> Acks { get; } = [];

        internal Action<int>? OnAck { get; set; }

        public void Acknowledged(int source, uint generation)
        {
            Acks.Add(source);
            OnAck?.Invoke(source);
        }
    }
}
