using System.Globalization;
using Wirq.Events;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <summary>Detects that CPUs which run until they rest will never rest: a state of the whole world is
/// repeated.</summary>
/// <remarks>
/// <para>A world is a transition system. If its whole state is equal to that at an earlier interrupt of the same run,
/// everything in between will be repeated forever. A long handler, or one that runs ten thousand times up to the storm
/// brake, is not reported: its turn, or the count of the brake, is part of the state.</para>
/// <para>The state is kept at the 16th interrupt, the 32nd, the 64th, and so on, and later states are compared with it
/// (R. P. Brent, "An improved Monte Carlo factorization algorithm", BIT 20, 1980). Far away from a kept state, only
/// every 60th state is compared: 60 is a multiple of most small periods. If the period varies, because the order is
/// random, every state is compared, or as many as its size permits.</para>
/// </remarks>
internal sealed class StormWatch(World world)
{
    private const int Near = 16, Usual = 60;
    // The time to compare a state is proportional to its size. At 16 KiB it is about the time that a CPU needs for one
    // interrupt. Many CPUs or routes make the state large.
    private const int BytesPerTaken = 1 << 14, BytesPerStride = 1 << 20;
    /// <summary>How often a state must be repeated if the state alone does not determine what happens next, because the
    /// order of CPUs is random.</summary>
    private const int Unsure = 64;
    // If that takes too long, states are compared less often, but they must be repeated over at least the same number
    // of interrupts.
    private const int BytesPerLook = 1 << 16, UsualUnsure = 12, LeastUnsure = 4;
    private const int Kept = 256, LongestPattern = Kept / 2, Told = 3, MostStorms = 16;

    // The last interrupts, and how often each was taken since the CPUs started to run.
    private readonly InterruptTaken[] _last = new InterruptTaken[Kept];
    private readonly Dictionary<InterruptTaken, int> _counts = [];
    private readonly List<Storm> _storms = [];
    private long _taken, _keptAt;
    private UInt128 _state;
    private int _cpu, _returns, _again;
    private int _polled;
    private bool _chosen;

    /// <summary>The storms that were detected: the first one of each vector of a CPU.</summary>
    internal IReadOnlyList<Storm> Storms => _storms;

    /// <summary>The CPUs start to run.</summary>
    internal void Begin()
    {
        if (_taken == 0)
            return;
        (_taken, _keptAt, _returns, _chosen) = (0, 0, 0, false);
        _counts.Clear();
        _again = 0;
    }

    /// <summary>The order of several CPUs was chosen at random.</summary>
    internal void NoteChoice() => _chosen = true;

    /// <summary>A CPU took an interrupt.</summary>
    internal void Note(in InterruptTaken taken)
    {
        if (_taken > 0 && taken == _last[(_taken - 1) % Kept])
        {
            _again++;
        }
        else
        {
            Count();
            _again = 1;
        }
        _last[_taken++ % Kept] = taken;
    }

    /// <summary>Counts how often the last interrupt was taken in a row.</summary>
    private void Count()
    {
        if (_taken > 0)
            _counts[_last[(_taken - 1) % Kept]] = _counts.GetValueOrDefault(_last[(_taken - 1) % Kept]) + _again;
        _again = 0;
    }

    /// <summary>Whether the world has an earlier state again. A CPU is about to take an interrupt, and nothing else
    /// waits.</summary>
    internal bool Returns(int cpu)
    {
        int bytes = world.Arena.Length;
        if (_taken < Math.Max(Near, bytes / BytesPerTaken))
            return false;
        if (long.IsPow2(_taken) && _taken != _keptAt)
        {
            (_keptAt, _state, _cpu, _polled, _returns, _chosen) = (_taken, world.MachineIdentity(), cpu, Polled, 0, false);
            return false;
        }
        long since = _taken - _keptAt;
        bool sure = !_chosen;
        int stride = sure ? since <= Near && bytes <= BytesPerStride ? 1 : Usual * (1 + bytes / BytesPerStride)
            : bytes <= BytesPerLook ? 1 : UsualUnsure * (1 + bytes / BytesPerStride);
        // The next CPU and the next eventfd are chosen by the order. They are not part of the state.
        if (cpu != _cpu || Polled != _polled || since % stride != 0 || world.MachineIdentity() != _state)
            return false;
        _returns++;
        return sure || _returns >= Math.Max(LeastUnsure, Unsure / stride);
    }

    /// <summary>Records that the world never comes to rest.</summary>
    /// <returns>A sentence about it.</returns>
    internal string TellEndless()
    {
        List<Storm> storms = Repeated(endless: true);
        foreach (Storm storm in storms)
            Add(storm);
        return storms.Count == 1 ? storms[0].ToString()
            : $"the same interrupts are taken in turn, and the machine is where it was before, so that it never comes to rest: {Tell(storms)}";
    }

