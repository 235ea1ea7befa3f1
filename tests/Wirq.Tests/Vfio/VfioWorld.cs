using System.Buffers.Binary;
using Wirq.Events;
using Wirq.HostIrq;
using Wirq.Vfio;

namespace Wirq.Tests.Vfio;

/// <summary>Eventfds that count.</summary>
internal sealed class CountingEventFds : IVfioEventFds
{
    internal Dictionary<int, ulong> Counts { get; } = [];

    public bool Exists(int fd) => Counts.ContainsKey(fd);

    public bool IsReadable(int fd) => Counts.GetValueOrDefault(fd) != 0;

    public void Drain(int fd) => Counts[fd] = 0;
}

/// <summary>A host with devices, whose effects are carried out until none is left.</summary>
internal sealed class VfioWorld
{
    internal const uint Intx = 0, MsiIrq = 1, MsixIrq = 2, Err = 3, Req = 4;
    internal const VfioIrqSetBits None = VfioIrqSetBits.DataNone, Bool = VfioIrqSetBits.DataBool, Fd = VfioIrqSetBits.DataEventFd,
        Mask = VfioIrqSetBits.ActionMask, Unmask = VfioIrqSetBits.ActionUnmask, Trigger = VfioIrqSetBits.ActionTrigger;

    /// <summary>Eventfds that exist from the start.</summary>
    internal const int E = 10, F = 11, U = 12, V = 13;

    private const int MostSteps = 10_000;

    internal VfioWorld(VfioOptions options)
    {
        foreach (int fd in new[] { E, F, U, V })
            Fds.Counts[fd] = 0;
        Host = new VfioHost(options, Fds);
    }

    internal VfioWorld(VfioDeviceOptions device, HostFlow flow = HostFlow.FastEoi, IrqChipOptions? chip = null)
        : this(new VfioOptions { Irqs = new() { Lines = [new() { Flow = flow, IsLevel = flow != HostFlow.Edge, Chip = chip ?? new() }] }, Devices = [device] })
    {
    }

    /// <summary>A PCI 2.3 device with messages.</summary>
    internal static VfioDeviceOptions Pci23 { get; } = new() { Name = "nic", MsiVectors = 4, MsixVectors = 8 };

    /// <summary>A device without DisINTx.</summary>
    internal static VfioDeviceOptions Legacy { get; } = new() { Name = "old", HasIntxDisable = false };

    internal static VfioDeviceOptions Platform { get; } = new() { Name = "uart", Bus = VfioBus.Platform };

    internal static VfioDeviceOptions Oneshot { get; } = new() { Name = "touch", Bus = VfioBus.Platform, Compatible = "elan,ekth3000" };

    /// <summary>One of the devices above, by the name that theories have for it.</summary>
    internal static VfioDeviceOptions Named(string device) => device switch
    {
        "pci23" => Pci23,
        "legacy" => Legacy,
        "platform" => Platform,
        "oneshot" => Oneshot,
        _ => throw new ArgumentOutOfRangeException(nameof(device), device, "no device of this name"),
    };

    internal CountingEventFds Fds { get; } = new();

    internal VfioHost Host { get; }

    /// <summary>How often the host was entered.</summary>
    internal int Entries { get; private set; }

    /// <summary>What was observed and carried out, if somebody wants it.</summary>
    internal List<Event>? Seen { get; set; }

    /// <summary>Calls, and lets everything happen.</summary>
    internal int Set(uint index, VfioIrqSetBits flags, uint start = 0, uint count = 1, int device = 0, int[]? fds = null, byte[]? bools = null, uint? argsz = null)
    {
        byte[] data = bools ?? new byte[(fds?.Length ?? 0) * 4];
        for (int i = 0; i < fds?.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(i * 4), fds[i]);
        int answer = Host.SetIrqs(device, new(argsz ?? (uint)(VfioIrqSet.Size + data.Length), flags, index, start, count), data);
        Settle();
        return answer;
    }

    internal void Level(bool high, int device = 0)
    {
        Host.SetLevel(device, high);
        Settle();
    }

    internal void Write(int fd, ulong count = 1)
    {
        Fds.Counts[fd] += count;
        Host.EventFdWritten(fd);
        Settle();
    }

    /// <summary>Takes what an eventfd holds.</summary>
    internal ulong Read(int fd)
    {
        Settle();
        ulong count = Fds.Counts[fd];
        Fds.Counts[fd] = 0;
        return count;
    }

    /// <summary>Carries out effects, and delivers what pins want, until nothing is left.</summary>
    internal void Settle()
    {
        for (int step = 0; step < MostSteps; step++)
        {
            if (Host.Events.TryTake(out Event e))
            {
                Take(e);
                continue;
            }
            int line = Host.Irqs.NextWanting();
            if (line < 0)
                return;
            Entries++;
            Host.Irqs.Deliver(line);
        }
        Assert.Fail("the host never comes to rest");
    }

    internal void Take(in Event e)
    {
        Seen?.Add(e);
        if (e.Kind == EventKind.VfioSignalled)
            Fds.Counts[VfioSignalled.Of(e).EventFd]++;
        else if (e.IsEffect && !Host.Carry(e))
            Assert.Fail($"{e} is nobody's");
    }
}
