using Wirq.Board.Bus;
using Wirq.Board.Timing;
using Wirq.Host;

namespace Wirq.Board.Devices.Pit;

/// <summary>The timer of a PC: an 8254, whose counter 0 drives IRQ 0, and port 0x61, which has the gate and the output
/// of counter 2.</summary>
/// <remarks><code>
/// 0x40-0x42 counters   0x43 control word (write-only)   0x61 gate, speaker, OUT of counter 2
/// </code>
/// <para>Intel 8254 data sheet. Modes 0 to 5, binary and BCD, counter latch and read-back. The gates of counters 0 and
/// 1 are always high.</para>
/// <para>Differences from the chip: a count is loaded by its write, not by the next clock, and it ends the current
/// count at once, in modes 2, 3, 1 and 5 too. Events are as late as the board's timer. If several periods pass between
/// two updates, there is one interrupt for them. There are at most 10000 interrupts per second. OUT of counter 0 falls
/// in the moment in which it rises: no CPU sees the line low, and an 8259 keeps its request. Before its first control word
/// a counter does not count and its OUT is low. The speaker makes no sound.</para>
/// </remarks>
internal sealed class Pit8254 : TimedPortDevice, IDisposable
{
    /// <summary>Frequency of its input, in Hz.</summary>
    public const long Hertz = 1_193_182;

    private const ushort FirstPort = 0x40, ControlPort = 0x43, SystemPort = 0x61;
    private const int Ports = 4, Counters = 3, SpeakerCounter = 2, TimerIrq = 0;
    // Memory is refreshed every 18 clocks: PCs have always set counter 1 to this value.
    private const long RefreshClocks = 18;
    private const long ShortestPeriod = Hertz / 10_000;

    private readonly Frequency _input = new(Hertz);
    private readonly IBoardClock _clock;
    private readonly HostSource _irq;
    private readonly PitCounter[] _counters = [new(gate: true), new(gate: true), new(gate: false)];
    private SpeakerPort _speaker;
    private long? _rise;
    private bool _raised;

    /// <summary>Connects the timer.</summary>
    /// <param name="host">The machine.</param>
    /// <param name="clock">The board's clock.</param>
    public Pit8254(FabricHost host, IBoardClock clock)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(clock);
        _clock = clock;
        _irq = host.Connect(host.Do(fabric => fabric.Gsis.OfIsaIrq(TimerIrq)), "8254 counter 0");
    }

    /// <inheritdoc/>
    protected override long Deadline => _rise is { } rise ? _input.TimeOf(rise) : long.MaxValue;

    private long Clocks => _input.TicksAt(_clock.Now);

    /// <summary>Maps it.</summary>
    public void MapAt(DeviceBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.MapPorts(FirstPort, Ports, this);
        bus.MapPorts(SystemPort, 1, this);
    }

    /// <summary>Releases its line.</summary>
    public void Dispose() => _irq.Dispose();

    /// <inheritdoc/>
    protected override void CatchUp(long now) => Tick(_input.TicksAt(now));

    /// <inheritdoc/>
    protected override byte ReadByte(ushort port)
    {
        if (port == SystemPort)
            return _speaker.With(_counters[SpeakerCounter].Output(Clocks), Clocks / RefreshClocks % 2 != 0).Bits;
        return port is >= FirstPort and < ControlPort ? _counters[port - FirstPort].Read(Clocks) : Nothing;
    }

    /// <inheritdoc/>
    protected override void WriteByte(ushort port, byte value)
    {
        long now = Clocks;
        Tick(now);
        switch (port)
        {
            case SystemPort:
                _speaker = new((byte)(value & SpeakerPort.Writable));
                _counters[SpeakerCounter].SetGate(_speaker.Gate, now);
                return;
            case ControlPort:
                Control(new(value), now);
                return;
            case FirstPort:
                _counters[0].Write(value, now);
                Follow(now);
                return;
            case > FirstPort and < ControlPort:
                _counters[port - FirstPort].Write(value, now);
                return;
        }
    }

    private void Control(PitControl control, long now)
    {
        if (!control.IsReadBack)
        {
            _counters[control.Counter].Program(control, now);
            if (control is { Counter: 0, Access: not PitAccess.Latch })
                Follow(now);
            return;
        }
        for (int counter = 0; counter < Counters; counter++)
        {
            if (!control.Selects(counter))
                continue;
            if (control.LatchesCount)
                _counters[counter].LatchCount(now);
            if (control.LatchesStatus)
                _counters[counter].LatchStatus(now);
        }
    }

    private void Tick(long now)
    {
        if (_rise is not { } rise || rise > now)
            return;
        // OUT rose at least once since then, however many periods passed.
        if (_raised)
            _irq.Reassert();
        else
            _irq.Raise();
        _raised = true;
        // A guest that programs a higher rate gets this one.
        _rise = _counters[0].NextRise(now) is { } next ? Math.Max(next, now + ShortestPeriod) : null;
    }

    /// <summary>Updates the line from OUT after a write to counter 0.</summary>
    private void Follow(long now)
    {
        PitCounter timer = _counters[0];
        _rise = timer.NextRise(now);
        bool raised = timer.Output(now);
        if (raised == _raised)
            return;
        _raised = raised;
        _irq.Set(raised);
    }
}
