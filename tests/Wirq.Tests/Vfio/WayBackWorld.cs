using Wirq.HostIrq;
using Wirq.Vfio;
using static Wirq.Tests.Vfio.VfioWorld;

namespace Wirq.Tests.Vfio;

/// <summary>A device whose interrupt takes some accesses to serve, and the process that forwards it.</summary>
internal sealed class WayBackWorld
{
    private readonly VfioWorld _world;

    internal WayBackWorld(VfioDeviceOptions device, WayBack way, HostFlow flow = HostFlow.FastEoi)
    {
        _world = new VfioWorld(device, flow);
        Assert.Equal(0, _world.Set(Intx, Trigger | Fd, fds: [E]));
        Process = new VfioWayBack(_world.Host, 0, way);
    }

    internal VfioHost Host => _world.Host;

    internal VfioWayBack Process { get; }

    /// <summary>How often the host was entered.</summary>
    internal int Entries => _world.Entries;

    /// <summary>The device asserts; its driver makes <paramref name="accesses"/> accesses, the last of which lowers it, and
    /// ends its interrupt.</summary>
    internal void Interrupt(int accesses)
    {
        _world.Level(true);
        Events();
        Assert.True(Process.IsAsserted);
        for (int left = accesses; left > 0; left--)
        {
            if (left == 1)
                _world.Level(false);
            Process.Accessed();
            Events();
        }
        Process.Acknowledged();
        Events();
        Assert.False(Process.IsAsserted);
        Assert.False(Host.IsMasked(0) || Host.IsWaiting(0));
    }

    /// <summary>Accesses of a driver that serves no interrupt.</summary>
    internal void Access(int times)
    {
        for (int i = 0; i < times; i++)
        {
            Process.Accessed();
            Events();
        }
    }

    internal void Advance(long now)
    {
        Host.Advance(now);
        Process.Advance(now);
        Events();
    }

    /// <summary>The process reads its eventfd.</summary>
    private void Events()
    {
        if (_world.Read(E) > 0)
            Process.Signalled();
    }
}
