using System.Buffers.Binary;

namespace Wirq.Traces.Snapshots.Kvm;

/// <summary>Images that KVM gives of its own chips: of <c>KVM_GET_IRQCHIP</c> (a word with the chip's number, a word of
/// padding, 512 bytes) and of <c>KVM_GET_LAPIC</c> (1024 bytes). A file holds one, or several one after the other, as
/// <c>cat</c> joins them: chips in any order, local APICs in the order of their CPUs.</summary>
internal static class KvmImages
{
    private const int ChipBytes = 8 + 512, StateAt = 8, IoApic = 2, Chips = 3, MostCpus = 4096;
    // struct kvm_pic_state and struct kvm_ioapic_state (Linux, Documentation/virt/kvm/api.rst, 4.26, and uapi/asm/kvm.h).
    private const int PicBytes = 16, PicFields = 16, IdAt = 12, IrrAt = 16, TableAt = 24, Pins = 24;
    private static readonly string[] s_names = ["KVM_IRQCHIP_PIC_MASTER", "KVM_IRQCHIP_PIC_SLAVE", "KVM_IRQCHIP_IOAPIC"];

    /// <summary>The largest file of them.</summary>
    internal const int MostBytes = Chips * ChipBytes + MostCpus * LapicPage.Bytes;

    /// <summary>Whether a file consists of such images.</summary>
    /// <param name="head">Its first bytes.</param>
    /// <param name="length">Its length.</param>
    internal static bool Looks(ReadOnlySpan<byte> head, long length)
    {
        if (length > MostBytes || !FitsLength(length))
            return false;
        return LapicPage.Looks(head) || LooksLikeChip(head);
    }

    // With at most three chips, the number of them follows from the length alone: 520 and 1024 differ modulo 1024.
    private static bool FitsLength(long length) => Enumerable.Range(0, Chips + 1)
        .Any(chips => length > 0 && length >= chips * ChipBytes && (length - chips * ChipBytes) % LapicPage.Bytes == 0);

    // What a chip's state does not fill is zero. A PIC's fields are bytes; the base of an I/OAPIC is aligned to its window.
    private static bool LooksLikeChip(ReadOnlySpan<byte> image)
    {
        if (image.Length < ChipBytes || image[0] >= Chips || image[1..StateAt].ContainsAnyExcept((byte)0))
            return false;
        int used = StateAt + (image[0] == IoApic ? TableAt + Pins * sizeof(ulong) : PicBytes);
        return !image[used..ChipBytes].ContainsAnyExcept((byte)0)
            && (image[0] != IoApic || (BinaryPrimitives.ReadUInt64LittleEndian(image[StateAt..]) & byte.MaxValue) == 0);
    }

    /// <summary>Reads them.</summary>
    /// <exception cref="ForeignSnapshotException">Something else stands between them.</exception>
    internal static SnapshotState Read(SnapshotWindow window)
    {
        var state = new SnapshotState { File = window.File, Format = "kvm", What = "images of KVM's chips (KVM_GET_IRQCHIP, KVM_GET_LAPIC)" };
        var pics = new SavedPic?[2];
        ReadOnlySpan<byte> all = window.Tail.Span;
        for (int at = 0; at < all.Length;)
        {
            ReadOnlySpan<byte> image = all[at..];
            if (LapicPage.Looks(image))
            {
                var cpu = new SavedCpu { Number = state.Cpus.Count };
                LapicPage.Read(image, cpu, $"KVM_GET_LAPIC {cpu.Name}", at);
                state.Cpus.Add(cpu);
                at += LapicPage.Bytes;
                continue;
            }
            if (!LooksLikeChip(image))
                throw new ForeignSnapshotException(window.File, at, "neither a chip nor a local APIC", "an image of KVM_GET_IRQCHIP (520 bytes) or KVM_GET_LAPIC (1024)");
            int chip = image[0];
            if (chip == IoApic ? state.IoApics.Count > 0 : pics[chip] is not null)
                throw new ForeignSnapshotException(window.File, at, $"a second image of chip {chip}", "one of each");
            if (chip == IoApic)
                state.IoApics.Add(IoApicOf(image[StateAt..], at + StateAt));
            else
                pics[chip] = PicOf(image[StateAt..], s_names[chip], at + StateAt);
            at += ChipBytes;
        }
        if (pics is [{ } master, { } slave])
            state.Pics.AddRange([master, slave]);
        Lacks(state);
        return state;
    }

    private static void Lacks(SnapshotState state)
    {
        if (state.Pics.Count == 0)
            state.Limits.Add(new("The 8259 pair is not in it", "KVM_GET_IRQCHIP of chips 0 and 1 too, joined to this file by cat"));
        if (state.IoApics.Count == 0)
            state.Limits.Add(new("The I/OAPIC is not in it", "KVM_GET_IRQCHIP of chip 2 too, joined to this file by cat"));
        state.Limits.Add(state.Cpus.Count == 0
            ? new("No local APIC is in it", "KVM_GET_LAPIC of every CPU too, joined to this file by cat")
            : new($"Whether {state.Cpus.Count} is the number of CPUs, whether they are halted and whether their interrupts are on, these images do not tell; "
                + "nor MSI-X tables, nor an eventfd that waits", "a migration stream (virsh save, migrate exec:)"));
    }

    private static SavedPic PicOf(ReadOnlySpan<byte> state, string name, long offset)
    {
        // The order of struct kvm_pic_state.
        string[] fields = ["last_irr", "irr", "imr", "isr", "priority_add", "irq_base", "read_reg_select", "poll", "special_mask",
            "init_state", "auto_eoi", "rotate_on_auto_eoi", "special_fully_nested_mode", "init4", "elcr", "elcr_mask"];
        var told = new Told<byte>[PicFields];
        for (int i = 0; i < PicFields; i++)
            told[i] = new(state[i], new(name, fields[i], offset + i));
        return new SavedPic
        {
            Lines = told[0], Irr = told[1], Imr = told[2], Isr = told[3], First = told[4], Base = told[5], SpecialMask = told[8],
            InitState = told[9], AutoEoi = told[10], SpecialFullyNested = told[12], Elcr = told[14],
        };
    }

    private static SavedIoApic IoApicOf(ReadOnlySpan<byte> state, long offset)
    {
        var entries = new Told<ulong>[Pins];
        for (int pin = 0; pin < Pins; pin++)
        {
            int at = TableAt + pin * sizeof(ulong);
            entries[pin] = new(BinaryPrimitives.ReadUInt64LittleEndian(state[at..]), new(s_names[IoApic], $"redirtbl[{pin}]", offset + at));
        }
        return new SavedIoApic
        {
            Id = new(BinaryPrimitives.ReadUInt32LittleEndian(state[IdAt..]), new(s_names[IoApic], "id", offset + IdAt)),
            Asking = new(BinaryPrimitives.ReadUInt32LittleEndian(state[IrrAt..]), new(s_names[IoApic], "irr", offset + IrrAt)),
            Entries = entries,
        };
    }
}
