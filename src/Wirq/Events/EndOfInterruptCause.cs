namespace Wirq.Events;

/// <summary>What ended a level interrupt at an I/OAPIC pin.</summary>
public enum EndOfInterruptCause : byte
{
    /// <summary>A broadcast from a local APIC.</summary>
    Broadcast,
    /// <summary>A write of the I/OAPIC's own EOI register (version 0x20).</summary>
    Register,
    /// <summary>A rewrite of the entry to edge.</summary>
    Rewrite,
}
