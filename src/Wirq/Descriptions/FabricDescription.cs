using System.Text.Json;
using Wirq.Routing;

namespace Wirq;

/// <summary>A machine's whole interrupt system at one moment.</summary>
/// <param name="Now">Virtual time, in ns.</param>
/// <param name="Pic">Its 8259 pair; null for none.</param>
/// <param name="IoApics">Its I/OAPICs.</param>
/// <param name="LocalApics">Its local APICs; null if a kernel has them, and their state is not known here.</param>
/// <param name="Lines">Its lines that are asserted or have sources.</param>
/// <param name="Virqs">Its virqs.</param>
/// <param name="Gsis">How many GSIs of a kernel's table virqs have, and how many there are; null for none.</param>
/// <param name="Remappers">Its remapping units.</param>
/// <param name="Queue">The effects that wait.</param>
public sealed record FabricDescription(long Now, PicDescription? Pic, IReadOnlyList<IoApicDescription> IoApics,
    IReadOnlyList<LocalApicDescription>? LocalApics, IReadOnlyList<LineDescription> Lines, IReadOnlyList<VirqReport> Virqs,
    (int Used, int Budget)? Gsis, IReadOnlyList<RemapperDescription> Remappers, QueueDescription Queue) : Description
{
    private protected override void WriteProperties(Utf8JsonWriter json)
    {
        json.WriteNumber("now", Now);
        if (Pic is null)
            json.WriteNull("pic");
        else
        {
            json.WritePropertyName("pic");
            Pic.WriteTo(json);
        }
        WriteAll(json, "ioApics", IoApics);
        if (LocalApics is null)
            json.WriteNull("localApics");
        else
            WriteAll(json, "localApics", LocalApics);
        WriteAll(json, "lines", Lines);
        json.WriteEach("virqs", Virqs, Write);
        if (Gsis is { } gsis)
        {
            json.WriteNumber("gsisUsed", gsis.Used);
            json.WriteNumber("gsis", gsis.Budget);
        }
        WriteAll(json, "remappers", Remappers);
        json.WritePropertyName("queue");
        Queue.WriteTo(json);
    }

    private protected override void WriteTo(DescriptionText text)
    {
        text.Line(0, $"time: {Now} ns");
        Pic?.Append(text);
        foreach (IoApicDescription chip in IoApics)
            chip.Append(text);
        if (LocalApics is null)
            text.Line(0, "local APICs: in the kernel; their state is not known here");
        foreach (LocalApicDescription apic in LocalApics ?? [])
            apic.Append(text);
        text.Line(0, Lines.Count == 0 ? "lines: none has a source" : "lines:");
        foreach (LineDescription line in Lines)
            line.Append(text);
        if (Virqs.Count > 0 || Gsis is not null)
            text.Line(0, Gsis is { } gsis ? $"virqs, {gsis.Used} of {gsis.Budget} GSIs in use:" : "virqs:");
        foreach (VirqReport virq in Virqs)
            text.Line(2, $"{virq.Slot} {DescriptionText.Label(virq.Label)}: {virq.State}, {(virq.Gsi < 0 ? "no GSI" : $"GSI {virq.Gsi}")}: {virq.Why}");
        foreach (RemapperDescription unit in Remappers)
            unit.Append(text);
        Queue.Append(text);
    }

    private static void WriteAll<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> all) where T : Description
    {
        json.WriteStartArray(name);
        foreach (T one in all)
            one.WriteTo(json);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, VirqReport virq)
    {
        json.WriteNumber("slot", virq.Slot);
        json.WriteString("label", virq.Label);
        json.WriteName("state", virq.State);
        json.WriteName("reader", virq.Reader);
        json.WriteOptional("gsi", virq.Gsi);
        json.WriteHex("address", virq.Message.Address.Bits);
        json.WriteHex("data", virq.Message.Data.Bits);
        if (virq.Translation is { } translation)
        {
            json.WriteNumber("vector", translation.Vector);
            json.WriteNumber("destination", translation.Destination);
        }
        json.WriteString("why", virq.Why);
    }
}
