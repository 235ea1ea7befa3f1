using Wirq.Events;
using Wirq.Laws;
using Wirq.Remapping;
using Wirq.State;
using Wirq.Tests.Shared;
using Wirq.Traces.Recordings;

namespace Wirq.Traces.Tests.Recordings;

/// <summary>Recordings that a build wrote when the format had version 1 (kept/README.md).</summary>
public sealed class FirstVersionTests
{
    private const string InRange = "version-1-invalidation-in-range", SwitchedOn = "version-1-switched-on-with-hot-routes";

    public static TheoryData<string, int> Kept => new()
    {
        { InRange, 506 },
        { SwitchedOn, 100 },
    };

    [Theory, MemberData(nameof(Kept))]
    public void It_is_read_to_its_end_and_every_law_holds(string name, int events)
    {
        (RecordingHeader header, List<Event> read) = Read(name);
        Assert.Equal(events, read.Count);
        var laws = new LawSet(header.Machine, new GsiMap(header.Machine), new StateArena());
        foreach (Event happened in read)
            laws.Observe(happened);
        Assert.All(laws.Laws, law => Assert.True(law.Break is null, law.Describe()));
    }

    [Fact]
    public void Its_cookies_are_those_of_today()
    {
        (_, List<Event> read) = Read(InRange);
        Event[] translated = [.. read.Where(e => e.Kind == EventKind.VirqTranslated)];
        Assert.Equal([.. Enumerable.Range(0, 16), 6, 7, 9], translated.Select(e => (int)new RouteCookie(e.B).Key));
        Assert.All(translated, e => Assert.Equal((0u, 0), (e.Index, new RouteCookie(e.B).Unit)));
        Assert.StartsWith("virq 15 keeps ", translated[15].ToString(), StringComparison.Ordinal);
        Assert.EndsWith(" of entry 15 of remapping unit 0", translated[15].ToString(), StringComparison.Ordinal);
        Assert.Equal([(6ul, 7ul), (32, 32), (9, 9), (0, RouteCookie.MaxKey)], read
            .Where(e => e.Kind == EventKind.RemapInvalidationDone && e.Time >= translated[0].Time).Select(e => (e.A, e.B)).TakeLast(4));
    }

    [Fact]
    public void A_cookie_that_no_entry_has_is_that_of_today()
    {
        (_, List<Event> read) = Read(SwitchedOn);
        Event first = read.First(e => e.Kind == EventKind.VirqTranslated);
        Assert.Equal(new RouteCookie(0, RouteCookie.MaxKey), new RouteCookie(first.B));
        Assert.Contains(read, e => e.Kind == EventKind.RemapInvalidationDone && e.Index == 1 && (e.A, e.B) == (0, (ulong)RouteCookie.MaxKey));
    }

    [Theory]
    [InlineData(1, EventKind.TimeAdvanced)]
    [InlineData(14, EventKind.LogVectorsLeft)]
    [InlineData(21, EventKind.LineChanged)]
    [InlineData(22, EventKind.SourceWanted)]
    [InlineData(35, EventKind.PicTaken)]
    [InlineData(60, EventKind.PinResampled)]
    [InlineData(66, EventKind.VectorAccepted)]
    [InlineData(84, EventKind.RemapSwitched)]
    [InlineData(110, EventKind.VirqResampled)]
    [InlineData(128, EventKind.RouteChanged)]
    [InlineData(149, EventKind.KernelLine)]
    [InlineData(15, EventKind.None)]
    [InlineData(0x81 - 2, EventKind.None)]
    [InlineData(150, EventKind.None)]
    public void Its_kinds_have_the_numbers_of_then(byte number, EventKind kind) => Assert.Equal(kind, FirstVersion.KindOf(number));

    [Fact]
    public void Every_kind_of_its_time_had_one_number()
    {
        EventKind[] kinds = [.. Enumerable.Range(0, 256).Select(number => FirstVersion.KindOf((byte)number)).Where(kind => kind != EventKind.None)];
        Assert.Distinct(kinds);
        // Kinds that come later have none.
        Assert.Equal(98, kinds.Length);
    }

    [Fact]
    public void A_number_that_no_kind_had_is_refused()
    {
        // Of today: no fields, kind 0x0102 in two bytes; the end: no fields, no kind, one event.
        byte[] today = new RecordedMachine(new RecordingHeader(), [new Event(EventKind.Rest)]).ToBytes();
        Assert.Equal([0, 0x82, 0x02, 0, 0, 1], today[^6..]);
        byte[] first = [.. today[..^6], 0, 15, 0, 0, 1];
        first[RecordingFormat.Magic.Length] = RecordingFormat.FirstVersion;
        RecordingException refused = Assert.Throws<RecordingException>(() => ReadAll(new MemoryStream(first), "f"));
        Assert.Contains("event kind 15; expected a kind that this version knows", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_no_unit_translated_has_no_cookie()
    {
        Event old = new(EventKind.VirqTranslated, 3, uint.MaxValue, 0x51) { Time = 7 };
        Assert.Equal(new Event(EventKind.VirqTranslated, 3, 0, 0x51, RouteCookie.None.Bits) { Time = 7 }, FirstVersion.Translate(old));
    }

    [Fact]
    public void Written_again_it_has_todays_version_and_the_same_events()
    {
        (RecordingHeader header, List<Event> read) = Read(InRange);
        byte[] again = new RecordedMachine(header, read).ToBytes();
        Assert.Equal(RecordingFormat.Version, again[RecordingFormat.Magic.Length]);
        Assert.Equal(RecordingFormat.FirstVersion, File.ReadAllBytes(PathOf(InRange))[RecordingFormat.Magic.Length]);
        Assert.Equal(read, ReadAll(new MemoryStream(again), "again").Events);
    }

    private static (RecordingHeader Header, List<Event> Events) Read(string name) => ReadAll(File.OpenRead(PathOf(name)), name);

    private static (RecordingHeader Header, List<Event> Events) ReadAll(Stream stream, string name)
    {
        using var reader = new RecordingReader(stream, name);
        var events = new List<Event>();
        while (reader.TryRead(out Event next))
            events.Add(next);
        return (reader.Header, events);
    }

    private static string PathOf(string name) => Repository.PathOf($"tests/Wirq.Traces.Tests/Recordings/kept/{name}.wirq");
}
