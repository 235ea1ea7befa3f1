using Wirq.Events;
using Wirq.Host;
using Wirq.HostIrq;

namespace Wirq.Tests.HostIrq;

/// <summary>A guest kernel above a machine's I/OAPIC: calls of its chip are writes of a redirection entry, and its EOI is that of a
/// local APIC. A run is told in words.</summary>
internal sealed class ThreadedGuest : IAckPort, IEventObserver
{
    private const int Pin = 21;
    private const byte Vector = 0x51;
    private const ulong ApicPage = ApicBase.DefaultPage, IoApicPage = IoApicOptions.DefaultAddress;

    private readonly Fabric _machine;
    private readonly FabricPorts _ports;
    private readonly Source _device;
    private readonly HostIrqs _kernel;
    private readonly List<string> _words = [];
    private readonly int _action;
    private bool _threadWaits;
    private RedirectionEntry _entry = RedirectionEntry.Create(Vector, 0, level: true);

    /// <summary>Boots it: the pin is programmed, and its driver has its line.</summary>
    /// <param name="threaded">Whether all its handlers are threaded (<c>threadirqs</c>).</param>
    /// <param name="ack">When the machine acknowledges a line.</param>
    internal ThreadedGuest(bool threaded, AckPolicy ack = AckPolicy.Done)
    {
        _machine = new Fabric(FabricOptions.Pc() with { IoApics = [new() { Ack = ack }] });
        _ports = new FabricPorts { Acks = this, Observer = this };
        _machine.Events.Observing = true;
        _machine.TryWrite(0, ApicPage + (uint)ApicRegister.SpuriousVector, 4, 0x1FF);
        _device = _machine.Connect(Pin, "device", SourceKind.Wired);
        _kernel = new HostIrqs(new HostIrqOptions());
        // The kernel's own primary handler wakes the thread, so the line must be ONESHOT.
        HostRequest request = threaded ? new(HostRequestBits.Oneshot, HasHandler: false, HasThread: true) : new();
        Assert.Equal(LinuxError.None, _kernel.Request(0, request, out _action));
        WriteEntry(_entry.High, high: true);
        Run();
        _words.Clear();
        EntryWrites = 0;
    }

    /// <summary>Writes of the entry since the guest has booted.</summary>
    internal int EntryWrites { get; private set; }

    /// <summary>The device interrupts, and is served.</summary>
    /// <returns>What happened, in its order.</returns>
    internal string Interrupt()
    {
        _words.Clear();
        _device.Raise();
        Run();
        Assert.Equal(Vector, _machine.Take(0));
        Assert.True(_kernel.Interrupt(0, 0));
        Run();
        Assert.False(_machine.HasInterrupt(0));
        return string.Join(", ", _words);
    }

    private void Run()
    {
        _machine.Drain(_ports);
        while (_kernel.Events.TryTake(out Event e))
        {
            switch (e.Kind)
            {
                case EventKind.HostChipCall:
                    Call(HostChipCall.Of(e).Call);
                    break;
                case EventKind.HostHardHandler:
                    Serve();
                    _kernel.Answer(0, _action, HandlerAnswer.Handled);
                    break;
                case EventKind.HostThreadWoken:
                    // The flow ends before a thread gets the CPU.
                    _threadWaits = true;
                    break;
            }
            _machine.Drain(_ports);
        }
        if (!_threadWaits)
            return;
        _threadWaits = false;
        _kernel.ThreadStarted(0, _action);
        Serve();
        _kernel.ThreadEnded(0, _action);
        Run();
    }

    /// <summary>The driver serves its device, which lowers its line.</summary>
    private void Serve()
    {
        _device.Lower();
        _machine.Drain(_ports);
    }

    private void Call(ChipCall call)
    {
        switch (call)
        {
            case ChipCall.Mask or ChipCall.Unmask:
                _entry = _entry.WithMask(call == ChipCall.Mask);
                WriteEntry(_entry.Low, high: false);
                break;
            case ChipCall.Eoi:
                _words.Add("EOI");
                _machine.TryWrite(0, ApicPage + (uint)ApicRegister.Eoi, 4, 0);
                break;
            default:
                Assert.Fail($"{call} at an I/OAPIC");
                break;
        }
    }

    private void WriteEntry(uint value, bool high)
    {
        EntryWrites++;
        _machine.TryWrite(0, IoApicPage + IoApic.SelectOffset, 4, IoApic.EntryIndex(Pin) + (high ? 1u : 0));
        _machine.TryWrite(0, IoApicPage + IoApic.WindowOffset, 4, value);
    }

    public void Acknowledged(int source, uint generation) => _words.Add("ack");

    public void Observe(in Event happened)
    {
        string? word = happened.Kind switch
        {
            EventKind.SourceRaised => "rises",
            EventKind.SourceLowered => "falls",
            EventKind.RemoteIrrSet => "delivered",
            EventKind.RemoteIrrCleared => "Remote IRR clears",
            EventKind.EntryWritten when EntryWritten.Of(happened) is var its && its.Entry.Masked != its.OldEntry.Masked => its.Entry.Masked ? "masked" : "unmasked",
            _ => null,
        };
        if (word is not null)
            _words.Add(word);
    }
}
