using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>The state of KVM's I/OAPIC (<c>struct kvm_ioapic_state</c>).</summary>
/// <remarks>Measured: <see cref="Requests"/> does not contain edges that were delivered. The state does not say which
/// source holds a pin, so lines must be raised again after a restore.</remarks>
[CName("struct kvm_ioapic_state")]
[StructLayout(LayoutKind.Sequential)]
public struct KvmIoApicState
{
    /// <summary>Guest-physical base address (<c>base_address</c>).</summary>
    [CName("base_address")] public ulong BaseAddress;
    /// <summary>The selected register (<c>ioregsel</c>).</summary>
    [CName("ioregsel")] public uint Selected;
    /// <summary>The id, 4 bits (<c>id</c>).</summary>
    [CName("id")] public uint Id;
    /// <summary>Pins with a request, bit n for pin n (<c>irr</c>).</summary>
    [CName("irr")] public uint Requests;
    [CName("pad")] private uint _pad;
    /// <summary>The redirection table (<c>redirtbl</c>).</summary>
    [CName("redirtbl")] public KvmRedirectionTable Entries;

    /// <summary>Whether a pin has a request.</summary>
    /// <param name="pin">0 to 23.</param>
    public readonly bool HasRequest(int pin) => (Requests >> pin & 1) != 0;
}

/// <summary>The 24 entries of <see cref="KvmIoApicState"/>.</summary>
[InlineArray(24)]
public struct KvmRedirectionTable
{
    private RedirectionEntry _first;
}

/// <summary>The state of one of KVM's 8259As (<c>struct kvm_pic_state</c>). Sets have bit n for input n; yes-or-no
/// fields are 0 or 1.</summary>
/// <remarks>Measured: an edge stays in <see cref="Requests"/> after its line has fallen, unlike in an 8259A. Bit 2 of
/// the master's is recomputed when the state is set.</remarks>
[CName("struct kvm_pic_state")]
[StructLayout(LayoutKind.Sequential)]
public struct KvmPicState
{
    /// <summary>Last levels, for edge detection (<c>last_irr</c>).</summary>
    [CName("last_irr")] public byte Levels;
    /// <summary>Interrupt request register (<c>irr</c>).</summary>
    [CName("irr")] public byte Requests;
    /// <summary>Interrupt mask register (<c>imr</c>).</summary>
    [CName("imr")] public byte Mask;
    /// <summary>In-service register (<c>isr</c>).</summary>
    [CName("isr")] public byte InService;
    /// <summary>The input with the highest priority (<c>priority_add</c>).</summary>
    [CName("priority_add")] public byte Highest;
    /// <summary>The vector of input 0 (<c>irq_base</c>).</summary>
    [CName("irq_base")] public byte VectorBase;
    /// <summary>The even port reads the in-service register (<c>read_reg_select</c>).</summary>
    [CName("read_reg_select")] public byte ReadsInService;
    /// <summary>The next read is a poll (<c>poll</c>).</summary>
    [CName("poll")] public byte Polling;
    /// <summary>Special mask mode (<c>special_mask</c>).</summary>
    [CName("special_mask")] public byte SpecialMask;
    /// <summary>Which initialisation word comes next; 0 for none (<c>init_state</c>).</summary>
    [CName("init_state")] public byte Stage;
    /// <summary>Automatic EOI (<c>auto_eoi</c>).</summary>
    [CName("auto_eoi")] public byte AutoEoi;
    /// <summary>Priorities rotate at automatic EOI (<c>rotate_on_auto_eoi</c>).</summary>
    [CName("rotate_on_auto_eoi")] public byte RotatesInAutoEoi;
    /// <summary>Special fully nested mode (<c>special_fully_nested_mode</c>).</summary>
    [CName("special_fully_nested_mode")] public byte SpecialFullyNested;
    /// <summary>ICW4 is to come (<c>init4</c>).</summary>
    [CName("init4")] public byte NeedsIcw4;
    /// <summary>Level-triggered inputs (<c>elcr</c>).</summary>
    [CName("elcr")] public byte Elcr;
    /// <summary>Inputs that can be level-triggered (<c>elcr_mask</c>).</summary>
    [CName("elcr_mask")] public byte ElcrMask;
}
