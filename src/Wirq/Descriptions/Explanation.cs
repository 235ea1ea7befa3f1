using System.Text.Json;

namespace Wirq;

/// <summary>What holds an interrupt on one road from its device to a CPU.</summary>
/// <param name="Road">The road: <c>8259 IRQ 4</c>, <c>pin 20 of I/OAPIC 0</c>, <c>message</c>, <c>kernel</c>.</param>
/// <param name="Gate">What holds it. <see cref="Wirq.Gate.None"/>: nothing does; <see cref="Wirq.Gate.NotKnown"/>: what decides is not in
/// this machine.</param>
/// <param name="Cpu">The CPU where it is held; negative for none.</param>
/// <param name="Number">The vector, priority or IRQ that holds it; negative for none.</param>
/// <param name="Why">The same in a sentence.</param>
public sealed record RoadExplanation(string Road, Gate Gate, int Cpu, int Number, string Why);

/// <summary>Why an interrupt is not delivered now, judged by the machine as it is: by what its chips hold, not by its
/// history. For the history there is <c>wirq why</c>.</summary>
/// <param name="Subject">What was asked about.</param>
/// <param name="Roads">Each road that it could take, with what holds it there.</param>
public sealed record Explanation(string Subject, IReadOnlyList<RoadExplanation> Roads) : Description
{
    private protected override void WriteProperties(Utf8JsonWriter json)
    {
        json.WriteString("subject", Subject);
        json.WriteEach("roads", Roads, static (json, road) =>
        {
            json.WriteString("road", road.Road);
            json.WriteName("gate", road.Gate);
            json.WriteOptional("cpu", road.Cpu);
            json.WriteOptional("number", road.Number);
            json.WriteString("why", road.Why);
        });
    }

    private protected override void WriteTo(DescriptionText text)
    {
        text.Line(0, $"{Subject}:");
        foreach (RoadExplanation road in Roads)
            text.Line(2, $"{road.Road}: {road.Why}");
    }
}
