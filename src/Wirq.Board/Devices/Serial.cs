using Wirq.Board.Bus;
using Wirq.Host;

namespace Wirq.Board.Devices;

/// <summary>A serial port of a PC: a 16550A with the wiring of a PC.</summary>
/// <remarks><code>
/// +0 receiver buffer, transmitter holding; divisor 7:0 with DLAB   +1 interrupt enable; divisor 15:8 with DLAB
/// +2 interrupt identification, FIFO control   +3 line control (7 DLAB)   +4 modem control   +5 line status
/// +6 modem status   +7 scratch
/// </code>
/// <para>National Semiconductor PC16550D data sheet, 8. A PC connects INTR to its interrupt line only while OUT2 is
/// low, that is, while the guest has set its bit; a loop holds OUT2 high (8.7, bits 3 and 4). Virtual machines often leave
/// this gate out, and a guest that was only run there may depend on it: see <see cref="SerialWiring"/>.</para>
/// <para>Transfers take no time. A byte is sent when it is written, so the transmitter is always empty. A byte is
/// received as soon as there is room; if the FIFO is then below its trigger level and no more bytes wait, the timeout
/// interrupt is raised at once. No break, no parity or framing error, no DMA.</para>
/// </remarks>
public sealed class Serial : BytePortDevice, IDisposable
{
    /// <summary>The port of COM1.</summary>
    public const ushort Com1 = 0x3F8;
    /// <summary>The ISA interrupt of COM1.</summary>
    public const int Com1Irq = 4;
    /// <summary>The number of ports.</summary>
    public const int Ports = 8;
    /// <summary>The highest number of bytes that wait for room in the receiver. Further bytes are lost as an
    /// overrun.</summary>
    public const int MaxWaiting = 1 << 16;

    private const int FifoBytes = 16;
    private const byte DivisorLatch = 0x80;
    private const byte IdNone = 0x01, IdLineStatus = 0x06, IdReceived = 0x04, IdTimeout = 0x0C, IdTransmitter = 0x02,
        IdModem = 0x00, IdFifo = 0xC0;
    private const byte LineReady = 0x01, LineOverrun = 0x02, LineTransmitterEmpty = 0x60;

    private readonly HostSource _irq;
    private readonly Action<byte> _sink;
    private readonly ushort _first;
    private readonly SerialWiring _wiring;
    private readonly Queue<byte> _received = new(FifoBytes), _waiting = new();
    private SerialInterrupts _enabled;
    private SerialFifoControl _fifo;
    private SerialModemControl _modem;
    private SerialModemStatus _status = SerialModemStatus.Connected;
    private byte _lineControl, _scratch, _divisorLow = 0x0C, _divisorHigh;
    private bool _overrun, _transmitterTold = true, _raised;

