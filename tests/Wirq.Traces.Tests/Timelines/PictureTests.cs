using Wirq.Events;
using Wirq.Traces.Tests.Why;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>The lanes, spans and arrows that are built from events.</summary>
public class PictureTests
{
    [Fact]
    public void A_level_interrupt_has_its_spans_from_device_to_cpu()
    {
        Picture picture = Drawn.Disk();
        Assert.Equal(["disk (gsi:9)", "gsi:9", "pic:9", "ioapic:9", "cpu0 0x51"], picture.Lanes.Select(lane => lane.Name));
        Assert.Equal(["asserted", "asserted lasts"], SpansOf(picture, "disk (gsi:9)"));
        Assert.Equal(["asserted", "asserted lasts"], SpansOf(picture, "gsi:9"));
        Assert.Equal(["Remote IRR 0x51", "Remote IRR 0x51 lasts", "asserted", "asserted lasts"], SpansOf(picture, "ioapic:9"));
        Assert.Equal(["IRR 0x51", "IRR 0x51", "ISR 0x51", "ISR 0x51 lasts"], SpansOf(picture, "cpu0 0x51"));
    }

    [Fact]
    public void Arrows_lead_from_the_raise_to_the_acknowledge()
    {
        Picture picture = Drawn.Disk();
        string[] arrows = [.. picture.Arrows.Where(arrow => picture.Lanes[arrow.To].Name != "pic:9" && picture.Lanes[arrow.From].Name != "pic:9")
            .Select(arrow => $"{picture.Lanes[arrow.From].Name} {ItemWords.Of(arrow.Kind)} {picture.Lanes[arrow.To].Name}")];
        string[] raise = ["disk (gsi:9) raises gsi:9", "gsi:9 drives ioapic:9", "ioapic:9 delivers to cpu0 0x51"];
        Assert.Equal([.. raise, "cpu0 0x51 ends at ioapic:9", "ioapic:9 acknowledges disk (gsi:9)", .. raise], arrows);
        Assert.All(picture.Arrows, arrow => Assert.True(picture.Clock.At(arrow.Left) < picture.Clock.At(arrow.Arrived), arrow.ToString()));
    }

    [Fact]
    public void The_owed_interrupt_stands_at_its_lane_with_its_gate()
    {
        OwedMark owed = Assert.Single(Drawn.Disk().Owed, mark => mark.Rank == OwedRank.Owed);
        Assert.Equal(("vector 0x51 of ioapic:9 at cpu0", "no-eoi"), (owed.Title, owed.Gate));
        Assert.Equal("cpu0 0x51", Drawn.Disk().Lanes[owed.Lane].Name);
        Assert.Contains("no EOI has come", owed.Sentences[0], StringComparison.Ordinal);
    }

    /// <summary>From the raise on, each gate in its turn: the CPU, its handler; and a level under a mask, an EOI that is missing.</summary>
    [Fact]
    public void A_pin_has_the_gate_that_holds_it_at_each_moment()
    {
        Picture picture = Drawn.Machine((machine, _) =>
        {
            machine.Apic(ApicRegister.SpuriousVector, 0x1FF);
            Source disk = machine.Connect(9);
            machine.Entry(9, Drawn.Level(0x51).WithMask(true));
            machine.Raise(disk);
            machine.Entry(9, Drawn.Level(0x51));
            machine.Apic(ApicRegister.TaskPriority, 0x60);
            machine.Apic(ApicRegister.TaskPriority, 0);
            machine.Take();
            machine.Lower(disk);
            machine.Eoi();
            machine.Raise(disk);
        });
        int lane = picture.Lanes.Index().Single(one => one.Item.Name == "ioapic:9").Index;
        Span[] held = [.. picture.Spans.Where(span => span.Lane == lane && span.Kind == SpanKind.Held).OrderBy(span => span.Begin.Event)];
        Assert.Equal(["pin-masked", "in-flight", "cpu-unknown", "task-priority", "cpu-unknown", "no-eoi", "in-flight", "cpu-unknown"], held.Select(span => span.Gate));
        Assert.Null(held[^1].End);
        // Between the EOI and the next raise nothing holds it.
        Assert.True(held[5].End!.Value.Event < held[6].Begin.Event);
        Assert.All(held.Skip(1).Zip(held.Skip(2)).Where(pair => pair.First != held[5]), pair => Assert.Equal(pair.First.End, pair.Second.Begin));
    }

