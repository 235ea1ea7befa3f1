using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <summary>Draws a stream of events: a run, a recording or a replay.</summary>
/// <remarks>What is so at each moment, the engine of <c>why</c> and its shadows know. The builder asks them after each
/// event about what the event is about, and notes what changed. So the picture shows what the answers say.</remarks>
internal sealed partial class PictureBuilder : IEventSink
{
    private readonly WhyEngine _engine;
    private readonly Canvas _canvas;
    private readonly Func<LaneKey, Lane> _made;

    /// <summary>Starts.</summary>
    /// <param name="engine">Follows the same events. It gets them from the builder.</param>
    /// <param name="options">Which part is drawn; null for the end of the stream.</param>
    internal PictureBuilder(WhyEngine engine, PictureOptions? options = null)
    {
        _engine = engine;
        _canvas = new Canvas(options);
        _made = key => new Lane(key, NameOf(key));
    }

    /// <summary>The engine.</summary>
    internal WhyEngine Engine => _engine;

    private MachineShadow Shadow => _engine.Shadow;
    private Strips Strips => _canvas.Strips;
    private Mark Now => _canvas.Now;

    /// <inheritdoc/>
    public void Observe(in Event happened, long line)
    {
        _engine.Observe(happened, line);
        // Before the first line of a log come events that set the chips up.
        if (_canvas.Move(_engine.End, _engine.Stamps.First, isSetUp: line <= 0 && _engine.Stamps.OfLog))
        {
            Follow(happened);
            AskGates(happened);
        }
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
        foreach (int lane in Strips.Lasting)
        {
            LaneKey key = _canvas.KeyOf(lane);
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

    private void Note(int lane, InstantKind kind, in Event happened) => _canvas.Note(lane, kind, happened);

    private void Arrive(ArrowKind kind, (int Lane, Mark At) from, int to) => _canvas.Arrive(kind, from, to);

    private int LaneOf(LaneKey key) => _canvas.LaneOf(key, _made);

    private bool HasLane(LaneKey key) => _canvas.Find(key) >= 0;

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
