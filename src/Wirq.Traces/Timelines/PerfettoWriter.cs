
namespace Wirq.Traces.Timelines;

/// <summary>Writes a picture as a trace of Perfetto: track descriptors and track events.</summary>
/// <remarks>Numbers of fields are those of Perfetto's <c>trace_packet.proto</c>, <c>track_descriptor.proto</c>,
/// <c>track_event.proto</c> and <c>debug_annotation.proto</c>.</remarks>
internal static class PerfettoWriter
{
    // Trace
    private const int Packet = 1;
    // TracePacket
    private const int Timestamp = 8, SequenceId = 10, TrackEvent = 11, SequenceFlags = 13, TrackDescriptor = 60;
    private const ulong Sequence = 1, StateCleared = 1;
    // TrackDescriptor
    private const int Uuid = 1, TrackName = 2, ParentUuid = 5, ChildOrdering = 11, SiblingRank = 12;
    private const ulong ByRank = 3;
    // TrackEvent
    private const int Annotations = 4, Type = 9, TrackUuid = 11, Categories = 22, Name = 23, FlowIds = 47;
    private const ulong SliceBegin = 1, SliceEnd = 2, IsInstant = 3;
    // DebugAnnotation
    private const int AnnotationText = 6, AnnotationName = 10;

    // Identities of headings and lanes are above those of rows, which are their numbers.
    private const ulong Headings = 1ul << 40, Lanes = 1ul << 41;

    internal static void Write(Picture picture, Stream output)
    {
        var tracks = new Tracks(picture);
        WriteTracks(picture, tracks, output);
        var flows = new Flows(picture, tracks);
        IReadOnlyList<Slice> slices = Slice.Of(picture, tracks);
        IEnumerable<(long Time, int Order, ProtoMessage Event)> events =
        [
            .. slices.Select(slice => (slice.Begin, 1, Begin(slice, flows))),
            .. slices.Select(slice => (slice.End, 0, new ProtoMessage().Put(Type, SliceEnd).Put(TrackUuid, (ulong)slice.Track))),
            .. picture.Instants.Select(instant => (picture.Clock.At(instant.At), 2, Of(picture, tracks, instant, flows))),
            // After all slices and instants have taken theirs.
            .. flows.Left().Select(left => (left.Time, 2, Of(left))),
        ];
        // A slice ends before the next begins.
        foreach ((long time, _, ProtoMessage one) in events.OrderBy(one => one.Time).ThenBy(one => one.Order))
            Put(output, new ProtoMessage().Put(Timestamp, (ulong)time).Put(SequenceId, Sequence).Put(TrackEvent, one));
    }

    private static void WriteTracks(Picture picture, Tracks tracks, Stream output)
    {
        string[] headings = [.. picture.Lanes.Select(lane => lane.Heading).Distinct()];
        foreach ((int rank, string heading) in headings.Index())
        {
            var packet = new ProtoMessage().Put(SequenceId, Sequence);
            if (rank == 0)
                packet.Put(SequenceFlags, StateCleared);
            Put(output, packet.Put(TrackDescriptor, Described(Headings + (ulong)rank, heading, rank)));
        }
        foreach ((int number, Lane lane) in picture.Lanes.Index())
        {
            Put(output, new ProtoMessage().Put(SequenceId, Sequence).Put(TrackDescriptor,
                Described(Lanes + (ulong)number, lane.Name, number).Put(ParentUuid, Headings + (ulong)Array.IndexOf(headings, lane.Heading))));
        }
        foreach (Track track in tracks.All)
        {
            Put(output, new ProtoMessage().Put(SequenceId, Sequence).Put(TrackDescriptor,
                Described((ulong)track.Number, track.Name, track.Number).Put(ParentUuid, Lanes + (ulong)track.Lane)));
        }
    }

    private static ProtoMessage Described(ulong uuid, string name, int rank) => new ProtoMessage().Put(Uuid, uuid).Put(TrackName, name)
        .Put(ChildOrdering, ByRank).Put(SiblingRank, (ulong)rank);

    private static ProtoMessage Begin(Slice slice, Flows flows)
    {
        ProtoMessage begin = new ProtoMessage().Put(Type, SliceBegin).Put(TrackUuid, (ulong)slice.Track).Put(Categories, slice.Category).Put(Name, slice.Name);
        flows.Take(slice.Track, slice.Event, begin);
        return Annotated(begin, slice.Facts);
    }

    private static ProtoMessage Of(Picture picture, Tracks tracks, in Instant instant, Flows flows)
    {
        int track = tracks.OfInstants(instant.Lane);
        ProtoMessage one = new ProtoMessage().Put(Type, IsInstant).Put(TrackUuid, (ulong)track).Put(Categories, "instant").Put(Name, ItemWords.Of(instant.Kind));
        flows.Take(track, instant.At.Event, one);
        return Annotated(one, [("at", picture.Stamps.At(instant.At)), ("event", instant.Text)]);
    }

    private static ProtoMessage Of((int Track, long Time, string Name, List<ulong> Flows) left)
    {
        ProtoMessage one = new ProtoMessage().Put(Type, IsInstant).Put(TrackUuid, (ulong)left.Track).Put(Categories, "cause").Put(Name, left.Name);
        foreach (ulong flow in left.Flows)
            one.PutFixed(FlowIds, flow);
        return one;
    }

    private static ProtoMessage Annotated(ProtoMessage one, IReadOnlyList<(string Name, string Value)> facts)
    {
        foreach ((string name, string value) in facts)
            one.Put(Annotations, new ProtoMessage().Put(AnnotationName, name).Put(AnnotationText, value));
        return one;
    }

    private static void Put(Stream output, ProtoMessage packet) => new ProtoMessage().Put(Packet, packet).WriteTo(output);

    /// <summary>The ends of arrows. Perfetto draws an arrow between what carries its number: a slice that begins there, an
    /// instant, or an instant of its own.</summary>
    private sealed class Flows
    {
        private readonly Dictionary<(int Track, long Event), (long Time, string Name, List<ulong> Numbers)> _ends = [];

        internal Flows(Picture picture, Tracks tracks)
        {
            foreach ((int number, Arrow arrow) in picture.Arrows.Index())
            {
                (int from, int to) = tracks.Of(arrow);
                Add(from, arrow.Left, ItemWords.Of(arrow.Kind));
                Add(to, arrow.Arrived, ItemWords.Of(arrow.Kind));

                void Add(int track, Why.Mark at, string name)
                {
                    if (!_ends.TryGetValue((track, at.Event), out (long, string, List<ulong> Numbers) end))
                        _ends.Add((track, at.Event), end = (picture.Clock.At(at), name, []));
                    end.Numbers.Add((ulong)number + 1);
                }
            }
        }

        internal void Take(int track, long happened, ProtoMessage into)
        {
            if (!_ends.Remove((track, happened), out (long, string, List<ulong> Numbers) end))
                return;
            foreach (ulong number in end.Numbers)
                into.PutFixed(FlowIds, number);
        }

        internal IEnumerable<(int Track, long Time, string Name, List<ulong> Flows)> Left() =>
            _ends.Select(end => (end.Key.Track, end.Value.Time, end.Value.Name, end.Value.Numbers));
    }
}