    /// <summary>The gate that the picture ends with is the one that why names.</summary>
    [Fact]
    public void What_holds_a_pin_at_the_end_is_what_the_answer_says()
    {
        int compared = 0;
        foreach (string log in Logs.Concat(["examples/hang.log.gz", "tests/Wirq.Traces.Tests/Why/logs/edge-lost-masked.log.gz",
            "tests/Wirq.Traces.Tests/Why/logs/remote-irr-wrong-vector.log.gz", "tests/Wirq.Traces.Tests/Why/logs/no-such-cpu.log.gz"]))
        {
            Picture picture = Drawn.Log(log);
            foreach (OwedMark owed in picture.Owed.Where(mark => mark is { Rank: OwedRank.Owed, Lane: >= 0 } && picture.Lanes[mark.Lane].Key.Group == LaneGroup.IoApic))
            {
                compared++;
                Assert.Equal(owed.Gate, Assert.Single(picture.Spans, span => span.Lane == owed.Lane && span is { Kind: SpanKind.Held, End: null }).Gate);
            }
        }
        Assert.True(compared > 0);
    }

    [Fact]
    public void Spans_of_one_kind_in_one_lane_never_overlap_and_every_one_has_a_length()
    {
        foreach (string log in Logs)
        {
            Picture picture = Drawn.Log(log);
            foreach (IGrouping<(int, SpanKind), Span> row in picture.Spans.GroupBy(span => (span.Lane, span.Kind)))
            {
                long end = 0;
                foreach (Span span in row.OrderBy(span => span.Begin.Event))
                {
                    Assert.InRange(picture.Begin(span), end, picture.End(span) - 1);
                    end = picture.End(span);
                }
            }
        }
    }

    [Fact]
    public void What_lasts_at_the_end_is_what_the_engine_knows_there()
    {
        foreach (string log in Logs)
        {
            PictureBuilder? builder = null;
            string path = Wirq.Tests.Shared.Repository.PathOf(log);
            LogWhy.Read(() => File.OpenRead(path), log, null, engine => builder = new PictureBuilder(engine), new Wirq.Traces.Replay.ReplayOptions());
            Picture picture = builder!.Build(log);
            WhyEngine engine = builder.Engine;
            string[] drawn = [.. picture.Spans.Where(span => span.End is null && picture.Lanes[span.Lane].Key.Group == LaneGroup.Cpu)
                .Select(span => $"{picture.Lanes[span.Lane].Name} {ItemWords.Of(span.Kind)}").Order()];
            string[] known = [.. engine.Cpus.SelectMany(cpu => cpu.Pending.All.Select(one => $"cpu{cpu.Cpu} 0x{one.Vector:x2} IRR")
                .Concat(cpu.InService.All.Select(one => $"cpu{cpu.Cpu} 0x{one.Vector:x2} ISR"))).Order()];
            Assert.Equal(known, drawn);
            string[] pins = [.. picture.Spans.Where(span => span is { End: null, Kind: SpanKind.RemoteIrr }).Select(span => picture.Lanes[span.Lane].Name).Order()];
            Assert.Equal(engine.Pins.Where(pin => pin.RemoteIrr).Select(pin => pin.Log.Source.ToString()).Order(), pins);
        }
    }