    /// <summary>Builds a port.</summary>
    /// <param name="host">The machine.</param>
    /// <param name="sink">Gets each byte that the guest sends, in order, on the thread of the vCPU that sent it and
    /// under the port's lock. It must not call the port.</param>
    /// <param name="first">Its first port.</param>
    /// <param name="irq">Its ISA interrupt, 0 to 15.</param>
    /// <param name="wiring">What lies between INTR and that interrupt.</param>
    public Serial(FabricHost host, Action<byte> sink, ushort first = Com1, int irq = Com1Irq, SerialWiring wiring = SerialWiring.Pc)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(sink);
        _sink = sink;
        _first = first;
        _wiring = wiring;
        _irq = host.Connect(host.Do(fabric => fabric.Gsis.OfIsaIrq(irq)), $"serial 0x{first:x}");
    }

    private bool DivisorSelected => (_lineControl & DivisorLatch) != 0;

    private int Capacity => _fifo.Enabled ? FifoBytes : 1;

    /// <summary>How many bytes <see cref="Receive"/> takes without a loss.</summary>
    public int Room
    {
        get
        {
            lock (Guard)
                return MaxWaiting - _waiting.Count;
        }
    }

    /// <summary>Maps it.</summary>
    public void MapAt(DeviceBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.MapPorts(_first, Ports, this);
    }

    /// <summary>Receives bytes. They wait until the guest makes room.</summary>
    /// <param name="bytes">The bytes.</param>
    public void Receive(ReadOnlySpan<byte> bytes)
    {
        lock (Guard)
        {
            int room = Math.Min(MaxWaiting - _waiting.Count, bytes.Length);
            foreach (byte next in bytes[..room])
                _waiting.Enqueue(next);
            _overrun |= room < bytes.Length;
            Refill();
            Update();
        }
    }

    /// <summary>Releases its line.</summary>
    public void Dispose() => _irq.Dispose();

    /// <inheritdoc/>
    protected override byte ReadByte(ushort port)
    {
        byte value;
        switch (port - _first)
        {
            case 0 when DivisorSelected:
                return _divisorLow;
            case 0:
                _received.TryDequeue(out value);
                Refill();
                break;
            case 1:
                return DivisorSelected ? _divisorHigh : _enabled.Bits;
            case 2:
                value = Identify();
                // Reading the identification clears the transmitter's interrupt, if that is the one it reports (8.5,
                // table IV).
                _transmitterTold |= (value & ~IdFifo) == IdTransmitter;
                break;
            case 3:
                return _lineControl;
            case 4:
                return _modem.Bits;
            case 5:
                value = (byte)(LineTransmitterEmpty | (_received.Count > 0 ? LineReady : 0) | (_overrun ? LineOverrun : 0));
                _overrun = false;
                break;
            case 6:
                value = _status.Bits;
                _status = _status.WithoutDeltas;
                break;
            case 7:
                return _scratch;
            default:
                return Nothing;
        }
        Update();
        return value;
    }

    /// <inheritdoc/>
    protected override void WriteByte(ushort port, byte value)
    {
        switch (port - _first)
        {
            case 0 when DivisorSelected:
                _divisorLow = value;
                return;
            case 0:
                Transmit(value);
                break;
            case 1 when DivisorSelected:
                _divisorHigh = value;
                return;
            case 1:
                Enable(new((byte)(value & SerialInterrupts.Writable)));
                break;
            case 2:
                Control(new(value));
                break;
            case 3:
                _lineControl = value;
                return;
            case 4:
                _modem = new((byte)(value & SerialModemControl.Writable));
                _status = _status.WithLines(_modem.Loop ? _modem.Looped : SerialModemStatus.Connected);
                Refill();
                break;
            case 7:
                _scratch = value;
                return;
        }
        Update();
    }

    private void Transmit(byte value)
    {
        if (!_modem.Loop)
            _sink(value);
        else if (_received.Count < Capacity)
            _received.Enqueue(value);
        else
            _overrun = true;
        // The holding register was full for a moment: INTR falls and rises again.
        _transmitterTold = true;
        Update();
        _transmitterTold = false;
    }

    private void Enable(SerialInterrupts enabled)
    {
        // An enable while the transmitter is empty raises the interrupt (8.6, bit 1).
        if (enabled.TransmitterEmpty && !_enabled.TransmitterEmpty)
            _transmitterTold = false;
        _enabled = enabled;
    }

    private void Control(SerialFifoControl control)
    {
        // A change of the mode empties both FIFOs. If bit 0 is clear, the other bits have no effect (8.4).
        if (control.Enabled != _fifo.Enabled || control is { Enabled: true, ClearsReceiver: true })
            _received.Clear();
        _fifo = control.Enabled ? control : default;
        Refill();
    }

    /// <summary>Moves waiting bytes into the receiver. In a loop no bytes are received from outside.</summary>
    private void Refill()
    {
        while (!_modem.Loop && _received.Count < Capacity && _waiting.TryDequeue(out byte next))
            _received.Enqueue(next);
    }

    /// <summary>The pending interrupt of the highest priority (8.5, table IV).</summary>
    private byte Identify()
    {
        byte fifo = _fifo.Enabled ? IdFifo : (byte)0;
        if (_enabled.LineStatus && _overrun)
            return (byte)(fifo | IdLineStatus);
        if (_enabled.Received && _received.Count > 0)
            return (byte)(fifo | (_received.Count >= _fifo.Trigger ? IdReceived : IdTimeout));
        if (_enabled.TransmitterEmpty && !_transmitterTold)
            return (byte)(fifo | IdTransmitter);
        return (byte)(fifo | (_enabled.ModemStatus && _status.Changed ? IdModem : IdNone));
    }

    private void Update()
    {
        bool raised = (Identify() & IdNone) == 0 && (_wiring == SerialWiring.Direct || _modem is { Out2: true, Loop: false });
        if (raised == _raised)
            return;
        _raised = raised;
        _irq.Set(raised);
    }
}
