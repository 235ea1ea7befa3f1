using Wirq.Events;

namespace Wirq.Tests.Events;

public class EventTextTests
{
    private static readonly RedirectionEntry Level = RedirectionEntry.Create(0x31, 1, level: true), Masked = Level.WithMask(true);
    private static readonly uint Pin11 = Origin.Pin(0, 11).Bits, Nic = Origin.Device(0x10).Bits;
    private static readonly ulong Fixed31 = InterruptMessage.Create(0x31, DeliveryMode.Fixed, 1, level: true).Bits;

    public static TheoryData<string, Event> Lines => new()
    {
        { "time moves to 70 ns", new Event(EventKind.TimeAdvanced) { Time = 70 } },
        { "cpu1 writes 0x31 to 0xfec00040, 4 bytes", new(EventKind.MemoryMappedWrite, 1, 4, 0xFEC00040, 0x31) },
        { "cpu1 reads 0x11 from port 0x21, 1 byte", new(EventKind.PortRead, 1, 1, 0x21, 0x11) },
        { "cpu1 writes 0x1 to MSR 0x80b and takes #GP", new(EventKind.MsrWrite, 1, 1, 0x80B, 1) },
        { "device 00:02.0 sends 0xfee00000/0x0051", new(EventKind.MessageSent, 0, Nic, 0xFEE00000, 0x51) },
        { "all is at rest", new(EventKind.Rest) },
        { "source 3 raises GSI 11", new(EventKind.SourceRaised, 3, 11) },
        { "source 3 lowers GSI 11, as it is acknowledged", new(EventKind.SourceLowered, 3, 11, 2, 1) },
        { "source 3 joins GSI 11 (sampled)", new(EventKind.SourceConnected, 3, 11, 2) },
        { "GSI 11 falls", new(EventKind.LineChanged, 0, 11) },
        { "the 8259 gives 0x0f for IRQ 7 to an INTA cycle, spurious", new(EventKind.PicTaken, 0, 7, 0x0F, 1) },
        { "the 8259 gives 0x0d for IRQ 5 to a poll, level", new(EventKind.PicTaken, 0, 5, 0x0D, 6) },
        { "mask of the 8259 was 0xffff, is 0xfffb", new(EventKind.PicMaskChanged, 0, 0, 0xFFFB, 0xFFFF) },
        { "pin 11 of I/OAPIC 0 rises", new(EventKind.PinChanged, 0, 11, 1) },
        { "pin 11 of I/OAPIC 2 falls by a change of polarity", new(EventKind.PinChanged, 2, 11, 0, 1) },
        { "entry of pin 11 of I/OAPIC 0 was Fixed 0x31 to physical 0x1 level masked, is Fixed 0x31 to physical 0x1 level",
            new(EventKind.EntryWritten, 0, 11, Level.Bits, Masked.Bits) },
        { "pin 11 of I/OAPIC 0 hears that its message (level) was refused: no local APIC matches the destination",
            new(EventKind.PinRefused, 0, 11, 1, (ulong)RefusalReason.NoDestination) },
        { "Remote IRR of pin 11 of I/OAPIC 0 is cleared, 0x31, by the EOI register", new(EventKind.RemoteIrrCleared, 0, 11, 0x31, 1) },
        { "Fixed 0x31 to physical 0x1 (level) of I/OAPIC 0 pin 11 is accepted by 1 CPU", new(EventKind.MessageAccepted, 0, Pin11, Fixed31, 1) },
        { "cpu0 has 0x31 of I/OAPIC 0 pin 11 pending (level), merged into one that was", new(EventKind.VectorAccepted, 0, Pin11, 0x31, 3) },
        { "cpu0 takes 0x31", new(EventKind.VectorTaken, 0, 0, 0x31) },
        { "cpu0 takes 0x09 from the 8259", new(EventKind.VectorTaken, 0, 0, 0x09, 1) },
        { "cpu0 ends 0x31 (level), broadcast suppressed", new(EventKind.CpuEoi, 0, 0, 0x31, 3) },
        { "the local APIC of cpu2 is cleared by INIT", new(EventKind.ApicReset, 2, 0, 1) },
        { "pin 11 of I/OAPIC 0 sends 0xfee01000/0xc031", new(EventKind.Deliver, 0, 11, Level.Message.Address.Bits, Level.Message.Data.Bits) },
        { "source 3 on GSI 11 hears the acknowledge", new(EventKind.Ack, 3, 11, 1) },
        { "cpu0 broadcasts the EOI of 0x31", new(EventKind.EoiBroadcast, 0, 0, 0x31) },
        { "cpu0 broadcasts the EOI of 0x31, an edge", new(EventKind.EoiBroadcast, 0, 0, 0x31, 1) },
        { "device 00:02.0 writes 0x7 to memory at 0x1000", new(EventKind.MemoryWrite, 0, Nic, 0x1000, 7) },
    };

    [Theory, MemberData(nameof(Lines))]
    public void An_event_is_told_in_one_plain_line(string words, Event e)
    {
        Assert.Equal(words, EventText.Describe(e));
        Assert.Equal(words, e.ToString());
        Assert.InRange(words.Length, 1, 110);
    }

    [Fact]
    public void Every_kind_has_words_of_its_own()
    {
        var words = new HashSet<string>();
        foreach (EventKind kind in Enum.GetValues<EventKind>())
        {
            string text = EventText.Describe(new Event(kind, 1, 2, 3, 4));
            Assert.DoesNotContain(kind.ToString(), text, StringComparison.Ordinal);
            Assert.True(words.Add(text), $"'{text}' is said of two kinds");
        }
    }

    [Theory]
    [InlineData(0x0001)]
    [InlineData(0x017F)]
    [InlineData(0x0181)]
    [InlineData(0x0581)]
    [InlineData(0x0A7F)]
    [InlineData(0x0AFF)]
    [InlineData(0x0B7F)]
    [InlineData(0xFFFF)]
    public void A_kind_of_a_later_version_is_told_by_its_numbers(int kind) =>
        Assert.Equal($"{kind} 1 2 0x3 0x4", EventText.Describe(new Event((EventKind)kind, 1, 2, 3, 4)));

    [Fact]
    public void Every_reason_has_words_of_its_own()
    {
        Assert.All(Enum.GetValues<RefusalReason>(), reason => Assert.DoesNotContain(" reason ",
            EventText.Describe(new Event(EventKind.PinRefused, 0, 1, 1, (ulong)reason)).Replace("no reason", "", StringComparison.Ordinal), StringComparison.Ordinal));
        Assert.All(Enum.GetValues<Misuse>(), what => Assert.DoesNotContain("misuse ",
            EventText.Describe(new Event(EventKind.GuestMisuse, 0, (uint)what)), StringComparison.Ordinal));
    }
}