    [Fact]
    public void A_masked_pin_is_masked_from_where_it_was_masked_and_an_edge_there_is_lost()
    {
        Picture picture = Drawn.Machine((machine, _) =>
        {
            Source uart = machine.Connect(4);
            machine.Pulse(uart);
            machine.Entry(4, RedirectionEntry.Create(0x51, 0));
            machine.Entry(4, RedirectionEntry.Create(0x51, 0).WithMask(true));
            machine.Pulse(uart);
        });
        int lane = picture.Lanes.Index().Single(one => one.Item.Name == "ioapic:4").Index;
        Span[] masked = [.. picture.Spans.Where(span => span.Lane == lane && span.Kind == SpanKind.Masked).OrderBy(span => span.Begin.Event)];
        Assert.Equal(2, masked.Length);
        Assert.True(masked[0].Begin.IsStart);
        Instant[] lost = [.. picture.Instants.Where(one => one.Lane == lane && one.Kind == InstantKind.Lost)];
        Assert.Equal(2, lost.Length);
        Assert.True(lost[0].At.Event < masked[0].End!.Value.Event && masked[0].End!.Value.Event < masked[1].Begin.Event);
        Assert.True(masked[1].Begin.Event < lost[1].At.Event && masked[1].End is null);
        Assert.Equal("edge-lost", Assert.Single(picture.Owed, mark => mark.Rank == OwedRank.Owed).Gate);
    }

    [Fact]
    public void A_message_and_its_refusal_stand_in_the_lane_of_the_sender()
    {
        Picture picture = Drawn.Machine((machine, _) =>
        {
            machine.Apic(ApicRegister.SpuriousVector, 0x1FF);
            machine.Send(0xFEE00000, 0x41);
            machine.Send(0xFEE07000, 0x42);
        });
        // The CPU itself has one because why calls it silent.
        Assert.Equal(["msi:0xfee00000:0x0041", "msi:0xfee07000:0x0042", "cpu0", "cpu0 0x41"], picture.Lanes.Select(lane => lane.Name));
        Assert.Equal([(0, InstantKind.Sent), (1, InstantKind.Sent), (1, InstantKind.Refused)], picture.Instants.Select(one => (one.Lane, one.Kind)));
        Assert.Equal((0, 3), Assert.Single(picture.Arrows) is var arrow ? (arrow.From, arrow.To) : default);
    }

    [Fact]
    public void A_reset_ends_what_it_takes()
    {
        Picture picture = Drawn.Machine((machine, _) =>
        {
            machine.Apic(ApicRegister.SpuriousVector, 0x1FF);
            Source disk = machine.Connect(9);
            machine.Entry(9, Drawn.Level(0x51));
            machine.Raise(disk);
            machine.Take();
            machine.Fabric.Reset();
            machine.Settle();
        });
        Instant reset = picture.Instants.First(one => one.Kind == InstantKind.Reset);
        Assert.All(picture.Spans.Where(span => span.Kind is SpanKind.InService or SpanKind.RemoteIrr or SpanKind.Requested && picture.Lanes[span.Lane].Key.Group != LaneGroup.Pic),
            span => Assert.NotNull(span.End));
        Assert.Contains(picture.Spans, span => span.Kind == SpanKind.InService && span.End!.Value.Event >= reset.At.Event);
        // The line is as its source holds it.
        Assert.Contains("asserted lasts", SpansOf(picture, "ioapic:9"));
    }

    /// <summary>Of too many, the last are drawn, and the picture says where it begins.</summary>
    [Fact]
    public void A_limit_keeps_the_last_and_says_so()
    {
        const int most = 30;
        Picture whole = Drawn.Log(Logs[0]), cut = Drawn.Log(Logs[0], new PictureOptions { Most = most });
        int Count(Picture picture) => picture.Spans.Count(span => span.End is not null) + picture.Instants.Count + picture.Arrows.Count;
        Assert.InRange(Count(cut), most / 2, most);
        long left = Count(whole) - most;
        Assert.True(left > 0);
        string note = Assert.Single(cut.Notes, note => note.Contains("left out", StringComparison.Ordinal));
        Assert.StartsWith($"This picture begins at {cut.Stamps.At(cut.Ends.First)}.", note, StringComparison.Ordinal);
        Assert.Contains($"{left} earlier ones are left out", note, StringComparison.Ordinal);
        // What ended last is what is kept.
        Span[] ends = [.. cut.Spans.Where(span => span.End is not null)];
        Assert.Equal(whole.Spans.Where(span => span.End is not null).TakeLast(ends.Length).Select(span => (whole.Lanes[span.Lane].Name, span.Kind, span.End)),
            ends.Select(span => (cut.Lanes[span.Lane].Name, span.Kind, span.End)));
        Assert.Equal(whole.Owed.Select(mark => mark.Title), cut.Owed.Select(mark => mark.Title));
        Assert.DoesNotContain(whole.Notes, note => note.Contains("left out", StringComparison.Ordinal));
    }

