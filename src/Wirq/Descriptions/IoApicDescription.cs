using System.Text.Json;

namespace Wirq;

/// <summary>One pin of an I/OAPIC.</summary>
/// <param name="Pin">Its number.</param>
/// <param name="Gsi">Its line.</param>
/// <param name="Entry">Its redirection entry as a guest reads it, Remote IRR included.</param>
/// <param name="Level">Whether the entry is level-triggered in the chip's profile.</param>
/// <param name="High">Whether its wire is high.</param>
/// <param name="Asserted">Whether it is asserted, polarity applied.</param>
/// <param name="InFlight">Whether a level message was sent and has no answer yet.</param>
/// <param name="Refused">Whether its last level message was refused; it is tried again at its next entry write, rise or
/// EOI.</param>
/// <param name="AckOwed">Whether an acknowledge waits for its unmask.</param>
/// <param name="BrakedUntil">When the storm brake releases it, in ns of virtual time; null while it does not hold.</param>
public sealed record PinDescription(int Pin, int Gsi, RedirectionEntry Entry, bool Level, bool High, bool Asserted, bool InFlight, bool Refused,
    bool AckOwed, long? BrakedUntil)
{
    /// <summary>Whether there is nothing to tell: as after reset, with its wire low.</summary>
    internal bool IsIdle => Entry == RedirectionEntry.Reset && !High && !InFlight && !AckOwed;
}

/// <summary>An I/OAPIC.</summary>
/// <param name="Number">Its number in the machine.</param>
/// <param name="Address">Physical address of its registers.</param>
/// <param name="Id">Its APIC id.</param>
/// <param name="Version">Its version, 0x11 or 0x20.</param>
/// <param name="Selected">IOREGSEL.</param>
/// <param name="Pins">All its pins.</param>
public sealed record IoApicDescription(int Number, ulong Address, uint Id, byte Version, uint Selected, IReadOnlyList<PinDescription> Pins) : Description
{
    private protected override void WriteProperties(Utf8JsonWriter json)
    {
        json.WriteNumber("number", Number);
        json.WriteHex("address", Address);
        json.WriteNumber("id", Id);
        json.WriteHex("version", Version);
        json.WriteHex("selected", Selected);
        json.WriteEach("pins", Pins, Write);
    }

    private protected override void WriteTo(DescriptionText text)
    {
        text.Line(0, $"I/OAPIC {Number} at 0x{Address:x}: id {Id}, version 0x{Version:x2}, {Pins.Count} pins");
        text.Line(2, "pin  gsi vector mode     trigger destination   state");
        foreach (PinDescription pin in Pins.Where(pin => !pin.IsIdle))
            Write(text, pin);
        int idle = Pins.Count(pin => pin.IsIdle);
        if (idle > 0)
            text.Line(2, $"{Phrase.Count(idle, "pin")} {(idle == 1 ? "is" : "are")} masked and low, as after reset");
    }

    private static void Write(DescriptionText text, PinDescription pin)
    {
        RedirectionEntry entry = pin.Entry;
        string target = entry.Remappable ? $"handle 0x{entry.Message.Address.Handle:x}"
            : $"{(entry.Logical ? "logical" : "physical")} {entry.Destination}";
        var state = new List<string> { entry.Masked ? "masked" : "open", pin.Asserted ? "asserted" : "idle" };
        if (entry.ActiveLow)
            state.Add("active low");
        if (entry.RemoteIrr)
            state.Add("Remote IRR");
        if (pin.InFlight)
            state.Add("in flight");
        if (pin.Refused)
            state.Add("refused");
        if (pin.BrakedUntil is { } until)
            state.Add($"braked until {until} ns");
        if (pin.AckOwed)
            state.Add("owes its acknowledge");
        text.Line(2, $"{pin.Pin,3} {pin.Gsi,4} 0x{entry.Vector:x2}   {Mode(entry.Mode),-8} {(pin.Level ? "level" : "edge"),-7} {target,-13} "
            + string.Join(", ", state));
    }

    private static string Mode(DeliveryMode mode) => mode switch
    {
        DeliveryMode.Fixed => "fixed",
        DeliveryMode.LowestPriority => "lowest",
        DeliveryMode.Smi => "SMI",
        DeliveryMode.Nmi => "NMI",
        DeliveryMode.Init => "INIT",
        DeliveryMode.StartUp => "start-up",
        DeliveryMode.ExtInt => "ExtINT",
        _ => "reserved",
    };

    private static void Write(Utf8JsonWriter json, PinDescription pin)
    {
        RedirectionEntry entry = pin.Entry;
        json.WriteNumber("pin", pin.Pin);
        json.WriteNumber("gsi", pin.Gsi);
        json.WriteHex("entry", entry.Bits);
        json.WriteNumber("vector", entry.Vector);
        json.WriteName("mode", entry.Mode);
        json.WriteBoolean("level", pin.Level);
        json.WriteBoolean("activeLow", entry.ActiveLow);
        json.WriteBoolean("masked", entry.Masked);
        json.WriteBoolean("remappable", entry.Remappable);
        json.WriteBoolean("logical", entry.Logical);
        json.WriteNumber("destination", entry.Destination);
        json.WriteBoolean("remoteIrr", entry.RemoteIrr);
        json.WriteBoolean("high", pin.High);
        json.WriteBoolean("asserted", pin.Asserted);
        json.WriteBoolean("inFlight", pin.InFlight);
        json.WriteBoolean("refused", pin.Refused);
        json.WriteBoolean("ackOwed", pin.AckOwed);
        if (pin.BrakedUntil is { } until)
            json.WriteNumber("brakedUntil", until);
    }
}
