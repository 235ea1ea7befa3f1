namespace Wirq.Lab.Scenarios;

/// <summary>What kind of access reaches a register.</summary>
internal enum RegisterKind
{
    /// <summary>An I/OAPIC redirection entry, both halves (a write does the high half first, as Linux does).</summary>
    Entry,
    /// <summary>The low half of an entry.</summary>
    EntryLow,
    /// <summary>The high half of an entry.</summary>
    EntryHigh,
    /// <summary>An I/OAPIC register by its index through IOREGSEL and IOWIN.</summary>
    IoApicIndex,
    /// <summary>An I/OAPIC register by its offset.</summary>
    IoApicOffset,
    /// <summary>A local APIC register by its xAPIC offset; in x2APIC mode by its MSR. The name ICR has size 8: its
    /// value is that of x2APIC mode (destination in bits 63:32) in both modes, see <see cref="IpiCommand"/>.</summary>
    LocalApic,
    /// <summary>An MSR.</summary>
    Msr,
    /// <summary>A port.</summary>
    Port,
    /// <summary>Physical memory.</summary>
    Memory,
    /// <summary>CR8.</summary>
    Cr8,
    /// <summary>A register of the remapping unit by its offset.</summary>
    Vtd,
    /// <summary>A guest word of Xen's ABI: <see cref="XenWord"/> is the unit; the number is a vCPU, with the queue in bits
    /// 31:16, or a packed <see cref="PortRef"/>.</summary>
    Xen,
    /// <summary>What an expectation asks about a kernel's interrupts or a passed device: <see cref="HostWord"/> is the unit, and
    /// the number is a line, a device or an eventfd.</summary>
    Host,
}

/// <summary>A register in a scenario.</summary>
/// <param name="Kind">How it is accessed.</param>
/// <param name="Unit">The I/OAPIC; else 0.</param>
/// <param name="Number">Pin, index, offset, MSR, port or address.</param>
/// <param name="Size">Width of the register, or of the access if it can be chosen, in bytes.</param>
/// <param name="Text">The name as written.</param>
internal sealed record RegisterName(RegisterKind Kind, int Unit, ulong Number, int Size, string Text);

/// <summary>A value with named bits.</summary>
/// <param name="Bits">The values of the named bits.</param>
/// <param name="Mask">The named bits.</param>
/// <param name="Form">How it was written.</param>
internal readonly record struct RegisterValue(ulong Bits, ulong Mask, NumberForm Form = NumberForm.Hexadecimal)
{
    /// <summary>Whether a value has the same named bits.</summary>
    public bool Matches(ulong value) => (value & Mask) == Bits;
    /// <summary>A value with the named bits replaced.</summary>
    public ulong Over(ulong value) => value & ~Mask | Bits;
}
