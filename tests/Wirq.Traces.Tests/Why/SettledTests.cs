using System.Text;
using Wirq.Events;
using Wirq.Tests.Shared;
using Wirq.Traces.Replay;
using Wirq.Traces.Tests.Replay;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>Whether a raise is settled is decided in two ways: with what holds it, and, for many raises at once, without.</summary>
public sealed class SettledTests
{
    public static TheoryData<string> Logs => AgreementTests.Logs;

    [Theory]
    [MemberData(nameof(Logs))]
    public void Many_raises_are_judged_as_each_of_them(string log)
    {
        string file = Repository.PathOf(log);
        Asker? asker = null;
        LogWhy.Read(() => File.OpenRead(file), log, null, engine => asker = new(engine), new ReplayOptions { Reports = false });
        Assert.True(asker!.Asked > 0 || asker.Events < 100, $"{asker.Asked} of {asker.Events}");
        // In this one each tick of a timer waits for an EOI.
        if (log.EndsWith("bad-vector.log.gz", StringComparison.Ordinal))
            Assert.True(asker.Open > 0);
    }

    [Fact]
    public void A_log_that_may_show_level_inputs_and_shows_none_is_read_once()
    {
        // An edge at input 10, the request of which outlives its line.
        byte[] text = Encoding.ASCII.GetBytes(ReplayLogs.Stamped("""
            2 apic_reset_irq_delivered old coalescing 0
            pic_ioport_write master 1 addr 0x1 val 0x0
            pic_ioport_write master 0 addr 0x1 val 0x0
            pic_set_irq master 1 irq 2 level 0
            2 pic_set_irq master 0 irq 2 level 1
            2 pic_update_irq master 0 imr 0 irr 4 padd 0
            2 pic_set_irq master 1 irq 2 level 1
            2 pic_update_irq master 1 imr 0 irr 4 padd 0
            2 pic_set_irq master 0 irq 2 level 0
            2 pic_update_irq master 0 imr 0 irr 4 padd 0
            2 pic_set_irq master 1 irq 2 level 1
            2 pic_update_irq master 1 imr 0 irr 4 padd 0
            """));
        int opened = 0, ofReplay = 0;
        LogWhy.Read(() => Open(ref opened), "text", null);
        // What was recorded cannot be taken back.
        Replayer.Run(() => Open(ref ofReplay), "text", new ReplayOptions { Record = static _ => { } });
        Assert.Equal((1, 3), (opened, ofReplay));

        Stream Open(ref int count)
        {
            count++;
            return new MemoryStream(text);
        }
    }

    private sealed class Asker(WhyEngine engine) : IEventSink
    {
        public long Asked { get; private set; }
        public long Open { get; private set; }
        public long Events { get; private set; }

        public void Observe(in Event happened, long line)
        {
            engine.Observe(happened, line);
            if (Events++ % 7 != 0)
                return;
            foreach (RaiseLog log in engine.Logs)
            {
                Gate? at8259 = null;
                foreach (Raise raise in log.Kept)
                {
                    Asked++;
                    Assert.Equal(engine.Judge.IsSettled(raise, out _), engine.Judge.IsSettled(raise, ref at8259, out _));
                }
                IReadOnlyList<Raise> open = log.KnownOpen(engine.Judge);
                Open += open.Count;
                Assert.DoesNotContain(open, raise => engine.Judge.IsSettled(raise, out _));
            }
        }
    }
}
