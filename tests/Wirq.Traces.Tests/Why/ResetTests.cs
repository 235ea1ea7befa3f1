using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.State;
using Wirq.Traces.Recordings;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>A machine that is reset while it is recorded: what the recording says of both of its lives.</summary>
public sealed class ResetTests
{
    private const int Pin = 20;

    [Fact]
    public void What_was_in_service_is_gone_by_the_reset_and_what_holds_the_line_waits_in_the_new_life()
    {
        var machine = Watched.Enabled("gsi:20");
        machine.Entry(Pin, RedirectionEntry.Create(0x51, 0, level: true));
        machine.Raise(machine.Connect(Pin));
        machine.Take();
        machine.Fabric.Reset();
        machine.Settle();
        IReadOnlyList<RaiseAnswer> raises = machine.Engine.Answer()![0].Raises;
        Assert.Equal([(Fate.Dropped, Gate.MachineReset), (Fate.Held, Gate.PinMasked)], raises.Select(raise => (raise.Fate, raise.Gate)));

        machine.Apic(ApicRegister.SpuriousVector, 0x1FF);
        machine.Entry(Pin, RedirectionEntry.Create(0x61, 0, level: true));
        Assert.Equal((Fate.Pending, 0x61), (machine.Last().Fate, machine.Fabric.Take(0)));
    }

    [Fact]
    public void What_holds_a_line_through_a_reset_is_no_edge_in_the_new_life()
    {
        var machine = Watched.Enabled("gsi:20");
        machine.Raise(machine.Connect(Pin));
        machine.Fabric.Reset();
        machine.Settle();
        machine.Apic(ApicRegister.SpuriousVector, 0x1FF);
        machine.Entry(Pin, RedirectionEntry.Create(0x61, 0));
        RaiseAnswer last = machine.Last();
        Assert.Equal((-1, Fate.Held, Gate.EdgeSpent), (machine.Fabric.Take(0), last.Fate, last.Gate));
        Assert.Contains("no edge of it waits: the line has to fall and to rise again", Watched.Words(last), StringComparison.Ordinal);
        Assert.Equal(Gate.EdgeSpent, machine.Fabric.Explain(Pin).Roads.Single(road => road.Road.StartsWith("pin", StringComparison.Ordinal)).Gate);
    }

    /// <summary>A level asks the 8259 again, whether its trigger is set before or after the initialisation.</summary>
    [Theory]
    [InlineData(0xFF, true)]
    [InlineData(0xFF, false)]
    [InlineData(0xDF, true)]
    [InlineData(0xDF, false)]
    public void What_holds_a_level_of_the_8259_waits_in_the_new_life(byte mask, bool triggerFirst)
    {
        Watched machine = WithLevel5(mask, triggerFirst);
        Assert.Equal((mask == 0xDF, mask == 0xDF), (machine.Fabric.Pic!.Intr, machine.Engine.Owed().Owed.Any(owed => owed.Source == SourceName.Irq(5))));
        RaiseAnswer last = machine.Last();
        Assert.Equal(mask == 0xFF, (last.Fate, last.Gate) == (Fate.Held, Gate.PicMasked));
        Assert.NotEqual(Fate.Dropped, last.Fate);
    }

    [Fact]
    public void What_holds_an_edge_of_the_8259_is_over_by_the_reset()
    {
        var machine = new Watched(asked: "pic:5");
        machine.InitialisePic(masterMask: 0xDF, slaveMask: 0xFF);
        machine.Raise(machine.Connect(5));
        machine.Fabric.Reset();
        machine.Settle();
        machine.InitialisePic(masterMask: 0xDF, slaveMask: 0xFF);
        Assert.Equal((false, Fate.Dropped, Gate.MachineReset), (machine.Fabric.Pic!.Intr, machine.Last().Fate, machine.Last().Gate));
    }

    private static Watched WithLevel5(byte mask, bool triggerFirst)
    {
        var machine = new Watched(asked: "pic:5");
        machine.Port(0x4D0, 0x20);
        machine.InitialisePic(masterMask: 0xDF, slaveMask: 0xFF);
        machine.Raise(machine.Connect(5));
        machine.Fabric.Reset();
        machine.Settle();
        if (triggerFirst)
            machine.Port(0x4D0, 0x20);
        machine.InitialisePic(mask, slaveMask: 0xFF);
        machine.Port(0x4D0, 0x20);
        return machine;
    }

