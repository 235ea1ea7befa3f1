using System.Text.Json;
using Wirq.Events;
using Wirq.Remapping;

namespace Wirq;

/// <summary>A source on a line.</summary>
/// <param name="Slot">Its slot, which events carry.</param>
/// <param name="Label">Its name.</param>
/// <param name="Kind">How much of its level is visible.</param>
/// <param name="Asserts">Whether it asserts.</param>
/// <param name="Virq">The slot of the virq that drives it; negative for none.</param>
public sealed record SourceDescription(int Slot, string Label, SourceKind Kind, bool Asserts, int Virq);

/// <summary>A line.</summary>
/// <param name="Gsi">Its number.</param>
/// <param name="Target">Where it leads.</param>
/// <param name="Asserted">Whether it is asserted: the OR of its sources.</param>
/// <param name="InKernel">Whether the chips behind it are a kernel's.</param>
/// <param name="Sources">Its sources, in the order in which they joined.</param>
public sealed record LineDescription(int Gsi, GsiTarget Target, bool Asserted, bool InKernel, IReadOnlyList<SourceDescription> Sources) : Description
{
    private protected override void WriteProperties(Utf8JsonWriter json)
    {
        json.WriteNumber("gsi", Gsi);
        json.WriteOptional("irq", Target.Irq);
        json.WriteOptional("ioApic", Target.IoApic);
        json.WriteOptional("pin", Target.IoApic < 0 ? -1 : Target.Pin);
        json.WriteBoolean("asserted", Asserted);
        json.WriteBoolean("inKernel", InKernel);
        json.WriteEach("sources", Sources, static (json, source) =>
        {
            json.WriteNumber("slot", source.Slot);
            json.WriteString("label", source.Label);
            json.WriteName("kind", source.Kind);
            json.WriteBoolean("asserts", source.Asserts);
            json.WriteOptional("virq", source.Virq);
        });
    }

    private protected override void WriteTo(DescriptionText text)
    {
        string held = string.Join(", ", Sources.Select(source =>
            $"{DescriptionText.Label(source.Label)} ({InWords(source.Kind)}{(source.Asserts ? ", asserts" : "")})"));
        text.Line(2, $"GSI {Gsi} is {(Asserted ? "asserted" : "idle")}, to {Where()}: {(held.Length == 0 ? "no sources" : held)}");
    }

    private string Where()
    {
        if (InKernel)
            return "the kernel";
        string irq = Target.Irq < 0 ? "" : $"IRQ {Target.Irq}", pin = Target.IoApic < 0 ? "" : $"pin {Target.Pin} of I/OAPIC {Target.IoApic}";
        return irq.Length == 0 && pin.Length == 0 ? "no chip" : irq.Length == 0 ? pin : pin.Length == 0 ? irq : $"{irq} and {pin}";
    }

    private static string InWords(SourceKind kind) => kind switch
    {
        SourceKind.Edge => "edge",
        SourceKind.Wired => "wired",
        _ => "sampled",
    };
}

/// <summary>A remapping unit.</summary>
/// <param name="Unit">Its number in the machine.</param>
/// <param name="Registers">What it shows of itself; empty for a unit that shows nothing.</param>
public sealed record RemapperDescription(int Unit, IReadOnlyList<RegisterValue> Registers) : Description
{
    private protected override void WriteProperties(Utf8JsonWriter json)
    {
        json.WriteNumber("unit", Unit);
        json.WriteStartObject("registers");
        foreach (RegisterValue register in Registers)
            json.WriteHex(register.Name, register.Value);
        json.WriteEndObject();
    }

    private protected override void WriteTo(DescriptionText text) => text.Line(0, $"remapping unit {Unit}: "
        + (Registers.Count == 0 ? "shows nothing" : string.Join(", ", Registers.Select(one => $"{one.Name} 0x{one.Value:x}"))));
}

/// <summary>The effects that wait to be carried out.</summary>
/// <param name="Waiting">How many events wait.</param>
/// <param name="First">The oldest of them, at most <see cref="Most"/>.</param>
/// <param name="InFlight">The effect whose call was given to a port that has not answered yet.</param>
public sealed record QueueDescription(int Waiting, IReadOnlyList<Event> First, Event? InFlight) : Description
{
    /// <summary>How many waiting events are shown.</summary>
    public const int Most = 8;

    private protected override void WriteProperties(Utf8JsonWriter json)
    {
        json.WriteNumber("waiting", Waiting);
        json.WriteStartArray("first");
        foreach (Event waiting in First)
            json.WriteStringValue(waiting.ToString());
        json.WriteEndArray();
        if (InFlight is { } call)
            json.WriteString("inFlight", call.ToString());
        else
            json.WriteNull("inFlight");
    }

    private protected override void WriteTo(DescriptionText text)
    {
        text.Line(0, $"queue: {(Waiting == 0 ? "empty" : Phrase.Count(Waiting, "event") + (Waiting == 1 ? " waits" : " wait"))}");
        if (InFlight is { } call)
            text.Line(2, $"a port is doing: {call}");
        foreach (Event waiting in First)
            text.Line(2, waiting.ToString());
        if (Waiting > First.Count)
            text.Line(2, $"and {Waiting - First.Count} more");
    }
}
