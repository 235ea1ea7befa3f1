using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <summary>Draws a stream of events: a run, a recording or a replay.</summary>
/// <remarks>What is so at each moment, the engine of <c>why</c> and its shadows know. The builder asks them after each
/// event about what the event is about, and notes what changed. So the picture shows what the answers say. Memory is
/// bounded by <see cref="PictureOptions.Most"/> and <see cref="PictureOptions.MostLanes"/>.</remarks>
internal sealed partial class PictureBuilder : IEventSink
{
    private readonly WhyEngine _engine;
    private readonly PictureOptions _options;
    private readonly Strips _strips;
    private readonly Dictionary<LaneKey, int> _numbers = [];
    private readonly List<Lane> _lanes = [];
    private Mark _now, _first, _last;
    private long _lanesLeftOut;
    private bool _over;

    /// <summary>Starts.</summary>
    /// <param name="engine">Follows the same events. It gets them from the builder.</param>
    /// <param name="options">Which part is drawn; null for the end of the stream.</param>
    internal PictureBuilder(WhyEngine engine, PictureOptions? options = null)
    {
        _engine = engine;
        _options = options ?? new PictureOptions();
        _strips = new Strips(_options.Most) { Keeps = _options.From is null };
    }

    /// <summary>The engine.</summary>
    internal WhyEngine Engine => _engine;

    private MachineShadow Shadow => _engine.Shadow;

    /// <inheritdoc/>
    public void Observe(in Event happened, long line)
    {
        _engine.Observe(happened, line);
        _now = _engine.End;
        if (_over)
            return;
        if (_options.To is { } to && to.IsBefore(_now, _engine.Stamps.First))
        {
            _over = true;
            return;
        }
        // The place itself is in the window.
        if (!_strips.Keeps && _options.From is { } from && !from.IsAfter(_now, _engine.Stamps.First))
            (_strips.Keeps, _first) = (true, _now);
        // Before the first line of a log come events that set the chips up.
        if (_first.IsStart && (line > 0 || !_engine.Stamps.OfLog))
            _first = _now;
        _last = _now;
        Follow(happened);
    }

    private void Follow(in Event happened)
    {
        switch (happened.Subsystem)
        {
            case Subsystem.Machine when happened.Kind == EventKind.MachineReset:
                Note(LaneOf(LaneKey.Machine), InstantKind.Reset, happened);
                LookAgain();
                break;
            // So each life of a replayed machine begins.
            case Subsystem.Lines when !_engine.OwnLines && happened is { Kind: EventKind.SourceConnected, Source: 0 }:
                LookAgain();
                break;
            case Subsystem.Log:
                OfLog(happened);
                break;
            case Subsystem.Lines when _engine.OwnLines:
                Line(happened);
                break;
            case Subsystem.Pic:
                Pic(happened);
                break;
            case Subsystem.IoApic:
                Pin(happened);
                break;
            case Subsystem.LocalApic:
                Cpu(happened);
                break;
            case Subsystem.Messages:
                Message(happened);
                break;
        }
    }

    private void OfLog(in Event happened)
    {
        if (happened.Kind == EventKind.LogParted)
            Note(LaneOf(LaneKey.Machine), InstantKind.Parted, happened);
        else if (happened.Kind == EventKind.LogVectorsLeft)
            LookAtCpu(happened.Cpu);
    }

    /// <summary>Asks again about all that lasts: a reset may have ended it.</summary>
    private void LookAgain()
    {
        foreach (int lane in _strips.Lasting)
        {
            LaneKey key = _lanes[lane].Key;
            switch (key.Group)
            {
                case LaneGroup.Pic:
                    LookAtIrq(key.Index);
                    break;
                case LaneGroup.IoApic:
                    LookAtPin(key.Unit, key.Index);
                    break;
                case LaneGroup.Cpu:
                    LookAtVector(key.Unit, key.Index);
                    break;
            }
        }
    }

    private void Note(int lane, InstantKind kind, in Event happened) => _strips.Add(new Instant(lane, kind, _now, happened));

    private void Arrive(ArrowKind kind, (int Lane, Mark At) from, int to)
    {
        if (!from.At.IsStart)
            _strips.Add(new Arrow(kind, from.Lane, from.At, to, _now));
    }

    /// <summary>The number of a lane, which begins if there is none; -1 if there are too many.</summary>
    private int LaneOf(LaneKey key)
    {
        if (_numbers.TryGetValue(key, out int number))
            return number;
        if (_lanes.Count >= _options.MostLanes)
        {
            _lanesLeftOut++;
            return -1;
        }
        _lanes.Add(new Lane(key, NameOf(key)));
        _numbers.Add(key, _lanes.Count - 1);
        return _lanes.Count - 1;
    }

    private bool HasLane(LaneKey key) => _numbers.ContainsKey(key);

    private string NameOf(LaneKey key) => key.Group switch
    {
        LaneGroup.Machine => "machine",
        LaneGroup.Device => $"{_engine.NameOf(key.Unit)} (gsi:{key.Index})",
        LaneGroup.Line => SourceName.Gsi(key.Index).ToString(),
        LaneGroup.Pic => SourceName.Irq(key.Index).ToString(),
        LaneGroup.IoApic => SourceName.Pin(key.Unit, key.Index).ToString(),
        LaneGroup.Sender => key.Sender.ToString(),
        _ => key.Index < 0 ? $"cpu{key.Unit}" : $"cpu{key.Unit} 0x{key.Index:x2}",
    };
}
