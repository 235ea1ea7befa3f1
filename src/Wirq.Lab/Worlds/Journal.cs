using System.Globalization;
using Wirq.Events;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <summary>What a world's actors went through, for expectations to be held against.</summary>
internal sealed class Journal
{
    private readonly List<byte>[] _taken;
    private readonly List<string>[] _signals;
    private readonly int[] _acks;
    private readonly int[] _events = new int[(int)Enum.GetValues<EventKind>().Max() + 1];
    // Kept only of the kinds whose order somebody asks for.
    private readonly HashSet<EventKind> _ordered;
    private readonly List<EventKind> _order = [];
    // Who caused a vector that is pending, by CPU and vector; made as a CPU gets its first.
    private readonly Origin[]?[] _origins;
    // Of a kernel's local APICs no event tells. The last pin that sent a vector is most likely it.
    private readonly Origin[] _senders = new Origin[VectorCount];

    private const int VectorCount = 256;

    internal Journal(Scenario scenario, MachineSpec machine)
    {
        _taken = [.. Enumerable.Range(0, machine.Cpus).Select(_ => new List<byte>())];
        _signals = [.. Enumerable.Range(0, machine.Cpus).Select(_ => new List<string>())];
        _acks = new int[machine.Devices.Count];
        _origins = new Origin[machine.Cpus][];
        _ordered = [.. scenario.Checks().OfType<OrderCheck>().SelectMany(check => check.Kinds)];
    }

    /// <summary>How many routes the last invalidation touched; -1 before the first.</summary>
    internal int Touched { get; private set; } = -1;

    /// <summary>What messages wrote to memory.</summary>
    internal Dictionary<ulong, uint> Memory { get; } = [];

    internal void NoteTaken(int cpu, byte vector) => _taken[cpu].Add(vector);

    internal void NoteAck(int device) => _acks[device]++;

    /// <summary>The last timer that expired, or pin that the storm brake let go.</summary>
    internal Event? LastDue { get; private set; }

    /// <summary>Who caused a vector that a local APIC gave to a CPU.</summary>
    internal Origin OriginOf(int cpu, byte vector) => _origins[cpu] is { } known ? known[vector] : _senders[vector];

    internal void Note(in Event e)
    {
        _events[(int)e.Kind]++;
        if (_ordered.Count > 0 && _ordered.Contains(e.Kind))
            _order.Add(e.Kind);
        switch (e.Kind)
        {
            case EventKind.VectorAccepted:
                (_origins[e.Cpu] ??= new Origin[VectorCount])[e.Vector] = e.Origin;
                break;
            case EventKind.PinInjected:
                _senders[e.Message.Vector] = Origin.Pin(e.IoApic, e.Pin);
                break;
            case EventKind.TimerExpired or EventKind.StormReleased:
                LastDue = e;
                break;
            case EventKind.CpuNmi:
                _signals[e.Cpu].Add("nmi");
                break;
            case EventKind.CpuSmi:
                _signals[e.Cpu].Add("smi");
                break;
            case EventKind.CpuInit:
                _signals[e.Cpu].Add("init");
                break;
            case EventKind.CpuStartUp:
                _signals[e.Cpu].Add(string.Create(CultureInfo.InvariantCulture, $"sipi 0x{e.Vector:x2}"));
                break;
            case EventKind.RemapInvalidationDone:
                Touched = (int)e.Index;
                break;
            case EventKind.MemoryWrite:
                Memory[e.A] = (uint)e.B;
                break;
        }
    }

    internal IReadOnlyList<byte> TakeTaken(int cpu) => Consume(_taken[cpu]);

    internal IReadOnlyList<string> TakeSignals(int cpu) => Consume(_signals[cpu]);

    internal int TakeAcks(int device) => (_acks[device], _acks[device] = 0).Item1;

    /// <summary>The events of some kinds, in order, since this was last asked.</summary>
    internal IReadOnlyList<EventKind> TakeOrder(IReadOnlyList<EventKind> kinds) => [.. Consume(_order).Where(kinds.Contains)];

    internal int TakeEvents(EventKind kind) => (_events[(int)kind], _events[(int)kind] = 0).Item1;

    /// <summary>Forgets what setting the machine up left behind.</summary>
    internal void Clear()
    {
        foreach (List<byte> taken in _taken)
            taken.Clear();
        foreach (List<string> signals in _signals)
            signals.Clear();
        Array.Clear(_acks);
        Array.Clear(_events);
        _order.Clear();
        Touched = -1;
        Memory.Clear();
    }

    private static List<T> Consume<T>(List<T> list)
    {
        List<T> taken = [.. list];
        list.Clear();
        return taken;
    }
}
