using Wirq.Events;
using Wirq.Host;
using Wirq.Tests.Shared;

namespace Wirq.Tests;

public class AllocationTests
{
    private const ulong ApicPage = 0xFEE00000;
    private const int Rounds = 10_000;

    [Fact]
    public void A_message_from_IRR_to_EOI_allocates_nothing()
    {
        Fabric fabric = Ready();
        Msi message = Msi.Encode(InterruptMessage.Create(0x41, DeliveryMode.Fixed, destination: 0));
        AssertNothingAllocated(0x41, () =>
        {
            fabric.Send(message);
            fabric.Drain();
            _taken = fabric.Take(0);
            fabric.TryWrite(0, ApicPage + 0xB0, 4, 0);
            fabric.Drain();
        });
    }

    [Fact]
    public void A_level_line_from_up_to_down_allocates_nothing()
    {
        Fabric fabric = Ready();
        fabric.IoApics[0].WriteEntry(21, RedirectionEntry.Create(0x51, 0, level: true), fabric.Events);
        fabric.Drain();
        using Source source = fabric.Connect(21, "device");
        AssertNothingAllocated(0x51, () =>
        {
            source.Raise();
            fabric.Drain();
            _taken = fabric.Take(0);
            source.Lower();
            fabric.TryWrite(0, ApicPage + 0xB0, 4, 0);
            fabric.Drain();
        });
    }

    [Fact]
    public void With_nobody_observing_no_observation_is_made()
    {
        Fabric fabric = Ready();
        using Source source = fabric.Connect(21, "device");
        fabric.IoApics[0].WriteEntry(21, RedirectionEntry.Create(0x51, 0, level: true), fabric.Events);
        source.Raise();
        while (fabric.Carrier.TryPeek(out Event next))
        {
            Assert.True(next.IsEffect, $"{next} is no effect");
            if (fabric.Carrier.Begin(out _))
                fabric.Carrier.Complete(HostAnswer.Nobody, out _);
        }
    }

    private static Fabric Ready()
    {
        var fabric = new Fabric(FabricOptions.Pc());
        fabric.TryWrite(0, ApicPage + 0xF0, 4, 0x1FF);
        fabric.Drain();
        return fabric;
    }

    // An assertion inside the path would allocate.
    private int _taken;

    private void AssertNothingAllocated(int vector, Action path)
    {
        long allocated = Allocations.Of(Rounds, path);
        Assert.Equal(vector, _taken);
        Assert.Equal(0, allocated);
    }
}
