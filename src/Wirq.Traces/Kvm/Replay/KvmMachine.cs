using Wirq.Events;
using Wirq.Host;
using Wirq.State;

namespace Wirq.Traces.Kvm.Replay;

/// <summary>An accept line that the chips predict.</summary>
/// <param name="Cpu">The number of the vCPU in the machine.</param>
/// <param name="Vector">The vector.</param>
/// <param name="Mode">The delivery mode.</param>
/// <param name="Level">Whether it is level-triggered.</param>
/// <param name="Known">Whether what it follows from is known.</param>
/// <param name="Pin">The pin that sent it; negative for none.</param>
internal readonly record struct PredictedAccept(int Cpu, int Vector, DeliveryMode Mode, bool Level, bool Known, int Pin);

/// <summary>KVM's chips of one VM, and what they did in the last step.</summary>
/// <remarks>Each of the two chips has its own lines: KVM drives them one after another, each under its own lock.</remarks>
internal sealed class KvmMachine
{
    internal const int PicLines = GsiMap.IsaIrqs, Pins = 24;

    private readonly Source?[] _pic = new Source[PicLines];
    private readonly Source[] _pins = new Source[Pins];
    private readonly List<int> _addressed = [];

    internal KvmMachine(IReadOnlyList<uint> ids, bool isSplit)
    {
        Options = new()
        {
            LocalApics = new() { Count = ids.Count, Ids = ids, Profile = Profile.Kvm, ExternalTimers = true },
            IoApics = isSplit ? [] : [new() { Profile = Profile.Kvm, Pins = Pins, GsiBase = PicLines, Version = 0x11, Ack = AckPolicy.Eoi, StormLimit = 0 }],
            Pic = isSplit ? null : new() { Profile = Profile.Kvm, Ack = AckPolicy.Eoi },
            IsaOverrides = new Dictionary<int, int>(),
            IntrAtPinZero = false,
            Sources = PicLines + Pins,
        };
        Arena = new StateArena();
        Fabric = new Fabric(Options, Arena);
        Fabric.Events.Observing = true;
        if (isSplit)
            return;
        for (int irq = 0; irq < PicLines; irq++)
            _pic[irq] = irq == Pic8259.Cascade ? null : Fabric.Connect(irq, $"8259 IRQ {irq}");
        for (int pin = 0; pin < Pins; pin++)
            _pins[pin] = Fabric.Connect(PicLines + pin, $"I/OAPIC pin {pin}");
        Drain();
    }

    internal FabricOptions Options { get; }
    internal StateArena Arena { get; }
    internal Fabric Fabric { get; }
    internal LocalApics Apics => Fabric.LocalApics!;
    internal PicPair Pic => Fabric.Pic!;
    internal IoApic IoApic => Fabric.IoApics[0];
    internal bool IsSplit => Fabric.Pic is null;

    /// <summary>Receives every event; laws and recordings do.</summary>
    internal Action<Event>? Observed { get; set; }

    /// <summary>What pins sent since the last <see cref="Begin"/>.</summary>
    internal List<PredictedAccept> Accepts { get; } = [];
    /// <summary>An EOI reached the I/OAPIC.</summary>
    internal bool Heard { get; private set; }
    /// <summary>How a pin's message was answered; null if none was sent.</summary>
    internal RefusalReason? Answer { get; private set; }

    /// <summary>Whether what a message's addressees follow from is known.</summary>
    internal Func<InterruptMessage, bool> AreAddresseesKnown { get; set; } = static _ => true;

    /// <summary>Whether all that decides if a pin sends is known.</summary>
    internal Func<int, bool> IsPinKnown { get; set; } = static _ => true;

    /// <summary>A step begins.</summary>
    internal void Begin(long time)
    {
        Fabric.Events.Now = Math.Max(Fabric.Now, time);
        Accepts.Clear();
        (Heard, Answer) = (false, null);
    }

    /// <summary>Drives an input of the 8259 pair; KVM's has no input 2.</summary>
    internal void DrivePic(int irq, bool high) => Drive(_pic[irq], high);

    internal void DrivePin(int pin, bool high) => Drive(_pins[pin], high);

    private void Drive(Source? source, bool high)
    {
        if (source is null)
            return;
        // A pin that is driven to the level that it has: a level entry is evaluated once more.
        if (source.IsAsserted == high)
            Fabric.DrivePins(source.Gsi, high);
        else
            source.Set(high);
        Drain();
    }

    /// <summary>Sets the level of a wire without an effect: it was so before the log began.</summary>
    internal void SetPinLevel(int pin, bool high)
    {
        if (_pins[pin].IsAsserted == high)
            return;
        IoApicPin before = IoApic.PinState(pin);
        // A masked pin does nothing with its level.
        IoApic.SetPinState(pin, before with { Entry = before.Entry.WithMask(true) });
        _pins[pin].Set(high);
        Drain();
        IoApicPin after = IoApic.PinState(pin);
        after.Entry = before.Entry;
        IoApic.SetPinState(pin, after);
    }

    /// <summary>Carries out all effects.</summary>
    internal void Drain()
    {
        while (Fabric.Carrier.TryPeek(out Event next))
        {
            Note(next);
            Observed?.Invoke(next);
            if (Fabric.Carrier.Begin(out _))
            {
                // There is no host behind the chips of a replay: the log has the results.
                while (Fabric.Carrier.Complete(HostAnswer.Nobody, out _)) { }
            }
        }
    }

    /// <summary>All effects of one step are done.</summary>
    internal void Rest() => Observed?.Invoke(new Event(EventKind.Rest) { Time = Fabric.Now });

    private void Note(in Event next)
    {
        switch (next.Kind)
        {
            case EventKind.Deliver:
                // KVM checks neither mode nor format of an entry's message.
                next.Msi.TryDecode(Options.Format, out InterruptMessage message);
                Predict(message, next.Pin, IsPinKnown(next.Pin));
                break;
            case EventKind.EoiBroadcast:
                Heard = true;
                break;
            case EventKind.PinAccepted or EventKind.PinRefused:
                Answer = PinAnswered.Of(next).Reason;
                break;
        }
    }

    /// <summary>KVM prints an accept line for each addressee, before it checks whether its local APIC is enabled.</summary>
    /// <param name="message">The message.</param>
    /// <param name="pin">The pin that sends it; negative for none.</param>
    /// <param name="known">Whether it is known that it is sent.</param>
    /// <param name="sender">The vCPU of an IPI; negative for none.</param>
    internal void Predict(InterruptMessage message, int pin, bool known, int sender = -1)
    {
        _addressed.Clear();
        known &= AreAddresseesKnown(message);
        Apics.Foresee(message, _addressed, sender);
        foreach (int cpu in _addressed)
            Accepts.Add(new(cpu, message.Vector, message.Mode, message.Level, known, pin));
    }

    internal void CopyFrom(KvmMachine other) => Fabric.CopyFrom(other.Fabric);
}
