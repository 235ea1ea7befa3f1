namespace Wirq;

/// <summary>When the holders of a level line get the acknowledge of their interrupt.</summary>
public enum AckPolicy : byte
{
    /// <summary>At the EOI; if the pin is masked then, at its unmask. So a handler that masks, signals EOI and serves
    /// the device later (a Linux ONESHOT handler, any 8259 handler) sees no phantom interrupt. At the unmask of a pin,
    /// sampled sources that hold it are resampled before it is served.</summary>
    Done,
    /// <summary>At the EOI, masked or not.</summary>
    Eoi,
    /// <summary>At the EOI; and for sampled sources of a pending pin again at its unmask (Linux commit fef8f2b90edb,
    /// <c>arch/x86/kvm/ioapic.c</c>).</summary>
    EoiAndUnmask,
}
