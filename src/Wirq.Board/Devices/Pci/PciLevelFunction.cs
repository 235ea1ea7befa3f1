using System.Diagnostics;
using Wirq.Board.Bus;
using Wirq.Host;

namespace Wirq.Board.Devices.Pci;

/// <summary>A function whose events a thread of its own makes, in bursts that the driver orders. INTA# is asserted while an event
/// waits to be served.</summary>
/// <remarks><code>
/// configuration space
/// 0x00 1AF4:10F1   0x08 class FF.00.00   0x10 BAR0: 4 KiB of memory   0x3C line: the GSI; pin: INTA#
/// 0x04 command: memory space, bus master, INTx disable; status: interrupt status
///
/// BAR0
/// 0x00 identity, read-only: "WIRQ" = 0x51524957
/// 0x04 events still to come; a write sets their number
/// 0x08 the pause after the last event was served, in microseconds
/// 0x0C events that wait; a write of n serves n of them
/// 0x10 the number of events made
/// 0x14 the number of acknowledges of the line
/// 0x18 how many events are made at once, 1 to 16; other values are made so
/// </code>
/// <para>BAR0 answers accesses of 4 aligned bytes; other reads return 0, and other writes have no effect. No event is made while
/// another waits, so a driver that serves one at an interrupt has the line asserted when it ends all but the last of a burst,
/// and has time for other things after that. The acknowledge callback takes the lock of the function, so no completing call is
/// made under it.</para>
/// </remarks>
internal sealed class PciLevelFunction : IThreadedFunction, IMemoryDevice
{
    /// <summary>Vendor and device.</summary>
    public const uint VendorDevice = 0x10F1_1AF4;
    /// <summary>The most events that are made at once.</summary>
    public const uint MaxBurst = 16;

    private const uint ClassRevision = 0xFF00_0000;
    private const uint IdentityRegister = 0x00, ComingRegister = 0x04, PauseRegister = 0x08, QueueRegister = 0x0C, MadeRegister = 0x10,
        AcknowledgeRegister = 0x14, BurstRegister = 0x18;
    // The thread cannot wait for less.
    private const int WaitMilliseconds = 1;

    private readonly Lock _lock = new();
    private readonly FabricHost _host;
    private readonly ConfigurationSpace _space;
    private readonly PciBar _bar;
    private readonly HostSource _line;
    private readonly bool _sampled;
    private readonly DeviceThread _thread;
    private uint _coming, _pause, _burst = 1, _queue, _made, _served, _acknowledged;
    private long _idleSince;
    private bool _asserted, _wants;

    /// <summary>Connects the function, and starts its thread.</summary>
    /// <param name="host">The machine.</param>
    /// <param name="bus">The bus on which BAR0 is mapped and moved.</param>
    /// <param name="kind">How its line is driven.</param>
    /// <param name="gsi">The line of INTA#.</param>
    public PciLevelFunction(FabricHost host, DeviceBus bus, LevelDeviceKind kind, int gsi)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(bus);
        const string Label = "PCI level function";
        _host = host;
        _sampled = kind == LevelDeviceKind.Sampled;
        _space = ConfigurationSpace.OfFunction(VendorDevice, ClassRevision, PciTestFunction.BarBytes, capabilities: 0, gsi);
        _bar = new PciBar(bus, this, PciTestFunction.BarBytes);
        _line = host.Connect(gsi, $"{Label} INTA#", _sampled ? SourceKind.Sampled : SourceKind.Wired, Acknowledged);
        _thread = new DeviceThread(Label, MakeDue);
        _thread.Start();
    }

    /// <summary>What it did until now.</summary>
    public LevelDeviceCounts Counts
    {
        get
        {
            lock (_lock)
                return new LevelDeviceCounts(_made, _served, _acknowledged);
        }
    }

    /// <inheritdoc/>
    public uint ReadConfiguration(uint register)
    {
        lock (_lock)
            return register == PciHeader.CommandStatus ? _space.CommandStatus.WithInterruptStatus(_queue != 0).Bits : _space[register];
    }

    /// <inheritdoc/>
    public void WriteConfiguration(uint register, int at, int size, uint value)
    {
        lock (_lock)
        {
            _space.Write(register, at, size, value);
            _bar.Follow(_space);
            FollowLine();
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
                IdentityRegister => PciTestFunction.IdentityWord,
                ComingRegister => _coming,
                PauseRegister => _pause,
                QueueRegister => _queue,
                MadeRegister => _made,
                AcknowledgeRegister => _acknowledged,
                BurstRegister => _burst,
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
                case ComingRegister:
                    _coming = (uint)value;
                    break;
                case PauseRegister:
                    _pause = (uint)value;
                    break;
                case BurstRegister:
                    _burst = Math.Clamp((uint)value, 1, MaxBurst);
                    break;
                case QueueRegister:
                    uint served = Math.Min((uint)value, _queue);
                    _queue -= served;
                    _served += served;
                    _idleSince = Stopwatch.GetTimestamp();
                    FollowLine();
                    break;
            }
        }
        _thread.Kick();
    }

    /// <summary>Stops its thread, and leaves the bus. Its line ends with the machine.</summary>
    public void Stop()
    {
        _thread.Stop();
        _bar.Unmap();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop();
        _thread.Dispose();
    }

    /// <summary>Makes the events that are due.</summary>
    /// <returns>How long the thread waits, in milliseconds.</returns>
    private int MakeDue()
    {
        lock (_lock)
        {
            // The driver wakes the thread: it orders, or serves.
            if (_coming == 0 || _queue != 0)
                return Timeout.Infinite;
            if (Stopwatch.GetElapsedTime(_idleSince).TotalMicroseconds < _pause)
                return WaitMilliseconds;
            _queue = Math.Min(_burst, _coming);
            _coming -= _queue;
            _made += _queue;
            FollowLine();
            return Timeout.Infinite;
        }
    }

    private void Acknowledged()
    {
        lock (_lock)
        {
            _acknowledged++;
            // The acknowledge has lowered a sampled line.
            if (_sampled)
                _asserted = _wants = false;
            FollowLine();
        }
    }

    /// <summary>INTA# follows the queue, while the guest has not disabled it (PCI Local Bus 3.0, 6.2.2, bit 10). Nobody sees a
    /// sampled line fall; only the laws are told.</summary>
    private void FollowLine()
    {
        bool wants = _queue != 0 && !_space.CommandStatus.IntxDisabled;
        if (wants == _wants)
            return;
        _wants = wants;
        if (!_sampled || !_asserted)
        {
            _asserted = wants;
            _line.Set(wants);
        }
        else
            Tell(wants);
    }

    private void Tell(bool wants) => _host.Ask((_line.Source, wants), static (fabric, a) =>
    {
        if (a.wants)
            fabric.NoteWanted(a.Source);
        else
            fabric.NoteWithdrawn(a.Source);
        return true;
    });
}
