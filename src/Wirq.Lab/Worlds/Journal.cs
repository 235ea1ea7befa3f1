using System.Globalization;
using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.Lab.Scenarios;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>The events of a world's actors that an expectation of its scenario needs. No other events are kept, because
/// they do not affect later behaviour.</summary>
/// <remarks>The behaviour of a machine does not depend on the results of expectations. So the journal is in the arena
/// and is copied, but only the identity of a whole world contains it (<see cref="WriteTo"/>).</remarks>
internal sealed class Journal
{
    private readonly Block<JournalState> _state;
    // By CPU, device, kind and address: its index, plus 1; 0 if no expectation needs it.
    private readonly int[] _takenAt, _signalsAt, _acksAt, _portsAt;
    private readonly Dictionary<EventKind, int> _eventsAt = [];
    private readonly Dictionary<ulong, int> _memoryAt = [];
    private readonly HashSet<EventKind> _ordered;
    private readonly int _order;
    private readonly bool _asksTouched;
    private readonly Chains _lists;
    private readonly Block<CounterState> _counts;
    private readonly Block<WordState> _memory;

    private enum Signal
    {
        Nmi,
        Smi,
        Init,
        // The vector is in the upper bits.
        StartUp,
    }

    private const int SignalBits = 8;

    internal Journal(Scenario scenario, MachineSpec machine, StateArena arena)
    {
        _takenAt = new int[machine.Cpus];
        _signalsAt = new int[machine.Cpus];
        _acksAt = new int[machine.Devices.Count];
        _portsAt = new int[machine.Cpus + machine.Xen.Count];
        int lists = 0, counts = 0;
        foreach (Check check in scenario.Checks())
        {
            switch (check)
            {
                case TakenCheck taken:
                    Keep(ref _takenAt[taken.Cpu], ref lists);
                    break;
                case TakenCountCheck taken:
                    Keep(ref _takenAt[taken.Cpu], ref lists);
                    break;
                case TakenByAnyCheck:
                    for (int cpu = 0; cpu < machine.Cpus; cpu++)
                        Keep(ref _takenAt[cpu], ref lists);
                    break;
                case SignalsCheck signals:
                    Keep(ref _signalsAt[signals.Cpu], ref lists);
                    break;
                case PortsCheck ports:
                    Keep(ref _portsAt[ports.Handler], ref lists);
                    break;
                case AcksCheck acks:
                    Keep(ref _acksAt[acks.Device], ref counts);
                    break;
                case EventCheck events when _eventsAt.TryAdd(events.Kind, counts):
                    counts++;
                    break;
                case MemoryCheck memory:
                    _memoryAt.TryAdd(memory.Address, _memoryAt.Count);
                    break;
                case TouchedCheck:
                    _asksTouched = true;
                    break;
            }
        }
        _ordered = [.. scenario.Checks().OfType<OrderCheck>().SelectMany(check => check.Kinds)];
        _order = lists;
        _lists = new Chains(arena, lists + 1);
        _state = arena.ReserveDerived<JournalState>();
        _counts = arena.ReserveDerived<CounterState>(Math.Max(1, counts));
        _memory = arena.ReserveDerived<WordState>(Math.Max(1, _memoryAt.Count));
    }

    private static void Keep(ref int place, ref int count) => place = place == 0 ? ++count : place;

    /// <summary>How many routes the last invalidation touched; -1 before the first.</summary>
    internal int Touched => _state.Value.TouchedAndOne - 1;

    /// <summary>The last value that a message wrote to an address of an expectation.</summary>
    internal bool TryGetWritten(ulong address, out uint word)
    {
        WordState state = _memory[_memoryAt[address]];
        word = state.Word;
        return state.IsWritten != 0;
    }

    internal void NoteTaken(int cpu, byte vector)
    {
        if (_takenAt[cpu] != 0)
            _lists.Add(_takenAt[cpu] - 1, vector);
    }

    /// <summary>A CPU, or from the number of CPUs on another domain, handled a port.</summary>
    internal void NotePort(int handler, uint port)
    {
        if (_portsAt[handler] != 0)
            _lists.Add(_portsAt[handler] - 1, port);
    }

    internal IReadOnlyList<uint> TakePorts(int handler) => _lists.Take(_portsAt[handler] - 1);

    internal void NoteAck(int device)
    {
        if (_acksAt[device] != 0)
            _counts[_acksAt[device] - 1].Count++;
    }

