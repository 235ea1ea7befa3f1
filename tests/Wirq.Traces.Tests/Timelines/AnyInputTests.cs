using Wirq.Events;
using Wirq.Traces.Recordings;
using Wirq.Traces.Tests.Recordings;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>Pictures of recordings that no machine made: a recording comes from a file.</summary>
public class AnyInputTests
{
    private const int Seed = 20273, Rounds = 12;

    public static TheoryData<string> Extensions => [".html", ".pftrace", ".json", ".vcd"];

    [Theory, MemberData(nameof(Extensions))]
    public void One_event_of_every_kind_again_and_again_is_drawn(string extension) =>
        Assert.NotEmpty(Drawn.Bytes(Draw(RecordedMachine.Whole.Header, RecordedMachine.Whole.Events), PictureFormats.Of($"a{extension}")!));

    /// <summary>Events in an order that no machine has, at any window and limit.</summary>
    [Fact]
    public void Events_in_any_order_are_drawn()
    {
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        foreach (RecordedMachine recorded in new[] { RecordedMachine.Whole, RecordedMachine.Of("ioapic-3cpu") })
        {
            for (int round = 0; round < Rounds; round++)
            {
                Event[] events = [.. recorded.Events];
                random.Shuffle(events);
                PictureOptions options = new() { Most = random.Next(1, 200), MostLanes = random.Next(1, 20) };
                if (round % 3 == 0)
                    options = options with { From = new Place(0, 0, false, random.Next(1, events.Length)), To = new Place(0, 0, false, random.Next(1, events.Length)) };
                Picture picture = Draw(recorded.Header, [.. events.Select((one, i) => one with { Time = i / 3 })], options);
                Assert.InRange(picture.Spans.Count(span => span.End is not null) + picture.Instants.Count + picture.Arrows.Count, 0, options.Most);
                Assert.InRange(picture.Lanes.Count, 0, options.MostLanes);
                Assert.All(picture.Arrows, arrow => Assert.True(arrow.From >= 0 && arrow.To >= 0));
                foreach (string extension in new[] { ".html", ".pftrace", ".json", ".vcd" })
                    Assert.NotEmpty(Drawn.Bytes(picture, PictureFormats.Of(extension)!));
            }
        }
    }

    [Fact]
    public void A_recording_without_events_is_an_empty_picture()
    {
        foreach (string extension in new[] { ".html", ".pftrace", ".json", ".vcd" })
            Drawn.Bytes(Draw(new RecordingHeader(), []), PictureFormats.Of(extension)!);
        Assert.Equal("nothing-owed", Draw(new RecordingHeader(), []).State);
    }

    private static Picture Draw(RecordingHeader header, IReadOnlyList<Event> events, PictureOptions? options = null)
    {
        var builder = new PictureBuilder(new WhyEngine(header.Machine, log: header.Log), options);
        foreach (Event happened in events)
            builder.Observe(happened, 0);
        return builder.Build("a recording");
    }
}
