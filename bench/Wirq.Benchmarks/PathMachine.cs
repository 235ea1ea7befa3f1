using Wirq.Host;

namespace Wirq.Benchmarks;

/// <summary>A machine that is ready to take interrupts, and the measured paths. There is no recorder and there are no
/// laws.</summary>
public sealed class PathMachine
{
    private const ulong ApicPage = ApicBase.DefaultPage, IoApicPage = IoApicOptions.DefaultAddress;
    private const int Pin = 21;
    private const byte MessageVector = 0x41, LineVector = 0x51;

    private readonly Fabric _fabric;
    private readonly Source _source;
    private readonly Msi _message = Msi.Encode(InterruptMessage.Create(MessageVector, DeliveryMode.Fixed, destination: 0));

    /// <summary>Builds a PC with its local APICs enabled and one level pin programmed.</summary>
    /// <param name="cpus">The number of CPUs.</param>
    /// <param name="wakeUps">Whether the owner gets an effect to wake a CPU. If not, it checks for interrupts by
    /// itself.</param>
    public PathMachine(int cpus = 1, bool wakeUps = false)
    {
        _fabric = new Fabric(FabricOptions.Pc(cpus));
        _fabric.Events.WakeUps = wakeUps;
        for (int cpu = 0; cpu < cpus; cpu++)
            _fabric.TryWrite(cpu, ApicPage + (uint)ApicRegister.SpuriousVector, 4, 0x1FF);
        var entry = RedirectionEntry.Create(LineVector, destination: 0, level: true);
        WriteIndexed(IoApic.EntryIndex(Pin) + 1, entry.High);
        WriteIndexed(IoApic.EntryIndex(Pin), entry.Low);
        _fabric.Drain();
        _source = _fabric.Connect(Pin, "device", SourceKind.Wired);
    }

    /// <summary>The fabric.</summary>
    public Fabric Fabric => _fabric;

    /// <summary>The device on the level pin.</summary>
    internal Source Source => _source;

    /// <summary>The guest ends its interrupt. The queue is not drained.</summary>
    internal void Eoi() => _fabric.TryWrite(0, ApicPage + (uint)ApicRegister.Eoi, 4, 0);

    /// <summary>A message to IRR, acknowledge, EOI.</summary>
    public int Message()
    {
        _fabric.Send(_message);
        _fabric.Drain();
        int vector = _fabric.Take(0);
        _fabric.TryWrite(0, ApicPage + (uint)ApicRegister.Eoi, 4, 0);
        _fabric.Drain();
        return vector;
    }

    /// <summary>A level line: rise, I/OAPIC, local APIC, acknowledge, fall, EOI, broadcast.</summary>
    public int Line(FabricPorts? ports = null)
    {
        _source.Raise();
        _fabric.Drain(ports);
        int vector = _fabric.Take(0);
        _source.Lower();
        _fabric.TryWrite(0, ApicPage + (uint)ApicRegister.Eoi, 4, 0);
        _fabric.Drain(ports);
        return vector;
    }

    private void WriteIndexed(uint index, uint value)
    {
        _fabric.TryWrite(0, IoApicPage + IoApic.SelectOffset, 4, index);
        _fabric.TryWrite(0, IoApicPage + IoApic.WindowOffset, 4, value);
    }
}
