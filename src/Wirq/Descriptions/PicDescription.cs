using System.Text.Json;

namespace Wirq;

/// <summary>One 8259A. Sets have bit n for input n.</summary>
/// <param name="IsReady">Whether it was initialised; before that, nothing reaches INT.</param>
/// <param name="Pins">Inputs that are high.</param>
/// <param name="Irr">Interrupt request register.</param>
/// <param name="Isr">In-service register.</param>
/// <param name="Imr">Interrupt mask register.</param>
/// <param name="Level">Inputs that are level-triggered, by ELCR or LTIM.</param>
/// <param name="Deferred">Inputs whose acknowledge waits for their unmasking.</param>
/// <param name="FirstVector">The vector of input 0 (ICW2).</param>
/// <param name="Lowest">The input of lowest priority.</param>
/// <param name="AutoEoi">Whether INTA ends what it takes.</param>
/// <param name="SpecialFullyNested">Special fully nested mode (ICW4).</param>
/// <param name="SpecialMask">Special mask mode (OCW3).</param>
public sealed record PicChipDescription(bool IsReady, byte Pins, byte Irr, byte Isr, byte Imr, byte Level, byte Deferred, byte FirstVector,
    int Lowest, bool AutoEoi, bool SpecialFullyNested, bool SpecialMask);

/// <summary>The 8259 pair.</summary>
/// <param name="Intr">Whether INTR is high.</param>
/// <param name="Stands">The IRQ that INTR stands for, 0 to 15; negative for none.</param>
/// <param name="Master">The master.</param>
/// <param name="Slave">The slave, whose inputs are IRQs 8 to 15.</param>
public sealed record PicDescription(bool Intr, int Stands, PicChipDescription Master, PicChipDescription Slave) : Description
{
    private protected override void WriteProperties(Utf8JsonWriter json)
    {
        json.WriteBoolean("intr", Intr);
        json.WriteOptional("intrStandsFor", Stands);
        Write(json, "master", Master);
        Write(json, "slave", Slave);
    }

    private protected override void WriteTo(DescriptionText text)
    {
        text.Line(0, $"8259 pair: INTR {(Intr ? "high" : "low")}{(Stands < 0 ? "" : $", for IRQ {Stands}")}");
        Write(text, "master", Master, 0);
        Write(text, "slave ", Slave, PicPair.SlaveFirst);
    }

    private static void Write(DescriptionText text, string name, PicChipDescription chip, int first)
    {
        if (!chip.IsReady)
            text.Line(2, $"{name}  not initialised; high: IRQ {DescriptionText.Members(chip.Pins, first)}");
        else
            text.Line(2, $"{name}  irr {chip.Irr:x2}  imr {chip.Imr:x2}  isr {chip.Isr:x2}  level {chip.Level:x2}  pins {chip.Pins:x2}");
        if (!chip.IsReady)
            return;
        string modes = (chip.AutoEoi ? ", automatic EOI" : "") + (chip.SpecialFullyNested ? ", special fully nested" : "")
            + (chip.SpecialMask ? ", special mask mode" : "");
        text.Line(10, $"vectors 0x{chip.FirstVector:x2} to 0x{chip.FirstVector + 7:x2}, lowest priority {chip.Lowest}{modes}");
        text.Line(10, $"requested {DescriptionText.Members(chip.Irr, first)}; in service {DescriptionText.Members(chip.Isr, first)}; "
            + $"open {DescriptionText.Members((byte)~chip.Imr, first)}"
            + (chip.Deferred == 0 ? "" : $"; owes its acknowledge {DescriptionText.Members(chip.Deferred, first)}"));
    }

    private static void Write(Utf8JsonWriter json, string name, PicChipDescription chip)
    {
        json.WriteStartObject(name);
        json.WriteBoolean("initialised", chip.IsReady);
        json.WriteMembers("high", chip.Pins);
        json.WriteMembers("irr", chip.Irr);
        json.WriteMembers("isr", chip.Isr);
        json.WriteMembers("imr", chip.Imr);
        json.WriteMembers("level", chip.Level);
        json.WriteMembers("ackOwed", chip.Deferred);
        json.WriteNumber("firstVector", chip.FirstVector);
        json.WriteNumber("lowestPriority", chip.Lowest);
        json.WriteBoolean("autoEoi", chip.AutoEoi);
        json.WriteBoolean("specialFullyNested", chip.SpecialFullyNested);
        json.WriteBoolean("specialMask", chip.SpecialMask);
        json.WriteEndObject();
    }
}
