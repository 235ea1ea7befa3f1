using Wirq.Events;
using Wirq.Remapping;
using Wirq.State;
using Wirq.Traces.Recordings;
using Wirq.Traces.Tests.Why;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Recordings;

/// <summary>A recording of a machine with a remapping unit of an embedder.</summary>
public sealed class ForeignRemapperTests
{
    private static readonly FabricOptions s_machine = FabricOptions.Pc() with
    {
        Vtd = new() { Scope = [new(0x0100, 0x01FF)] },
        Remappers = [new Foreign()],
    };

    private static readonly Event[] s_events =
    [
        new(EventKind.MessageSent, 0, Origin.Device(0x0310).Bits, 0xFEE00000, 5),
        new(EventKind.RemapFaulted, 1, 0x0310, 0x22, 5),
        new(EventKind.MessageRefused, 0, Origin.Device(0x0310).Bits, 0, (ulong)RefusalReason.RemappingFault),
        new(EventKind.Rest),
    ];

    [Fact]
    public void Its_header_keeps_what_judges_it()
    {
        using var reader = new RecordingReader(new MemoryStream(Bytes(s_events)), "a file");
        Assert.Equal([new RequesterRange(0x0100, 0x01FF)], reader.Header.Machine.Vtd!.Scope!);
        IRemapperOptions kept = Assert.Single(reader.Header.Machine.Remappers);
        Assert.Equal([new RegisterPages(0xFEB00000, 3)], kept.Registers);
        Assert.Equal(MsiFormat.KvmHighAddress, kept.OwnFormat);
        Assert.Equal([new RequesterRange(0x0300, 0x03FF)], kept.Scope!);
        Assert.Contains("does not keep how", Assert.Throws<NotSupportedException>(() => new Fabric(reader.Header.Machine)).Message,
            StringComparison.Ordinal);
        foreach (Event expected in s_events)
        {
            Assert.True(reader.TryRead(out Event read));
            Assert.Equal(expected, read);
        }
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void An_event_of_a_unit_that_is_not_there_is_refused()
    {
        using var reader = new RecordingReader(new MemoryStream(Bytes([new(EventKind.RemapSwitched, 2, 0, 1)])), "a file");
        Assert.Contains("RemapSwitched of remapping unit 2; expected remapping unit 0 to 1",
            Assert.Throws<RecordingException>(() => reader.TryRead(out _)).Message, StringComparison.Ordinal);
    }

    /// <summary>Only the unit's own manual defines the meaning of its reasons, so no words of VT-d are used.</summary>
    [Theory]
    [InlineData(0, "irte:5 is not present (reason 0x22)")]
    [InlineData(1, "remapping unit 1 blocked it (reason 0x22)")]
    public void Why_says_the_reason_in_the_words_of_the_unit(int unit, string words)
    {
        var engine = new WhyEngine(s_machine, WhyQuestion.Parse("msi:0xfee00000:0x5", out _));
        foreach (Event e in s_events)
            engine.Observe(e.Kind == EventKind.RemapFaulted ? new(e.Kind, (ushort)unit, e.Index, e.A, e.B) : e, 0);
        RaiseAnswer answer = Assert.Single(engine.Answer()!).Raises[^1];
        Assert.Equal((Fate.Refused, Gate.RemappingFault), (answer.Fate, answer.Gate));
        Assert.Contains(words, Watched.Words(answer), StringComparison.Ordinal);
    }

    private static byte[] Bytes(Event[] events) => new RecordedMachine(new() { Machine = s_machine }, events).ToBytes();

    private sealed record Foreign : IRemapperOptions
    {
        public IReadOnlyList<RegisterPages> Registers => [new(0xFEB00000, 3)];
        public IReadOnlyList<RequesterRange>? Scope => [new(0x0300, 0x03FF)];
        public MsiFormat OwnFormat => MsiFormat.KvmHighAddress;
        public void Validate() { }
        public IRemapper Build(StateArena arena, int unit) => throw new NotSupportedException();
    }
}
