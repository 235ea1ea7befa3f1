using Wirq.Events;
using Wirq.Host;
using Wirq.Routing;
using Wirq.Tests.Shared;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>A machine whose every event the engine hears, numbered from 1, one microsecond apart.</summary>
internal sealed class Watched : IEventObserver
{
    internal const ulong IoApicBase = 0xFEC00000, LocalApicBase = 0xFEE00000;

    internal Watched(FabricOptions? options = null, string? asked = null)
    {
        Options = options ?? FabricOptions.Pc();
        Fabric = new Fabric(Options);
        Fabric.Events.Observing = true;
        Engine = new WhyEngine(Options, asked is null ? null : WhyQuestion.Parse(asked, out _));
    }

    internal FabricOptions Options { get; }
    internal Fabric Fabric { get; }
    internal WhyEngine Engine { get; }

    /// <summary>Gets the events instead of the engine, and passes them on to it; null for the engine alone.</summary>
    internal IEventSink? Through { get; set; }

    /// <summary>A machine with its first CPU's local APIC enabled.</summary>
    internal static Watched Enabled(string? asked = null, int cpus = 1, Profile profile = Profile.Manual)
    {
        var machine = new Watched(FabricOptions.Pc(cpus, profile), asked);
        for (int cpu = 0; cpu < cpus; cpu++)
            machine.Apic(ApicRegister.SpuriousVector, 0x1FF, cpu);
        return machine;
    }

    public void Observe(in Event happened)
    {
        (Through ?? Engine).Observe(happened, 0);
    }

    internal void Settle() => Fabric.Drain(PortsOf.One(this) with { Kernel = Kernel });

    /// <summary>Who owns the local APICs, if it is not the machine.</summary>
    internal IKernelPort? Kernel { get; init; }

    internal void Apic(ApicRegister register, uint value, int cpu = 0)
    {
        Fabric.TryWrite(cpu, LocalApicBase + (uint)register, 4, value);
        Settle();
    }

    internal void Entry(int pin, RedirectionEntry entry)
    {
        Select(0x11 + 2 * (uint)pin, entry.High);
        Select(0x10 + 2 * (uint)pin, entry.Low);
    }

    private void Select(uint register, uint value)
    {
        Fabric.TryWrite(0, IoApicBase, 4, register);
        Fabric.TryWrite(0, IoApicBase + IoApic.WindowOffset, 4, value);
        Settle();
    }

    internal Source Connect(int gsi, SourceKind kind = SourceKind.Wired)
    {
        Source source = Fabric.Connect(gsi, $"device at {gsi}", kind);
        Settle();
        return source;
    }

    internal void Raise(Source source)
    {
        source.Raise();
        Settle();
    }

    internal void Lower(Source source)
    {
        source.Lower();
        Settle();
    }

    internal void Pulse(Source source)
    {
        Raise(source);
        Lower(source);
    }

    internal void Take(int cpu = 0)
    {
        Fabric.Take(cpu);
        Settle();
    }

    internal void Eoi(int cpu = 0) => Apic(ApicRegister.Eoi, 0, cpu);

    internal void Port(ushort port, byte value)
    {
        Fabric.TryWritePort(0, port, 1, value);
        Settle();
    }

    internal void InitialisePic(byte masterMask, byte slaveMask)
    {
        foreach ((ushort port, byte value) in new (ushort, byte)[]
            { (0x20, 0x11), (0x21, 0x20), (0x21, 0x04), (0x21, 0x01), (0xA0, 0x11), (0xA1, 0x28), (0xA1, 0x02), (0xA1, 0x01) })
            Port(port, value);
        Port(0x21, masterMask);
        Port(0xA1, slaveMask);
    }

    internal void Send(ulong address, uint data)
    {
        Fabric.Send(new Msi(address, data));
        Settle();
    }

    internal void Observe(EventKind kind, ushort unit = 0, uint index = 0, ulong a = 0, ulong b = 0) =>
        Observe(new Event(kind, unit, index, a, b));

    /// <summary>The last raise of what was asked about.</summary>
    internal RaiseAnswer Last() => Engine.Answer()![0].Raises[^1];

    internal static string Words(RaiseAnswer answer) => string.Join(" ", answer.Sentences);
}
