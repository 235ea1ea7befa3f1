using Wirq.Board.Bus;

namespace Wirq.Board.Devices.Pci;

/// <summary>A register of a configuration space.</summary>
/// <param name="Offset">Bytes from the beginning, a multiple of 4.</param>
/// <param name="Reset">The value after reset.</param>
/// <param name="Writable">Bits that a guest can write; the others do not change.</param>
internal readonly record struct ConfigurationRegister(uint Offset, uint Reset, uint Writable = 0);

/// <summary>The writable registers of a function; registers without a definition read 0.</summary>
internal sealed class ConfigurationSpace
{
    private const int Words = 64;

    private readonly ConfigurationRegister[] _layout;
    private readonly uint[] _words = new uint[Words], _writable = new uint[Words];

    internal ConfigurationSpace(params ConfigurationRegister[] layout)
    {
        _layout = layout;
        foreach (ConfigurationRegister register in layout)
            _writable[register.Offset / sizeof(uint)] = register.Writable;
        Reset();
    }

    /// <summary>The registers of a function with BAR0 and INTA#.</summary>
    /// <param name="identity">Vendor and device; the subsystem has the same.</param>
    /// <param name="classRevision">Class and revision.</param>
    /// <param name="barBytes">Bytes of BAR0, a power of 2.</param>
    /// <param name="capabilities">The offset of the first capability; 0 for none.</param>
    /// <param name="gsi">The line of INTA#.</param>
    internal static ConfigurationSpace OfFunction(uint identity, uint classRevision, uint barBytes, uint capabilities, int gsi) => new(
        new(PciHeader.Identity, identity),
        new(PciHeader.CommandStatus, capabilities == 0 ? 0 : PciCommandStatus.CapabilitiesList,
            PciCommandStatus.MemorySpace | PciCommandStatus.BusMaster | PciCommandStatus.IntxDisable),
        new(PciHeader.ClassRevision, classRevision),
        new(PciHeader.BaseAddress0, 0, ~(barBytes - 1)),
        new(PciHeader.Subsystem, identity),
        new(PciHeader.Capabilities, capabilities),
        new(PciHeader.Interrupt, PciInterrupt.OnPinA(gsi).Bits, PciInterrupt.LineMask));

    internal PciCommandStatus CommandStatus => new(this[PciHeader.CommandStatus]);

    internal uint this[uint register]
    {
        get => _words[register / sizeof(uint)];
        set => _words[register / sizeof(uint)] = value;
    }

    internal void Reset()
    {
        foreach (ConfigurationRegister register in _layout)
            this[register.Offset] = register.Reset;
    }

    internal void Write(uint register, int at, int size, uint value)
    {
        uint writable = _writable[register / sizeof(uint)];
        uint merged = Access.Merge(this[register], at, size, value);
        this[register] = this[register] & ~writable | merged & writable;
    }
}
