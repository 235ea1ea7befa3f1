using Wirq.Board.Bus;
using Wirq.Host;

namespace Wirq.Board.Devices.Pci;

/// <summary>A function that only interrupts: by INTA#, or by MSI.</summary>
/// <remarks><code>
/// configuration space
/// 0x00 1AF4:10F0   0x08 class FF.00.00   0x10 BAR0: 4 KiB of memory   0x34 0x50   0x3C line: the GSI; pin: INTA#
/// 0x04 command: memory space, bus master, INTx disable; status: interrupt status, capabilities
/// 0x50 MSI: 64-bit address, a mask per vector, 4 vectors
///
/// BAR0
/// 0x00 identity, read-only: "WIRQ" = 0x51524957
/// 0x04 INTx: bit 0 is the level of the interrupt
/// 0x08 a write sends the message of this vector, if MSI and bus master are on and the guest enabled that many;
///      reads return the number of messages sent
/// 0x0C the number of acknowledges of the line; a write of any value clears it
/// 0x10 keeps the written value
/// </code>
/// <para>1AF4:10F0 to 10FF are reserved for experiments (QEMU, docs/specs/pci-ids). BAR0 answers accesses of 4 aligned
/// bytes; other reads return 0, and other writes have no effect. A raised interrupt is visible in the status register
/// even if INTx and MSI are disabled. INTA# follows it while neither the command register disables it nor MSI is on
/// (PCI Local Bus 3.0, 6.2.2, 6.2.3 and 6.8.3.3).</para>
/// </remarks>
internal sealed class PciTestFunction : IPciFunction, IMemoryDevice, IDisposable
{
    /// <summary>The default line of INTA#.</summary>
    public const int DefaultGsi = 17;
    /// <summary>Bytes of BAR0.</summary>
    public const uint BarBytes = 0x1000;
    /// <summary>The number of MSI vectors.</summary>
    public const int Vectors = 4;
    /// <summary>The value of its first register.</summary>
    public const uint IdentityWord = 0x51524957;
    /// <summary>Vendor and device.</summary>
    public const uint VendorDevice = 0x10F0_1AF4;
    /// <summary>Offset of the MSI capability.</summary>
    public const uint MsiOffset = 0x50;

    private const uint IdentityRegister = 0x00, IntxRegister = 0x04, SendRegister = 0x08, AcknowledgeRegister = 0x0C,
        ScratchRegister = 0x10;
    private const uint ClassRevision = 0xFF00_0000;
    private const uint MsiPending = 20, IntxBit = 1;

    private readonly Lock _lock = new();
    private readonly ConfigurationSpace _space;
    private readonly PciBar _bar;
    private readonly MsiCapability _msi = new(Vectors);
    private readonly MessageFunction _messages;
    private readonly PciPin _pin;
    private bool _interrupt;
    private uint _sent, _scratch;
    private int _acknowledged;

    /// <summary>Connects the function.</summary>
    /// <param name="host">The machine; it must have virqs (<see cref="FabricOptions.Routing"/>).</param>
    /// <param name="bus">The bus on which BAR0 is mapped and moved.</param>
    /// <param name="requester">Bus, device and function: <see cref="PciRoot.RequesterOf"/>.</param>
    /// <param name="gsi">The line of INTA#.</param>
    public PciTestFunction(FabricHost host, DeviceBus bus, ushort requester, int gsi = DefaultGsi)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(bus);
        _space = ConfigurationSpace.OfFunction(VendorDevice, ClassRevision, BarBytes, MsiOffset, gsi);
        _bar = new PciBar(bus, this, BarBytes);
        _messages = new MessageFunction(host, _msi, "PCI test function", requester);
        // The acknowledge callback takes no lock: writes to the capability are completing calls under this function's
        // lock.
        _pin = new PciPin(host.Connect(gsi, "PCI test function INTA#", acknowledged: () => Interlocked.Increment(ref _acknowledged)));
    }

    /// <inheritdoc/>
    public uint ReadConfiguration(uint register)
    {
        lock (_lock)
        {
            if (register is >= MsiOffset and < MsiOffset + MsiCapability.Size)
                return ReadMsi(register - MsiOffset);
            return register == PciHeader.CommandStatus ? _space.CommandStatus.WithInterruptStatus(_interrupt).Bits : _space[register];
        }
    }

    /// <inheritdoc/>
    public void WriteConfiguration(uint register, int at, int size, uint value)
    {
        lock (_lock)
        {
            if (register is >= MsiOffset and < MsiOffset + MsiCapability.Size)
            {
                _msi.Write(register - MsiOffset + (uint)at, size, value);
                _messages.AllChanged();
            }
            else
                _space.Write(register, at, size, value);
            _bar.Follow(_space);
            FollowPin();
        }
    }

    /// <inheritdoc/>
    public ulong ReadMemory(ulong offset, int size)
    {
        if (size != sizeof(uint))
            return 0;
        lock (_lock)
        {
            return offset switch
            {
                IdentityRegister => IdentityWord,
                IntxRegister => _interrupt ? IntxBit : 0,
                SendRegister => _sent,
                AcknowledgeRegister => (uint)Volatile.Read(ref _acknowledged),
                ScratchRegister => _scratch,
                _ => 0,
            };
        }
    }

    /// <inheritdoc/>
    public void WriteMemory(ulong offset, int size, ulong value)
    {
        if (size != sizeof(uint))
            return;
        lock (_lock)
        {
            switch (offset)
            {
                case IntxRegister:
                    _interrupt = (value & IntxBit) != 0;
                    FollowPin();
                    break;
                case SendRegister:
                    Send((uint)value);
                    break;
                case AcknowledgeRegister:
                    Volatile.Write(ref _acknowledged, 0);
                    break;
                case ScratchRegister:
                    _scratch = (uint)value;
                    break;
            }
        }
    }

    /// <summary>Leaves the bus and the machine.</summary>
    public void Dispose()
    {
        _bar.Unmap();
        _messages.Dispose();
        _pin.Dispose();
    }

    private uint ReadMsi(uint offset) => offset switch
    {
        // It is the last capability: bits 15:8, the pointer to the next, are 0.
        0 => _msi.Read(0) | MsiCapability.CapabilityId,
        MsiPending => (uint)_messages.Pending(0),
        _ => _msi.Read(offset),
    };

    /// <summary>Sends a message. A message is a memory write, so the function must be bus master (PCI Local Bus 3.0,
    /// 6.2.2, bit 2).</summary>
    private void Send(uint vector)
    {
        if (!_msi.Enabled || !_space.CommandStatus.MayMaster || vector >= EnabledVectors)
            return;
        _sent++;
        _messages.Virqs[(int)vector].Trigger();
    }

    private uint EnabledVectors => Math.Min(Vectors, new MsiControl(_msi.Read(0)).Enabled);

    private void FollowPin() => _pin.Follow(_interrupt, _space.CommandStatus, _msi.Enabled);

    /// <summary>The control word of the capability: how many vectors the guest enabled.</summary>
    private readonly record struct MsiControl(uint Bits)
    {
        private const int EnabledShift = 20;

        internal uint Enabled => 1u << (int)(Bits >> EnabledShift & 7);
    }
}
