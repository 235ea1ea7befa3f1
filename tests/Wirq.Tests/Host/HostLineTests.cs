using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Routing;
using Wirq.State;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Host;

/// <summary>Sources of one line: the line is their OR, and every source gets an acknowledge.</summary>
public sealed class HostLineTests : HostBench
{
    [Fact]
    public void An_eoi_is_heard_by_every_holder_of_the_line()
    {
        int heard = 0;
        using Virq first = Host.RegisterOnLine("disk", 20, resample: Resample, acknowledged: () => heard++);
        using Virq second = Host.RegisterOnLine("net", 20, resample: OtherResample);
        ProgramLevel(20, 0x51);
        first.Trigger();
        second.Trigger();
        Assert.Single(Kernel.Signalled);
        Kernel.Take();
        Host.Eoi(0, 0x51);
        Assert.Equal(["write 8", "write 9"], Kernel.Take());
        Assert.Equal(1, heard);
        first.Dispose();
        second.Trigger();
        Host.Eoi(0, 0x51);
        Assert.Equal(["signal 0x51", "write 9"], Kernel.Take());
    }

    [Fact]
    public void A_resample_eventfd_is_told_of_when_it_was_written_and_a_law_misses_one_that_was_not()
    {
        var options = FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 4, Kernel = Kernel.Limits }, Pic = null };
        var fabric = new Fabric(options);
        fabric.Events.Observing = true;
        var laws = new LawSet(options, fabric.Gsis, new StateArena(), [nameof(AckReachesAllSharers)]);
        var host = new FabricHost(fabric, PortsOf.One(Kernel) with { Observer = new Watcher(laws) });
        using Virq first = host.RegisterOnLine("disk", 20, resample: Resample);
        using Virq second = host.RegisterOnLine("net", 20, resample: OtherResample);
        host.TryWrite(0, 0xFEC00000, 4, 0x38);
        host.TryWrite(0, 0xFEC00010, 4, RedirectionEntry.Create(0x51, 0, level: true).Low);
        first.Trigger();
        host.Eoi(0, 0x51);
        laws.Observe(new Event(EventKind.Rest));
        Assert.Null(laws.Laws[0].Break);
        Kernel.Before = call =>
        {
            if (call == "write 9")
                throw new KernelException("write", 9, -1, "the eventfd was closed");
        };
        first.Trigger();
        Assert.Throws<KernelException>(() => host.Eoi(0, 0x51));
        laws.Observe(new Event(EventKind.Rest));
        Assert.Equal("source 1 is on GSI 20, and its resample eventfd was not written at the acknowledge", laws.Laws[0].Describe());
    }

    private sealed class Watcher(LawSet laws) : IEventObserver
    {
        public void Observe(in Event happened) => laws.Observe(happened);
    }

    [Fact]
    public void A_holder_that_still_wants_the_line_triggers_from_its_acknowledge()
    {
        Virq? line = null;
        int wants = 3;
        line = Host.RegisterOnLine("disk", 20, acknowledged: () =>
        {
            if (--wants > 0)
                line!.Trigger();
        });
        ProgramLevel(20, 0x51);
        line.Trigger();
        for (int i = 0; i < 5; i++)
            Host.Eoi(0, 0x51);
        Assert.Equal(3, Kernel.Signalled.Count);
        Assert.Equal(0, wants);
        line.Dispose();
    }

    [Fact]
    public void Many_threads_may_drive_sources_of_one_line()
    {
        const int gsi = 21, least = 20, most = 1_000_000, batch = 16;
        var options = FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 4, Kernel = Kernel.Limits }, Pic = null };
        var fabric = new Fabric(options);
        fabric.Events.Observing = true;
        var laws = new LawSet(options, fabric.Gsis, new StateArena());
        var watch = new LineWatch(gsi, laws);
        var host = new FabricHost(fabric, PortsOf.One(Kernel) with { Observer = watch });
        ProgramLevel(host, gsi, 0x52);
        int acks = 0;
        using HostSource first = host.Connect(gsi, "first", acknowledged: () => Interlocked.Increment(ref acks));
        using HostSource second = host.Connect(gsi, "second", acknowledged: () => Interlocked.Increment(ref acks));
        Thread[] threads = [.. new[] { first, second, first, second }.Select((source, number) => new Thread(() =>
        {
            // Repeated until each source has held the line alone, and both together, often enough. Scheduling
            // determines how long that takes.
            for (int i = 0; i < most && watch.LeastOften < least; i++)
            {
                source.Set(((i + number) & 1) == 0);
                // Driving a line only queues. A thread waits from time to time, so that the queue does not outgrow the
                // draining thread.
                if (i % batch == 0)
                    host.Do(static _ => { });
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        // At every event, not only at the end, the line was the OR of the two, and no law broke.
        Assert.Null(watch.Wrong);
        Assert.True(watch.LeastOften >= least, $"only {watch.LeastOften} of {least}");
        Assert.All(laws.Laws, law => Assert.Null(law.Break));
        first.Raise();
        second.Raise();
        // Every message came of a line that both hold by now.
        Assert.All(Kernel.Signalled, message => Assert.Equal(0x52, message.Vector));
        acks = 0;
        host.Eoi(0, 0x52);
        Assert.Equal(2, acks);
        first.Lower();
        int before = Kernel.Signalled.Count;
        host.Eoi(0, 0x52);
        Assert.Equal(before + 1, Kernel.Signalled.Count);
        second.Dispose();
        host.Eoi(0, 0x52);
        Assert.Equal(before + 1, Kernel.Signalled.Count);
        second.Raise();
        Assert.Equal(before + 1, Kernel.Signalled.Count);
    }

    /// <summary>Compares each event of a line that has two sources with their OR.</summary>
    private sealed class LineWatch(int gsi, LawSet laws) : IEventObserver
    {
        // By the holders: none, the first, the second, both.
        private readonly int[] _changes = new int[4];
        private int _holders;
        private bool _asserted;

        internal string? Wrong { get; private set; }
        internal int LeastOften => _changes.Min();

        public void Observe(in Event happened)
        {
            laws.Observe(happened);
            if (happened.Gsi != gsi)
                return;
            int bit = 1 << happened.Source;
            switch (happened.Kind)
            {
                case EventKind.SourceRaised:
                    Check((_holders & bit) == 0, "a source rose twice");
                    _holders |= bit;
                    _changes[_holders]++;
                    break;
                case EventKind.SourceLowered:
                    Check((_holders & bit) != 0, "a source fell twice");
                    _holders &= ~bit;
                    _changes[_holders]++;
                    break;
                case EventKind.LineChanged:
                    Check(_asserted == (happened.A == 0), "a line changed to what it was");
                    _asserted = happened.A != 0;
                    Check(_asserted == (_holders != 0), $"the line is {_asserted}, and its holders are {_holders}");
                    break;
            }
        }

        private void Check(bool holds, string wrong) => Wrong ??= holds ? null : wrong;
    }

    [Fact]
    public void A_line_whose_chips_are_the_kernels_is_driven_there_as_the_or_of_its_sources()
    {
        var kernel = new FakeKernel { Limits = new() { OwnsIoApic = true, Routes = 64 } };
        var host = new FabricHost(
            new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions { Kernel = kernel.Limits } }), PortsOf.One(kernel));
        using HostSource disk = host.Connect(9, "disk"), net = host.Connect(9, "net");
        disk.Raise();
        net.Raise();
        disk.Lower();
        net.Lower();
        net.Pulse();
        Assert.Equal(["line 9 high", "line 9 low", "line 9 high", "line 9 low"], kernel.Take());
    }
}