    internal void Note(in Event e)
    {
        if (_eventsAt.Count > 0 && _eventsAt.TryGetValue(e.Kind, out int counted))
            _counts[counted].Count++;
        if (_ordered.Count > 0 && _ordered.Contains(e.Kind))
            _lists.Add(_order, (uint)e.Kind);
        switch (e.Kind)
        {
            case EventKind.CpuNmi:
                NoteSignal(e.Cpu, Signal.Nmi);
                break;
            case EventKind.CpuSmi:
                NoteSignal(e.Cpu, Signal.Smi);
                break;
            case EventKind.CpuInit:
                NoteSignal(e.Cpu, Signal.Init);
                break;
            case EventKind.CpuStartUp:
                NoteSignal(e.Cpu, Signal.StartUp, e.Vector);
                break;
            case EventKind.RemapInvalidationDone when _asksTouched:
                _state.Value.TouchedAndOne = (int)RemapInvalidation.Of(e).Touched + 1;
                break;
            case EventKind.MemoryWrite when MemoryWrite.Of(e) is var write && _memoryAt.TryGetValue(write.Address, out int written):
                _memory[written] = new WordState { Word = write.Data, IsWritten = 1 };
                break;
        }
    }

    private void NoteSignal(int cpu, Signal signal, byte vector = 0)
    {
        if (_signalsAt[cpu] != 0)
            _lists.Add(_signalsAt[cpu] - 1, (uint)vector << SignalBits | (uint)signal);
    }

    internal IReadOnlyList<byte> TakeTaken(int cpu) => [.. _lists.Take(_takenAt[cpu] - 1).Select(vector => (byte)vector)];

    internal IReadOnlyList<string> TakeSignals(int cpu) => [.. _lists.Take(_signalsAt[cpu] - 1).Select(Word)];

    private static string Word(uint noted) => (Signal)(noted & ((1u << SignalBits) - 1)) switch
    {
        Signal.Nmi => "nmi",
        Signal.Smi => "smi",
        Signal.Init => "init",
        _ => string.Create(CultureInfo.InvariantCulture, $"sipi 0x{noted >> SignalBits:x2}"),
    };

    internal int TakeAcks(int device) => Take(_acksAt[device] - 1);

    /// <summary>The events of some kinds, in order, since the last call.</summary>
    internal IReadOnlyList<EventKind> TakeOrder(IReadOnlyList<EventKind> kinds) =>
        [.. _lists.Take(_order).Select(kind => (EventKind)kind).Where(kinds.Contains)];

    internal int TakeEvents(EventKind kind) => Take(_eventsAt[kind]);

    private int Take(int counter) => (_counts[counter].Count, _counts[counter].Count = 0).Item1;

    /// <summary>How many bytes of an identity are its own.</summary>
    internal int Bytes => _lists.Bytes.Length + MemoryMarshal.AsBytes(_state.Span).Length + MemoryMarshal.AsBytes(_counts.Span).Length
        + MemoryMarshal.AsBytes(_memory.Span).Length;

    /// <summary>Writes its bytes of an identity.</summary>
    internal void WriteTo(Span<byte> into)
    {
        Put(_lists.Bytes, ref into);
        Put(MemoryMarshal.AsBytes(_state.Span), ref into);
        Put(MemoryMarshal.AsBytes(_counts.Span), ref into);
        Put(MemoryMarshal.AsBytes(_memory.Span), ref into);
    }

    private static void Put(ReadOnlySpan<byte> bytes, ref Span<byte> into)
    {
        bytes.CopyTo(into);
        into = into[bytes.Length..];
    }

    /// <summary>Copies another journal of the same scenario; the arena is copied separately.</summary>
    internal void CopyFrom(Journal other) => _lists.CopyFrom(other._lists);

    /// <summary>Gives a pool its lists; the arena is packed separately.</summary>
    internal void Pack(PackPool pool) => _lists.Pack(pool);

    /// <summary>Takes its lists from a pool; the arena was restored.</summary>
    internal void Unpack(PackPool pool) => _lists.Unpack(pool);

    /// <summary>Drops the events of the machine's set-up.</summary>
    internal void Clear()
    {
        for (int list = 0; list <= _order; list++)
            _lists.Clear(list);
        _counts.Span.Clear();
        _memory.Span.Clear();
        _state.Value = default;
    }
}

/// <summary>State that exists once.</summary>
internal struct JournalState : IState
{
    public int TouchedAndOne;
    public uint Reserved;
}

/// <summary>The number of occurrences since the last expectation of it.</summary>
internal struct CounterState : IState
{
    public int Count;
}

/// <summary>A value that a message wrote.</summary>
internal struct WordState : IState
{
    public uint Word;
    public uint IsWritten;
}
