using Wirq.Traces.Qemu;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Tests.Replay;

/// <summary>The control: a chip that is broken between two stimuli differs from the log, at the line where it
/// shows.</summary>
public sealed class DefectTests
{
    private const int Pin = 14, Irq = 0;

    [Fact]
    public void A_wrong_remote_irr_clear() => AssertCaught("ioapic-2cpu", TraceEvent.IoApicClearRemoteIrr,
        (line, fabric) => line.Event == TraceEvent.ApicWrite && line.A == 0xB0 && fabric.IoApics[0].Entry(Pin).RemoteIrr,
        (_, fabric) => Change(fabric, state => state with { Flags = state.Flags & ~PinFlags.RemoteIrr }));

    [Fact]
    public void A_stale_destination() => AssertCaught("ioapic-2cpu", TraceEvent.ApicDeliverIrq,
        IsOpenRise,
        (_, fabric) => Change(fabric, state => state with { Entry = RedirectionEntry.Create(state.Entry.Vector, 1) }));

    [Fact]
    public void A_lost_edge() => AssertCaught("ioapic-2cpu", TraceEvent.ApicDeliverIrq,
        (line, fabric) => IsOpenRise(line, fabric) && !fabric.IoApics[0].Entry(Pin).Level,
        (_, fabric) => Change(fabric, state => state with { Entry = state.Entry.WithMask(true) }));

    [Fact]
    public void A_wrong_priority() => AssertCaught("ioapic-1cpu-acks", TraceEvent.ServicingInterrupt,
        (line, fabric) => line.Event == TraceEvent.ServicingInterrupt && fabric.LocalApics!.HasInterrupt(0),
        (line, fabric) =>
        {
            fabric.LocalApics!.State(0).Tpr = 0xFF;
            fabric.LocalApics!.State(0).UpdatePriority();
        });

    [Fact]
    public void A_wrong_8259_isr() => AssertCaught("seabios", TraceEvent.PicUpdateIrq,
        (line, fabric) => line.Event == TraceEvent.PicSetIrq && line is { A: 1, B: Irq, C: 1 } && !fabric.Pic!.IsMasked(Irq),
        (_, fabric) => fabric.Pic!.State = fabric.Pic.State with
        {
            Master = fabric.Pic.State.Master with { Isr = 1 << Irq },
        });

    private static bool IsOpenRise(TraceLine line, Fabric fabric) => line.Event == TraceEvent.IoApicSetIrq && line is { A: Pin, B: 1 }
        && fabric.IoApics[0].Entry(Pin) is { Masked: false, RemoteIrr: false };

    /// <summary>Breaks the chips before the first line that <paramref name="where"/> picks; the first line of
    /// <paramref name="shows"/> from there on must be the first mismatch.</summary>
    private static void AssertCaught(string log, TraceEvent shows, Func<TraceLine, Fabric, bool> where, Action<TraceLine, Fabric> defect)
    {
        long broken = 0, expected = 0;
        ReplayReport report = ReplayLogs.Kept(log, (line, fabric) =>
        {
            if (broken == 0 && where(line, fabric))
            {
                broken = line.Number;
                defect(line, fabric);
            }
            if (broken > 0 && expected == 0 && line.Event == shows)
                expected = line.Number;
        });
        Assert.True(expected > 0, "the defect found no place in the log");
        Assert.False(report.Succeeded);
        Assert.Equal(expected, report.First!.Line);
        Assert.NotEmpty(report.First.EventsAround);
        Assert.Contains(report.First.LogAround, line => line.StartsWith($"{expected}: ", StringComparison.Ordinal));
        ReplayLogs.AssertClean(ReplayLogs.Kept(log));
    }

    private static void Change(Fabric fabric, Func<IoApicPin, IoApicPin> change) =>
        fabric.IoApics[0].SetPinState(Pin, change(fabric.IoApics[0].PinState(Pin)));
}
