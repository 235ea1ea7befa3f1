namespace Wirq;

/// <summary>When the holders of a level line hear that their interrupt was acknowledged.</summary>
public enum AckPolicy : byte
{
    /// <summary>At the EOI; where the pin is masked then, when it is unmasked. A handler that masks, signals EOI and
    /// serves the device later (a Linux ONESHOT handler, any 8259 handler) sees no phantom. As a pin is unmasked,
    /// sampled sources that hold it are asked again before it is served.</summary>
    Done,
    /// <summary>At the EOI, masked or not.</summary>
    Eoi,
    /// <summary>At the EOI, and sampled sources of a pending pin again as it is unmasked (Linux commit fef8f2b90edb,
    /// <c>arch/x86/kvm/ioapic.c</c>).</summary>
    EoiAndUnmask,
}
