using System.Globalization;
using Wirq.Events;
using Wirq.State;

namespace Wirq.Tests.Pic;

/// <summary>A pair of 8259s with methods to drive it. Vectors: master 0x20, slave 0x28.</summary>
internal sealed class PicBench
{
    internal const int MasterBase = 0x20, SlaveBase = 0x28;
    internal const int Spurious = 1, Level = 2, ByPoll = 4;

    internal PicBench(Profile profile = Profile.Manual, AckPolicy ack = AckPolicy.Done)
    {
        Pair = new PicPair(new PicOptions { Profile = profile, Ack = ack }, Arena);
        Events.Observing = true;
    }

    internal StateArena Arena { get; } = new();
    internal EventBuffer Events { get; } = new();
    internal PicPair Pair { get; }
    internal PinWork Work { get; private set; }

    internal static PicBench Ready(Profile profile = Profile.Manual, AckPolicy ack = AckPolicy.Done,
        Icw4? masterModes = null, Icw4? slaveModes = null)
    {
        var bench = new PicBench(profile, ack);
        bench.Program(masterModes, slaveModes);
        return bench;
    }

    /// <summary>Initialises both chips as a PC does; all unmasked.</summary>
    internal PicBench Program(Icw4? masterModes = null, Icw4? slaveModes = null)
    {
        Out(0x20, Icw1.Create().Bits);
        Out(0x21, MasterBase);
        Out(0x21, 0x04);
        Out(0x21, (masterModes ?? Icw4.Create()).Bits);
        Out(0xA0, Icw1.Create().Bits);
        Out(0xA1, SlaveBase);
        Out(0xA1, 0x02);
        Out(0xA1, (slaveModes ?? Icw4.Create()).Bits);
        Events.Clear();
        return this;
    }

    internal void Out(ushort port, int value)
    {
        Work = Pair.Write(port, (byte)value, Events);
        Pair.Update(Events);
    }

    internal byte In(ushort port)
    {
        byte value = Pair.Read(port, Events, out PinWork work);
        Work = work;
        Pair.Update(Events);
        return value;
    }

    internal int Take()
    {
        byte vector = Pair.Take(Events, out PinWork work);
        Work = work;
        Pair.Update(Events);
        return vector;
    }

    /// <summary>Takes and returns the IRQ that the vector belongs to.</summary>
    internal int TakeIrq() => Take() - MasterBase;

    internal void Raise(int irq) => Pair.SetPin(irq, true, Events);
    internal void Lower(int irq) => Pair.SetPin(irq, false, Events);

    internal void Mask(int mask)
    {
        Out(0x21, mask);
        PinWork master = Work;
        Out(0xA1, mask >> 8);
        Work = new() { Acked = master.Acked | Work.Acked, Resampled = master.Resampled | Work.Resampled };
    }

    internal void Levels(int irqs)
    {
        Out(0x4D0, irqs);
        Out(0x4D1, irqs >> 8);
    }

    /// <summary>A command to the chip that has the IRQ.</summary>
    internal void Command(Ocw2Command command, int irq) =>
        Out(irq < 8 ? (ushort)0x20 : (ushort)0xA0, Ocw2.Create(command, irq & 7).Bits);

    internal void Eoi(int irq) => Command(Ocw2Command.SpecificEoi, irq);

    internal byte Poll(ushort port)
    {
        Out(port, Ocw3.NextReadPolls.Bits);
        return In(port);
    }

    internal byte InService(ushort port)
    {
        Out(port, Ocw3.ReadInService.Bits);
        return In(port);
    }

    internal byte Requests(ushort port)
    {
        Out(port, Ocw3.ReadRequests.Bits);
        return In(port);
    }

    internal List<int> Acked => Pins(Work.Acked);
    internal List<int> Resampled => Pins(Work.Resampled);

    internal static List<int> Pins(PinSet set)
    {
        var pins = new List<int>();
        for (int pin; (pin = PinSet.Next(ref set)) >= 0;)
            pins.Add(pin);
        return pins;
    }

    /// <summary>The events since the last call, as "kind irq a b".</summary>
    internal List<string> Told()
    {
        var told = new List<string>();
        while (Events.TryTake(out Event e))
            told.Add(string.Create(CultureInfo.InvariantCulture, $"{e.Kind} {e.Index} {e.A:x} {e.B:x}"));
        return told;
    }
}