    [Fact]
    public void A_limit_of_lanes_is_said_too()
    {
        Picture picture = Drawn.Machine((machine, _) =>
        {
            for (uint data = 0; data < 20; data++)
                machine.Send(0xFEE00000, 0x40 + data);
        }, options: new PictureOptions { MostLanes = 8 });
        Assert.Equal(8, picture.Lanes.Count);
        Assert.Contains(picture.Notes, note => note.StartsWith("At most 8 lanes are drawn", StringComparison.Ordinal));
    }

    [Fact]
    public void A_window_draws_what_lies_in_it_and_owes_what_the_whole_owes()
    {
        Picture whole = Drawn.Log(Logs[0]);
        Mark from = whole.Clock.Marks[whole.Clock.Marks.Count / 3], to = whole.Clock.Marks[whole.Clock.Marks.Count * 2 / 3];
        Picture window = Drawn.Log(Logs[0], new PictureOptions { From = new Place(from.Line, 0, false), To = new Place(to.Line, 0, false) });
        Assert.All(window.Instants, one => Assert.InRange(one.At.Line, from.Line, to.Line));
        Assert.All(window.Spans, span => Assert.True((span.End ?? to).Line >= from.Line && span.Begin.Line <= to.Line));
        Assert.Equal(whole.Instants.Count(one => one.At.Line >= from.Line && one.At.Line <= to.Line), window.Instants.Count);
        Assert.Equal(whole.Owed.Select(mark => mark.Title), window.Owed.Select(mark => mark.Title));
        Assert.Contains(window.Notes, note => note.Contains("ends at", StringComparison.Ordinal));
    }

    [Fact]
    public void The_next_owner_of_a_slot_has_its_own_lane()
    {
        Picture picture = Drawn.Machine((machine, builder) =>
        {
            Source first = machine.Connect(9);
            builder.Engine.Name(first.Slot, "first");
            machine.Pulse(first);
            first.Dispose();
            machine.Settle();
            Source next = machine.Connect(9);
            Assert.Equal(first.Slot, next.Slot);
            builder.Engine.Name(next.Slot, "next");
            machine.Pulse(next);
        });
        Assert.Equal(["first (gsi:9)", "next (gsi:9)"], picture.Lanes.Where(lane => lane.Key.Group == LaneGroup.Device).Select(lane => lane.Name));
    }

    internal static readonly string[] Logs =
    [
        "tests/Wirq.Traces.Tests/Why/logs/no-eoi.log.gz", "tests/Wirq.Traces.Tests/Why/logs/tpr-blocked.log.gz",
        "tests/Wirq.Traces.Tests/Replay/logs/ioapic-3cpu.log.gz", "tests/Wirq.Traces.Tests/Replay/logs/reset.log.gz",
        "tests/Wirq.Traces.Tests/Replay/logs/vtd-msix.log.gz",
    ];

    private static string[] SpansOf(Picture picture, string lane)
    {
        int number = picture.Lanes.Index().Single(one => one.Item.Name == lane).Index;
        return [.. picture.Spans.Where(span => span.Lane == number && span.Kind is not (SpanKind.Masked or SpanKind.Held))
            .Select(span => ItemWords.Of(span) + (span.End is null ? " lasts" : "")).Order(StringComparer.Ordinal)];
    }
}