    [Fact]
    public void The_laws_hold_over_a_recording_with_a_reset_and_see_what_is_wrong_in_the_new_life()
    {
        byte[] recorded = Record(out FabricOptions options);
        List<Event> events = Read(recorded);
        Assert.Contains(events, e => e.Kind == EventKind.MachineReset);
        Assert.Contains(events, e => e.Kind == EventKind.EffectLost);
        Assert.All(Judge(options, events).Laws, law => Assert.True(law.Break is null, law.Describe()));
        // Without the event that tells of it, the new life does not follow from the old.
        events.RemoveAll(e => e.Kind == EventKind.MachineReset);
        Assert.Contains(Judge(options, events).Laws, law => law.Break is not null);
    }

    [Theory]
    [InlineData(EventKind.Deliver, 1, 0, "I/OAPIC 1")]
    [InlineData(EventKind.EoiBroadcast, 7, 0, "CPU 7")]
    [InlineData(EventKind.EntryWritten, 0, 0, "a lost event of kind 1538")]
    public void A_recording_that_loses_what_the_machine_does_not_have_is_refused(EventKind kind, int unit, int pin, string said)
    {
        var bytes = new MemoryStream();
        using (var writer = new RecordingWriter(bytes, new RecordingHeader { Subject = "reset", Machine = FabricOptions.Pc() }))
        {
            writer.Write(new EffectLost(unit, pin, kind).ToEvent());
            writer.Complete();
        }
        Assert.Contains(said, Assert.Throws<RecordingException>(() => Read(bytes.ToArray())).Message, StringComparison.Ordinal);
    }

    private static byte[] Record(out FabricOptions options)
    {
        options = FabricOptions.Pc();
        var bytes = new MemoryStream();
        using var writer = new RecordingWriter(bytes, new RecordingHeader { Subject = "reset", Machine = options });
        var fabric = new Fabric(options);
        fabric.Events.Observing = true;
        Boot(fabric, 0x51);
        Source disk = fabric.Connect(Pin, "disk");
        disk.Raise();
        fabric.Drain(new FabricPorts { Observer = new Writes(writer) });
        fabric.Take(0);
        fabric.TryWrite(0, 0xFEE000B0, 4, 0);
        fabric.Reset();
        Boot(fabric, 0x61);
        fabric.Drain(new FabricPorts { Observer = new Writes(writer) });
        Assert.Equal(0x61, fabric.Take(0));
        disk.Lower();
        fabric.TryWrite(0, 0xFEE000B0, 4, 0);
        fabric.Drain(new FabricPorts { Observer = new Writes(writer) });
        writer.Complete();
        return bytes.ToArray();
    }

    private static void Boot(Fabric fabric, byte vector)
    {
        var entry = RedirectionEntry.Create(vector, 0, level: true);
        fabric.TryWrite(0, 0xFEE000F0, 4, 0x1FF);
        foreach ((uint index, uint value) in new[] { (0x11u + Pin * 2, entry.High), (0x10u + Pin * 2, entry.Low) })
        {
            fabric.TryWrite(0, Watched.IoApicBase, 4, index);
            fabric.TryWrite(0, Watched.IoApicBase + IoApic.WindowOffset, 4, value);
        }
    }

    private static List<Event> Read(byte[] recorded)
    {
        using var reader = new RecordingReader(new MemoryStream(recorded), "a recording");
        var events = new List<Event>();
        while (reader.TryRead(out Event happened))
            events.Add(happened);
        return events;
    }

    private static LawSet Judge(FabricOptions options, List<Event> events)
    {
        var laws = new LawSet(options, new GsiMap(options), new StateArena());
        foreach (Event happened in events)
            laws.Observe(happened);
        return laws;
    }

    private sealed class Writes(RecordingWriter writer) : IEventObserver
    {
        public void Observe(in Event happened) => writer.Write(happened);
    }
}