    /// <summary>Describes the activity of CPUs that have not come to rest.</summary>
    internal string TellTaken() => _taken == 0 ? "no CPU has taken anything since the last step began" : Tell(Repeated(endless: false));

    /// <summary>Records that the storm brake holds a pin.</summary>
    internal void NoteBrake(int ioApic, int pin)
    {
        Origin origin = Origin.Pin(ioApic, pin);
        for (long i = _taken - 1; i >= Math.Max(0, _taken - Kept); i--)
        {
            if (_last[i % Kept].Origin != origin)
                continue;
            Add(StormOf(_last[i % Kept]));
            return;
        }
    }

    private int Polled => world.Host?.EventFds.Next ?? 0;

    /// <summary>The world was copied from another, so its earlier interrupts are not known.</summary>
    internal void Forget()
    {
        Begin();
        _storms.Clear();
    }

    private void Add(Storm storm)
    {
        bool known = _storms.Exists(other => (other.Cpu, other.Vector, other.Gsi) == (storm.Cpu, storm.Vector, storm.Gsi));
        if (!known && _storms.Count < MostStorms)
            _storms.Add(storm);
    }

    private static string Tell(List<Storm> storms) => string.Join("; ", storms.Take(Told).Select(storm => $"{storm.Taken} ({storm.Cause})"))
        + (storms.Count > Told ? $"; and {storms.Count - Told} more" : "");

    /// <summary>The interrupts that are taken alternately.</summary>
    private List<Storm> Repeated(bool endless)
    {
        int kept = (int)Math.Min(_taken, Kept);
        int period = 1;
        while (period <= Math.Min(LongestPattern, kept) && !HasPeriod(period, kept))
            period++;
        return [.. Enumerable.Range(1, Math.Min(period, kept)).Select(back => _last[(_taken - back) % Kept])
            .Distinct().Reverse().Select(taken => StormOf(taken, endless))];
    }

    // Only the later half of the kept interrupts must be periodic: the earlier half may have another cause.
    private bool HasPeriod(int period, int kept)
    {
        int compared = Math.Max(period, kept / 2);
        for (int back = 1; back <= Math.Min(compared, kept - period); back++)
        {
            if (_last[(_taken - back) % Kept] != _last[(_taken - back - period) % Kept])
                return false;
        }
        return kept > period;
    }

    /// <summary>The description of an interrupt in the current state.</summary>
    internal Storm StormOf(in InterruptTaken taken, bool endless = false)
    {
        Count();
        int gsi = GsiOf(taken.Origin);
        IReadOnlyList<string> holders = gsi < 0 ? [] : world.Fabric.Lines.HoldersOf(gsi);
        Handler? handler = taken.Handler < 0 ? null : world.Scenario.Handlers[taken.Handler];
        HashSet<string> served = handler is null ? [] : ServedBy(world.NextTurn(taken.Handler, taken.Cpu));
        return new Storm
        {
            Cpu = taken.Cpu,
            Vector = taken.Vector,
            Times = _counts.GetValueOrDefault(taken),
            From = From(taken.Origin, gsi),
            Gsi = gsi,
            Holders = holders,
            NotServed = [.. holders.Where(holder => !served.Contains(holder))],
            Handler = handler?.At,
            Endless = endless,
        };
    }

    private int GsiOf(Origin origin) => origin.Kind switch
    {
        OriginKind.Pin => world.Fabric.Gsis.OfPin(origin.Unit, origin.Index),
        OriginKind.Pic => world.Fabric.Gsis.OfIsaIrq(origin.Index),
        _ => -1,
    };

    private static string From(Origin origin, int gsi) => origin.Kind switch
    {
        OriginKind.None => "",
        OriginKind.Pin => $"pin {origin.Index} of I/OAPIC {origin.Unit} (GSI {gsi})",
        OriginKind.Pic => $"IRQ {origin.Index} of the 8259s (GSI {gsi})",
        OriginKind.Ipi => $"an IPI of cpu{origin.Index}",
        OriginKind.Local => $"the LVT entry {origin}",
        _ => origin.ToString(),
    };

    private HashSet<string> ServedBy(IReadOnlyList<Step> steps)
    {
        var served = new HashSet<string>();
        foreach (Step step in steps)
        {
            if (step is CpuStep { Command: ServeCommand serve })
                served.Add(world.Spec.Devices[serve.Device].Name);
            else if (step is DeviceStep { Action: DeviceAction.Lower } lower)
                served.Add(world.Spec.Devices[lower.Device].Name);
            else if (step is RepeatStep repeat)
                served.UnionWith(ServedBy(repeat.Steps));
        }
        return served;
    }
}
