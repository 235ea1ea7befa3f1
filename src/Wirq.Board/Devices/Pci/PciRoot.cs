using Wirq.Board.Bus;

namespace Wirq.Board.Devices.Pci;

/// <summary>The PCI bus, whose configuration space a CPU accesses by ports.</summary>
/// <remarks><code>
/// 0xCF8        32-bit: the address; accesses of other sizes do not reach it
/// 0xCFC-0xCFF  the register that the address names, in any size and at any offset
/// </code>PCI Local Bus 3.0, 3.2.2.3.2 (configuration mechanism #1). There is only bus 0. If no function answers, a
/// read returns all ones (3.2.2.3.4). The part of an access after 0xCFF is dropped, and reads as ones.</remarks>
public sealed class PciRoot : IPortDevice
{
    /// <summary>Its first port.</summary>
    public const ushort FirstPort = 0xCF8;
    /// <summary>The number of ports.</summary>
    public const int Ports = 8;

    private const ushort AddressPort = FirstPort, DataPort = 0xCFC;
    private const int WordBytes = sizeof(uint), Devices = 32, Functions = 8;

    private readonly IPciFunction?[] _functions = new IPciFunction?[Devices];
    private uint _address;

    /// <summary>Puts a device into a slot, as its function 0. Its other functions are absent.</summary>
    /// <param name="device">The slot, 0 to 31.</param>
    /// <param name="function">The function.</param>
    /// <exception cref="ArgumentException">The slot is taken.</exception>
    public void Add(int device, IPciFunction function)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)device, (uint)Devices, nameof(device));
        if (Interlocked.CompareExchange(ref _functions[device], function, null) is not null)
            throw new ArgumentException($"device {device} of bus 0 is there already", nameof(device));
    }

    /// <summary>Bus, device and function of function 0 in a slot, as in messages and requests.</summary>
    /// <param name="device">The slot, 0 to 31.</param>
    public static ushort RequesterOf(int device) => (ushort)(device * Functions);

    /// <summary>Maps it.</summary>
    public void MapAt(DeviceBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.MapPorts(FirstPort, Ports, this);
    }

    /// <inheritdoc/>
    public uint ReadPort(ushort port, int size)
    {
        if (port == AddressPort && size == WordBytes)
            return Volatile.Read(ref _address);
        if (port < DataPort || Chosen(out uint register) is not { } function)
            return uint.MaxValue;
        int at = port - DataPort, inside = Math.Min(size, WordBytes - at);
        return Access.Merge(uint.MaxValue, 0, inside, Access.Part(function.ReadConfiguration(register), at, inside));
    }

    /// <inheritdoc/>
    public void WritePort(ushort port, int size, uint value)
    {
        if (port == AddressPort && size == WordBytes)
            Volatile.Write(ref _address, value & ConfigurationAddress.Writable);
        if (port < DataPort || Chosen(out uint register) is not { } function)
            return;
        int at = port - DataPort, inside = Math.Min(size, WordBytes - at);
        if (inside == size)
            function.WriteConfiguration(register, at, size, value);
        else
        {
            for (int i = 0; i < inside; i++)
                function.WriteConfiguration(register, at + i, 1, Access.Byte(value, i));
        }
    }

    private IPciFunction? Chosen(out uint register)
    {
        var address = new ConfigurationAddress(Volatile.Read(ref _address));
        register = address.Register;
        return address is { On: true, Bus: 0 } && address.DeviceFunction % Functions == 0
            ? Volatile.Read(ref _functions[address.DeviceFunction / Functions])
            : null;
    }
}
