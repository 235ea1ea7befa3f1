using Wirq.Events;

namespace Wirq.Tests.Events;

public class OriginTests
{
    public static TheoryData<uint, OriginKind, int, int, string> Rows => new()
    {
        { Origin.Pin(3, 119).Bits, OriginKind.Pin, 3, 119, "I/OAPIC 3 pin 119" },
        { Origin.Pin(63, 0).Bits, OriginKind.Pin, 63, 0, "I/OAPIC 63 pin 0" },
        { Origin.Device(0xFFFF).Bits, OriginKind.Device, 0, 0xFFFF, "device ff:1f.7" },
        { Origin.Device(0x0010).Bits, OriginKind.Device, 0, 0x10, "device 00:02.0" },
        { Origin.Ipi(4095).Bits, OriginKind.Ipi, 0, 4095, "IPI of cpu4095" },
        { Origin.Local(4095, LocalVector.Timer).Bits, OriginKind.Local, 4095, 1, "Timer of cpu4095" },
        { Origin.Pic(15).Bits, OriginKind.Pic, 0, 15, "8259 IRQ 15" },
        { Origin.RemappingUnit(254).Bits, OriginKind.RemappingUnit, 0, 254, "remapping unit 254" },
        { default(Origin).Bits, OriginKind.None, 0, 0, "nobody known" },
    };

    [Theory, MemberData(nameof(Rows))]
    public void What_went_in_comes_out(uint bits, OriginKind kind, int unit, int index, string words)
    {
        var origin = new Origin(bits);
        Assert.Equal((kind, unit, index), (origin.Kind, origin.Unit, origin.Index));
        Assert.Equal(words, origin.ToString());
    }

    [Fact]
    public void All_origins_differ() => Assert.Distinct(Rows.Select(row => row.Data.Item1));
}
