namespace Wirq.Traces.Snapshots.Xen;

/// <summary>Xen's record of one 8259, <c>struct hvm_hw_vpic</c>.</summary>
/// <remarks><code>
/// byte 0    1    2    3         4                        5                    6     7
///     irr  imr  isr  irq_base  3:0 init_state           0 reads ISR  1 poll   elcr  INT
///                              7:4 first in priority    2 auto EOI  3 rotates
///                                                       4 fully nested  5 special mask  6 master
/// </code></remarks>
internal static class XenPic
{
    internal const int Bytes = 8;

    private const int InitBits = 0xF, PriorityShift = 4, AutoEoi = 2, FullyNested = 4, SpecialMask = 5;
    private const int StateAt = 4, ModesAt = 5, ElcrAt = 6;

    internal static SavedPic Read(ReadOnlySpan<byte> record, int instance, long offset)
    {
        byte state = record[StateAt], modes = record[ModesAt];
        return new SavedPic
        {
            Irr = Field(record[0], "irr", 0), Imr = Field(record[1], "imr", 1), Isr = Field(record[2], "isr", 2), Base = Field(record[3], "irq_base", 3),
            InitState = Field((byte)(state & InitBits), "init_state", StateAt), First = Field((byte)(state >> PriorityShift), "priority_add", StateAt),
            AutoEoi = Mode(AutoEoi, "auto_eoi"), SpecialFullyNested = Mode(FullyNested, "special_fully_nested_mode"), SpecialMask = Mode(SpecialMask, "special_mask_mode"),
            Elcr = Field(record[ElcrAt], "elcr", ElcrAt),
        };

        Told<byte> Field(byte value, string name, int at) => new(value, new($"PIC {instance}", name, offset + at));
        Told<byte> Mode(int bit, string name) => Field((byte)(modes >> bit & 1), name, ModesAt);
    }
}
