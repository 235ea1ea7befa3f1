using Wirq.Remapping.VtD;

namespace Wirq.Tests.Remapping;

/// <summary>The positions of the fields of entries and descriptors (VT-d specification, 6.5.2 and 9).</summary>
public class VtdWordTests
{
    [Fact]
    public void Fields_of_an_entry_stand_where_the_manual_has_them()
    {
        InterruptMessage message = InterruptMessage.Create(0x41, DeliveryMode.LowestPriority, 0x12345678, logical: true, level: true, hint: true);
        Irte entry = Irte.For(message, extended: true).WithSource(SourceValidation.Id, 0x0310, 2).WithFaultsSuppressed(true);
        Assert.Equal(new Irte(0x12345678_0041003F, 0x60310), entry);
        Assert.Equal(message, entry.Message(extended: true));
        Assert.Equal((true, true, (ushort)0x0310, 2, SourceValidation.Id),
            (entry.Present, entry.FaultsSuppressed, entry.Source, entry.Qualifier, entry.Validation));
        Assert.Equal(0x12345678_0041003Cul, entry.WithPresent(false).WithFaultsSuppressed(false).Low);
        Assert.Equal(0x0000AB00_00410001ul, Irte.For(VtdBench.To(0xAB), extended: false).Low);
        Assert.Equal("not present: Fixed 0x00 to physical 0x0 (edge), None 0x0000/0, FPD", new Irte(2, 0).ToString());
    }

    public static TheoryData<object, ulong, ulong, string> Descriptors => new()
    {
        { QueuedDescriptor.AllEntries, 0x4, 0, "IEC all" },
        { QueuedDescriptor.Entries(0x1234), 0x1234_00000014, 0, "IEC 4660 to 4660" },
        { QueuedDescriptor.Entries(0x1234, 3), 0x1234_18000014, 0, "IEC 4656 to 4663" },
        { QueuedDescriptor.Entries(0xFFFF, 15), 0xFFFF_78000014, 0, "IEC 32768 to 65535" },
        { QueuedDescriptor.Wait(0x30000, 7), 0x7_00000025, 0x30000, "wait, write 0x7 to 0x30000" },
        { QueuedDescriptor.Wait(0x30000, 7, interrupt: true, fence: true), 0x7_00000075, 0x30000, "wait, write 0x7 to 0x30000, interrupt" },
        { QueuedDescriptor.WaitInterrupt, 0x15, 0, "wait, interrupt" },
        { QueuedDescriptor.ContextCache, 0x11, 0, "ContextCache" },
        { QueuedDescriptor.Iotlb, 0x12, 0, "Iotlb" },
        { QueuedDescriptor.DeviceTlb(0x0310), 0x310_00000003, 0, "DeviceTlb" },
    };

    [Theory, MemberData(nameof(Descriptors))]
    public void Fields_of_a_descriptor_stand_where_the_manual_has_them(object made, ulong low, ulong high, string words)
    {
        QueuedDescriptor descriptor = Assert.IsType<QueuedDescriptor>(made);
        Assert.Equal(new QueuedDescriptor(low, high), descriptor);
        Assert.Equal(words, descriptor.ToString());
        Assert.Equal(QueueError.None, descriptor.Check());
    }

    [Fact]
    public void The_reasons_that_an_entry_can_keep_from_being_recorded_are_those_found_in_an_entry() =>
        Assert.Equal([VtdFaultReason.NotPresent, VtdFaultReason.EntryReserved, VtdFaultReason.SourceRejected],
            Enum.GetValues<VtdFaultReason>().Where(reason => reason.IsQualified()));
}
