using System.Runtime.InteropServices;
using Wirq.Host;
using Wirq.Routing;

namespace Wirq.Linux.Tests.Updates;

/// <summary>What guest memory holds: the guest's account, which survives an update.</summary>
internal struct GuestAccount
{
    /// <summary>Interrupts of the disk that the guest took.</summary>
    public int Disk;
    /// <summary>Interrupts of the line that the guest took.</summary>
    public int Line;
    /// <summary>Whether the new side may go on; whether it is to end.</summary>
    public int GoOn, End;
}

/// <summary>A machine that can be handed over: a disk with a message, and a network card on a level line with a resample
/// eventfd. Its local APICs are the fabric's own; its guest takes interrupts when it is asked to.</summary>
internal sealed class HandedMachine : IDisposable
{
    internal const int MemoryBytes = 4096;
    internal const byte DiskVector = 0x41, LineVector = 0x51;
    internal const int LinePin = 21;

    private readonly EpollLoop _poll;
    private readonly Mapping _memory;

    internal HandedMachine(FileDescriptor memory, int cpus = 1)
    {
        _memory = Mapping.Shared(memory, MemoryBytes);
        FabricHost? host = null;
        _poll = new EpollLoop(token => Volatile.Read(ref host)!.EventArrived(token));
        Host = host = new FabricHost(new Fabric(FabricOptions.Pc(cpus) with { Routing = new RoutingOptions { Virqs = 8 } }),
            new FabricPorts { EventFds = _poll });
    }

    internal FabricHost Host { get; }

    internal ref GuestAccount Account => ref MemoryMarshal.AsRef<GuestAccount>(_memory.AsSpan());

    /// <summary>Its guest and devices set it up.</summary>
    internal void SetUp(EventFd disk, EventFd line, EventFd resample)
    {
        Host.TryWrite(0, 0xFEE000F0, sizeof(uint), 0x1FF);
        Virq virq = Host.Register("disk", 0x10, disk);
        virq.SetMessage(Msi.Encode(InterruptMessage.Create(DiskVector, DeliveryMode.Fixed, 0)));
        Host.RegisterOnLine("card", LinePin, VirqKind.Level, line, resample);
        var entry = RedirectionEntry.Create(LineVector, 0, level: true);
        Host.TryWrite(0, 0xFEC00000, sizeof(uint), 0x11 + LinePin * 2);
        Host.TryWrite(0, 0xFEC00010, sizeof(uint), entry.High);
        Host.TryWrite(0, 0xFEC00000, sizeof(uint), 0x10 + LinePin * 2);
        Host.TryWrite(0, 0xFEC00010, sizeof(uint), entry.Low);
    }

    /// <summary>The guest takes one interrupt, if one waits.</summary>
    /// <returns>Its vector; -1 for none.</returns>
    internal int Take()
    {
        int vector = Host.Do(fabric => fabric.HasInterrupt(0) ? fabric.Take(0) : -1);
        if (vector == DiskVector)
            Interlocked.Increment(ref Account.Disk);
        else if (vector == LineVector)
            Interlocked.Increment(ref Account.Line);
        return vector;
    }

    internal void Eoi() => Host.TryWrite(0, 0xFEE000B0, sizeof(uint), 0);

    public void Dispose()
    {
        _poll.Dispose();
        _memory.Dispose();
    }
}
