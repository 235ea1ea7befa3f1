using Wirq.State;

namespace Wirq.Xen;

/// <summary>One link device.</summary>
internal struct LinkState : IState
{
    /// <summary>How many pins on it assert.</summary>
    public uint Asserting;
    /// <summary>The ISA IRQ that it leads to; 0 for none.</summary>
    public byte Irq;
    public byte Reserved0;
    public ushort Reserved;
}

/// <summary>The pins of one PCI device.</summary>
internal struct IntxState : IState
{
    /// <summary>Its pins that assert, a bit for each.</summary>
    public byte Asserted;
}

/// <summary>The lines of the PCI devices on the root bus of a Xen HVM domain. Each pin leads to a GSI from 16 on, and
/// also to one of four link devices, which lead to ISA IRQs.</summary>
/// <remarks>Xen's wiring: device D, pin P is GSI 16 + ((4·D + D/8 + P) &amp; 31) and link (D + P) &amp; 3. State lies in an
/// arena, and the sources in the fabric.</remarks>
public sealed partial class XenPciLines
{
    /// <summary>How many devices there are.</summary>
    public const int Devices = 32;
    /// <summary>How many link devices there are.</summary>
    public const int Links = 4;
    /// <summary>How many pins a device has.</summary>
    public const int Pins = 4;
    /// <summary>How many sources of the fabric they use.</summary>
    public const int Sources = Devices * Pins + Links * (IsaIrqs - 1);
    private const int IsaIrqs = 16, FirstGsi = 16, PciGsis = 32;

    // Slots of sources. They are connected when the machine is built, so they are the same in each machine of its shape.
    private readonly ushort[] _pins = new ushort[Devices * Pins];
    // A link has a source on each line that it can lead to, so that a route can be moved without a free slot.
    private readonly ushort[] _links = new ushort[Links * IsaIrqs];
    private readonly Fabric _fabric;
    private readonly Block<LinkState> _state;
    private readonly Block<IntxState> _intx;

    /// <summary>Connects the pins of 32 devices and the links.</summary>
    /// <param name="fabric">The machine. It has <see cref="GsiCount"/> GSIs and <see cref="Sources"/> free sources.</param>
    /// <param name="arena">Where the state goes; not the fabric's, which has lines of its own by <see
    /// cref="FabricOptions.Xen"/>.</param>
    /// <exception cref="ArgumentException">The machine has too few GSIs.</exception>
    /// <exception cref="InvalidOperationException">It has too few sources.</exception>
    public XenPciLines(Fabric fabric, StateArena arena)
    {
        ArgumentNullException.ThrowIfNull(fabric);
        ArgumentNullException.ThrowIfNull(arena);
        if (fabric.Gsis.Count < GsiCount)
            throw new ArgumentException($"the machine has {fabric.Gsis.Count} GSIs; PCI devices of Xen need {GsiCount}", nameof(fabric));
        _fabric = fabric;
        _state = arena.Reserve<LinkState>(Links);
        _intx = arena.Reserve<IntxState>(Devices);
        for (int device = 0; device < Devices; device++)
        {
            for (int pin = 0; pin < Pins; pin++)
                _pins[device * Pins + pin] = Connect(GsiOf(device, (PciInterruptPin)pin), $"PCI {device:x2} INT{(PciInterruptPin)pin}");
        }
        for (int link = 0; link < Links; link++)
        {
            for (int irq = 1; irq < IsaIrqs; irq++)
                _links[link * IsaIrqs + irq] = Connect(irq, $"PCI link {link}");
        }
    }

    private ushort Connect(int gsi, string label) => (ushort)_fabric.Connect(gsi, label).Slot;

    /// <summary>How many GSIs a machine must have.</summary>
    public const int GsiCount = FirstGsi + PciGsis;

    /// <summary>The GSI of a pin.</summary>
    /// <param name="device">The device, 0 to 31.</param>
    /// <param name="pin">Its pin.</param>
    public static int GsiOf(int device, PciInterruptPin pin) => FirstGsi + (device * Pins + device / 8 + (int)pin) % PciGsis;

    /// <summary>The link of a pin.</summary>
    /// <param name="device">The device, 0 to 31.</param>
    /// <param name="pin">Its pin.</param>
    public static int LinkOf(int device, PciInterruptPin pin) => (device + (int)pin) % Links;

    /// <summary>The ISA IRQ that a link leads to; 0 for none.</summary>
    public int RouteOf(int link) => _state[link].Irq;

    /// <summary>Whether a pin asserts.</summary>
    public bool IsAsserted(int device, PciInterruptPin pin) => (_intx[device].Asserted >> (int)pin & 1) != 0;

    /// <summary>A device drives its pin. It only queues.</summary>
    /// <param name="device">The device, 0 to 31.</param>
    /// <param name="pin">Its pin. It is one wire: whoever drives it last decides.</param>
    /// <param name="asserted">Its level.</param>
    public void Drive(int device, PciInterruptPin pin, bool asserted)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)device, (uint)Devices, nameof(device));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)pin, (uint)Pins, nameof(pin));
        if (IsAsserted(device, pin) == asserted)
            return;
        _intx[device].Asserted ^= (byte)(1 << (int)pin);
        _fabric.SetOwnSource(_pins[device * Pins + (int)pin], asserted);
        int link = LinkOf(device, pin);
        ref LinkState state = ref _state[link];
        bool held = state.Asserting != 0;
        state.Asserting += asserted ? 1u : uint.MaxValue;
        if (held != (state.Asserting != 0) && state.Irq != 0)
            _fabric.SetOwnSource(_links[link * IsaIrqs + state.Irq], asserted);
    }

    /// <summary>A link leads to another ISA IRQ from now on. If a pin holds it, the old line loses it as a holder, and the
    /// new one gets it. It only queues.</summary>
    /// <param name="link">The link, 0 to 3.</param>
    /// <param name="irq">The ISA IRQ, 1 to 15; 0 for none.</param>
    public void Route(int link, int irq)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)link, (uint)Links, nameof(link));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)irq, (uint)IsaIrqs, nameof(irq));
        ref LinkState state = ref _state[link];
        byte former = state.Irq;
        bool held = state.Asserting != 0 && former != irq;
        state.Irq = (byte)irq;
        if (held && former != 0)
            _fabric.SetOwnSource(_links[link * IsaIrqs + former], false);
        // A PIRQ that owns the new line does not hear of it: nothing rose at a device.
        if (held && irq != 0)
            _fabric.SetOwnSource(_links[link * IsaIrqs + irq], true, toOwner: false);
        Moved?.Invoke(link);
    }

    /// <summary>Called when a link has moved.</summary>
    internal Action<int>? Moved { get; set; }
}
