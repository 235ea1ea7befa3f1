using Wirq.Board.Bus;
using Wirq.Board.Mailbox;
using Wirq.Lab.Scenarios;
using Wirq.Linux;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Mailbox;

/// <summary>A mailbox guest, and the chips and devices that it can access.</summary>
internal sealed class Bench : IDisposable
{
    /// <summary>The address of a device that records accesses.</summary>
    internal const ulong Device = 0xE0000000;
    internal const ushort Port = 0x510;

    private readonly MailboxHost _host;

    private Bench(KvmSystem system, MailboxMode mode, int cpus, TimeSpan? patience)
    {
        Mode = mode;
        _host = new MailboxHost(system, PatientProbes.Report.Workarounds);
        Fabric = new Fabric(FabricOptions.Pc(cpus));
        Bus = new MailboxBus(Fabric);
        var devices = new DeviceBus();
        devices.MapMemory(Device, 0x1000, Noted);
        devices.MapMemory(HighDevice, 0x1000, Noted);
        devices.MapPorts(Port, 4, Noted);
        ulong address = mode == MailboxMode.Long ? MailboxLayout.LongBases[0] : MailboxLayout.RealBase;
        Guest = new MailboxGuest(_host, mode, address, cpus, Bus, devices, patience);
    }

    /// <summary>The same, above 4 GiB.</summary>
    internal const ulong HighDevice = 0x12_3456_7000;

    internal MailboxMode Mode { get; }
    internal Fabric Fabric { get; }
    internal MailboxBus Bus { get; }
    internal MailboxGuest Guest { get; }
    internal NotingDevice Noted { get; } = new();

    /// <summary>Runs a test with a guest, or skips.</summary>
    internal static void Run(MailboxMode mode, Action<Bench> test, int cpus = 1, TimeSpan? patience = null) => KvmHost.Run(_ =>
    {
        using var bench = new Bench(KvmSystem.Open(), mode, cpus, patience);
        test(bench);
    });

    /// <summary>Runs a test with the CPUs of a world, or skips.</summary>
    internal static void RunCpus(MachineSpec machine, Action<Fabric, MailboxCpus> test, MailboxMode mode = MailboxMode.Long) => KvmHost.Run(_ =>
    {
        using var host = new MailboxHost(KvmSystem.Open(), PatientProbes.Report.Workarounds);
        var fabric = new Fabric(machine.Fabric);
        using MailboxCpus cpus = host.CreateCpus(fabric, machine, mode);
        test(fabric, cpus);
    });

    internal MailboxAnswer Do(MailboxOperation operation, ulong address = 0, ulong value = 0) =>
        Guest.Do(0, new MailboxOrder(operation, address, value));

    /// <summary>Enables a local APIC.</summary>
    internal void Enable(int cpu = 0) => Fabric.TryWrite(cpu, 0xFEE000F0, 4, 0x1FF);

    /// <summary>Sends a CPU a vector and lets it take what it has.</summary>
    internal TakenInterrupt Interrupt(byte vector, int cpu = 0)
    {
        Fabric.Send(new Msi(MsiAddress.For((byte)cpu), MsiData.For(vector)));
        Fabric.Drain();
        Bus.Offer(cpu, inta: false);
        return Guest.Take(cpu);
    }

    public void Dispose()
    {
        Guest.Dispose();
        _host.Dispose();
    }
}

/// <summary>Records accesses, and reads as a pattern.</summary>
internal sealed class NotingDevice : IPortDevice, IMemoryDevice
{
    internal const ulong Pattern = 0x8877_6655_4433_2211;

    internal List<string> Notes { get; } = [];

    public uint ReadPort(ushort port, int size)
    {
        Notes.Add($"in {port:x} {size}");
        return (uint)(Pattern & uint.MaxValue);
    }

    public void WritePort(ushort port, int size, uint value) => Notes.Add($"out {port:x} {size} {value:x}");

    public ulong ReadMemory(ulong offset, int size)
    {
        Notes.Add($"read {offset:x} {size}");
        return Pattern;
    }

    public void WriteMemory(ulong offset, int size, ulong value) => Notes.Add($"write {offset:x} {size} {value:x}");
}
