using Wirq.Events;
using Wirq.Routing;
using Wirq.Traces.Recordings;
using Wirq.Traces.Replay;
using Wirq.Traces.Tests.Replay;

namespace Wirq.Traces.Tests.Recordings;

/// <summary>A recording, as its parts.</summary>
/// <param name="Header">The machine.</param>
/// <param name="Events">What happened.</param>
internal sealed record RecordedMachine(RecordingHeader Header, IReadOnlyList<Event> Events)
{
    /// <summary>A machine that has everything, and one event of every kind, again and again.</summary>
    internal static RecordedMachine Whole { get; } = new(
        new RecordingHeader
        {
            Subject = "everything",
            Machine = FabricOptions.Pc(3) with
            {
                LocalApics = new() { Count = 3, Ids = [0, 4, 9] },
                IoApics = [new(), new() { GsiBase = 24, Pins = 8, Address = 0xFEC01000 }],
                Vtd = new(),
                Routing = new() { Virqs = 16, Kernel = new() { ReservedGsis = 64 } },
            },
        },
        [.. Enumerable.Range(0, 24).SelectMany(EveryKind)]);

    /// <summary>The events of the chips when a kept log is fed to them.</summary>
    internal static RecordedMachine Of(string log)
    {
        const int most = 1500;
        FabricOptions? machine = null;
        LogFacts? facts = null;
        var events = new List<Event>();
        Replayer.Run(() => File.OpenRead(ReplayLogs.PathOf(log)), log, new ReplayOptions
        {
            Machine = options => machine = options,
            Log = log => facts = log,
            Record = happened =>
            {
                if (events.Count < most)
                    events.Add(happened);
            },
        });
        return new(new RecordingHeader { Subject = log, Machine = machine!, Log = facts }, events);
    }

    internal byte[] ToBytes()
    {
        var stream = new MemoryStream();
        using (var writer = new RecordingWriter(stream, Header))
        {
            foreach (Event happened in Events)
                writer.Write(happened);
            writer.Complete();
        }
        return stream.ToArray();
    }

    // Small numbers name something that is there, whatever the field means.
    private static IEnumerable<Event> EveryKind(int round) =>
        Enum.GetValues<EventKind>().Where(kind => kind != EventKind.None).Select(kind => Of(kind, round));

    private static Event Of(EventKind kind, int round)
    {
        if (kind == EventKind.EffectLost)
            return new EffectLost(round % 2, round % 8, EventKind.Deliver).ToEvent() with { Time = round * 10 };
        (ulong index, ulong a, ulong b) = EventRanges.Most(kind);
        int unit = kind.Subsystem == Subsystem.Remapping ? 0 : round % 2;
        return new Event(kind, (ushort)unit, (uint)Math.Min((ulong)(round % 8), index), Math.Min((ulong)(round % 7) * 0x11, a),
            Math.Min((ulong)(round % 3), b)) { Time = round * 10 };
    }
}
