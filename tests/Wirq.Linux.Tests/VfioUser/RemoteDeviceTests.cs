using Wirq.Host;
using Wirq.Linux.VfioUser;
using Wirq.Routing;
using Wirq.Vfio;

namespace Wirq.Linux.Tests.VfioUser;

/// <summary>A function behind a socket interrupts a machine of this process by virqs.</summary>
public sealed class RemoteDeviceTests : IDisposable
{
    private const int Pin = 21;
    private const byte LineVector = 0x51, FirstVector = 0x41;

    private readonly ServedFunction _served = new();
    private readonly EpollLoop _poll;
    private readonly FabricHost _host;

    public RemoteDeviceTests()
    {
        FabricHost? host = null;
        _poll = new EpollLoop(token => Volatile.Read(ref host)!.EventArrived(token));
        _host = host = new FabricHost(new Fabric(FabricOptions.Pc() with { Routing = new RoutingOptions { Virqs = 8 } }), new FabricPorts { EventFds = _poll });
        _host.TryWrite(0, 0xFEE000F0, sizeof(uint), 0x1FF);
        _host.TryWrite(0, 0xFEC00000, sizeof(uint), 0x10 + Pin * 2);
        _host.TryWrite(0, 0xFEC00010, sizeof(uint), RedirectionEntry.Create(LineVector, 0, level: true).Low);
    }

    public void Dispose()
    {
        _poll.Dispose();
        _served.Dispose();
    }

    private int Take()
    {
        int vector = -1;
        Assert.True(SpinWait.SpinUntil(() => (vector = _host.Do(fabric => fabric.HasInterrupt(0) ? fabric.Take(0) : -1)) >= 0, TimeSpan.FromSeconds(30)), "no interrupt comes");
        return vector;
    }

    private void Eoi() => _host.TryWrite(0, 0xFEE000B0, sizeof(uint), 0);

    private bool HasInterrupt => _host.Do(fabric => fabric.HasInterrupt(0));

    [Fact]
    public void Its_line_is_taken_as_often_as_it_rises_and_again_where_it_was_not_served()
    {
        using var device = new RemoteDevice(_served.Connect());
        using Virq line = _host.RegisterOnLine("remote", Pin);
        device.AttachIntx(line);
        Assert.Throws<InvalidOperationException>(() => device.AttachIntx(line));
        for (int round = 0; round < 20; round++)
        {
            _served.Do(function => function.SetIntx(true));
            Assert.Equal(LineVector, Take());
            if (round % 4 == 0)
            {
                // The handler has not served it.
                Eoi();
                Assert.Equal(LineVector, Take());
            }
            _served.Do(function => function.SetIntx(false));
            Eoi();
            _served.Until((_, function) => !function.IsMasked, "unmasked");
            Assert.False(HasInterrupt);
        }
        InterruptCounts counts = _served.Function.Interrupts;
        Assert.Equal((20, 25, 5, 25, 5, 0), (counts.Raised, counts.Signalled, counts.SignalledAgain, counts.UnmaskEventFds, counts.EarlyUnmasks, counts.UnmaskMessages));
        device.Detach();
        Assert.Null(_served.Do((_, function) => function.Enabled));
        _served.Do(function => function.SetIntx(true));
        Assert.False(HasInterrupt);
    }

    [Fact]
    public void Its_messages_are_taken_by_their_vectors()
    {
        int before = ServedFunction.OpenDescriptors;
        using (var device = new RemoteDevice(_served.Connect()))
        {
            Virq[] virqs = [.. Enumerable.Range(0, 4).Select(i => _host.Register($"remote {i}", 0x18))];
            for (int i = 0; i < virqs.Length; i++)
                virqs[i].SetMessage(Msi.Encode(InterruptMessage.Create((byte)(FirstVector + i * 16), DeliveryMode.Fixed, 0)));
            device.AttachMessages(VfioIrqIndex.Msix, virqs);
            Assert.Equal(4, _served.Do((_, function) => function.ReadyVectors));
            foreach (int vector in new[] { 2, 0, 3, 3, 1 })
            {
                _served.Do(function => Assert.True(function.Send(vector)));
                Assert.Equal(FirstVector + vector * 16, Take());
                Eoi();
            }
            Array.ForEach(virqs, virq => virq.Mask());
            _served.Do(function => Assert.True(function.Send(1)));
            virqs[1].Unmask();
            Assert.Equal(FirstVector + 16, Take());
            Eoi();
            device.Detach();
            Array.ForEach(virqs, virq => virq.Dispose());
        }
        _served.Until((server, _) => !server.IsConnected, "the client has gone");
        ServedFunction.HasDescriptors(before);
    }

    [Fact]
    public void A_server_that_dies_leaves_virqs_that_can_be_detached()
    {
        using var device = new RemoteDevice(_served.Connect());
        using Virq line = _host.RegisterOnLine("remote", Pin);
        device.AttachIntx(line);
        _served.Do((server, _) =>
        {
            server.Disconnect();
            return 0;
        });
        Assert.Throws<VfioUserException>(() => device.Client.Read32(0, 0));
        device.Detach();
        Assert.False(HasInterrupt);
    }
}
