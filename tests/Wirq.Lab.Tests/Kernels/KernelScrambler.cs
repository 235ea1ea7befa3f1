using Wirq.Lab.Kernels;
using Wirq.Routing;

namespace Wirq.Lab.Tests.Kernels;

/// <summary>Drives a host at random, hostile numbers among them.</summary>
internal sealed class KernelScrambler(Host host, int seed)
{
    private static readonly int[] HostileNumbers = [-1, int.MinValue, int.MaxValue, 4096, 64, 63, 24, 23, 0, 1 << 16];
    private readonly Random _random = new(seed);

    internal Host Host => host;

    /// <summary>One call.</summary>
    /// <returns>What came of it, to be compared with a twin's.</returns>
    internal long Step()
    {
        SimulatedKernel kernel = host.Machines[_random.Next(host.Machines.Length)];
        try
        {
            return Call(kernel, _random.Next(22));
        }
        catch (KernelException refused)
        {
            return -1000 - refused.Errno;
        }
    }

    private long Call(SimulatedKernel kernel, int what)
    {
        bool full = kernel.Options.Kind == KernelKind.Full;
        switch (what)
        {
            case 0: return host.EventFds.Create(_random.Next(-1, 4), _random.Next(4) == 0).Number;
            case 1 when _random.Next(4) == 0: host.EventFds.Close(Fd()); return 0;
            case 2 when _random.Next(4) == 0: return host.EventFds.Duplicate(Fd()).Number;
            case 3 or 4 or 5: host.EventFds.WriteByDevice(Fd(), Amount()); return 0;
            case 6: return host.EventFds.TryRead(Fd(), out ulong value) ? (long)value : 0;
            case 7: kernel.Watch(Fd(), _random.Next()); return 0;
            case 8: kernel.Unwatch(Fd()); return 0;
            case 9: return host.EventFds.TryTakeReadable(out int token) ? token : -2;
            case 10 or 11: kernel.Bind(Gsi(), Fd(), full && _random.Next(2) == 0 ? Fd() : EventFd.None); return 0;
            case 12: kernel.Unbind(Gsi(), Fd()); return 0;
            case 13: return Commit(kernel, full);
            case 14: return kernel.SignalMsi(Message()) ? 1 : 0;
            case 15: kernel.SetIrqLine(Gsi(), _random.Next(2) == 0); return 0;
            case 16: kernel.RaiseExtInt(_random.Next(-1, 4), (byte)_random.Next(256)); return 0;
            case 17: return kernel.RunPendingWork() ? 1 : 0;
            case 18: return kernel.Take(Cpu());
            case 19: kernel.Eoi(Cpu()); return kernel.TryTakeExit(out _, out byte vector) ? vector : -3;
            case 20 when full: kernel.WriteIoApicEntry(_random.Next(24), Entry()); return 0;
            case 20: return kernel.Signal(new InterruptMessage((ulong)_random.NextInt64())) ? 1 : 0;
            case 21 when full && _random.Next(2) == 0: kernel.WritePic((ushort)(0x20 + _random.Next(2)), (byte)_random.Next(256)); return 0;
            case 21 when full: kernel.SetIoApicEntry(_random.Next(24), Entry()); return 0;
            case 21: kernel.WriteApic(Cpu(), ApicRegister.SpuriousVector, _random.Next(8) == 0 ? 0xFFu : 0x11FF); return 0;
            default: return kernel.PendingWork;
        }
    }

    private int Cpu() => _random.Next(host.Options.Cpus);

    private EventFd Fd() => new(_random.Next(40) == 0 ? HostileNumbers[_random.Next(HostileNumbers.Length)] : _random.Next(8));

    private int Gsi() => _random.Next(10) == 0 ? HostileNumbers[_random.Next(HostileNumbers.Length)] : _random.Next(32);

    private ulong Amount() => _random.Next(20) switch
    {
        0 => ulong.MaxValue,
        1 => ulong.MaxValue - 1,
        2 => 0,
        _ => (ulong)_random.Next(1, 4),
    };

    private Msi Message() => _random.Next(5) == 0
        ? new Msi((ulong)_random.NextInt64(), (uint)_random.Next())
        : new Msi(MsiAddress.For((uint)Cpu()), MsiData.For((byte)(0x30 + _random.Next(8)), level: _random.Next(2) == 0));

    private RedirectionEntry Entry() => _random.Next(5) == 0
        ? new RedirectionEntry((ulong)_random.NextInt64())
        : RedirectionEntry.Create((byte)(0x30 + _random.Next(8)), (uint)Cpu(), level: _random.Next(2) == 0, masked: _random.Next(3) == 0);

    private long Commit(SimulatedKernel kernel, bool full)
    {
        var rows = new SimulatedRoute[_random.Next(20) == 0 ? kernel.Options.Routes + 1 : _random.Next(12)];
        for (int i = 0; i < rows.Length; i++)
        {
            int gsi = _random.Next(60) == 0 ? Gsi() : i;
            rows[i] = full && _random.Next(2) == 0
                ? SimulatedRoute.ToPin(gsi, (RouteTarget)_random.Next(1, _random.Next(8) == 0 ? 256 : 4), _random.Next(-1, 9))
                : SimulatedRoute.ToMessage(gsi, Message());
        }
        kernel.CommitTable(rows);
        return rows.Length;
    }
}
