using System.Text.Json;

namespace Wirq;

/// <summary>An entry of a local vector table.</summary>
/// <param name="Name">Which one.</param>
/// <param name="Bits">The entry as it reads.</param>
/// <param name="Vector">Its vector.</param>
/// <param name="Mode">Its delivery mode; the timer's is always fixed.</param>
/// <param name="Masked">Its mask.</param>
public sealed record LocalEntryDescription(LocalVector Name, uint Bits, byte Vector, DeliveryMode Mode, bool Masked);

/// <summary>A local APIC.</summary>
/// <param name="Cpu">The number of its CPU.</param>
/// <param name="Id">Its APIC id: 32 bits in x2APIC mode, else 8.</param>
/// <param name="Base">IA32_APIC_BASE.</param>
/// <param name="Spurious">SVR, with the software enable.</param>
/// <param name="TaskPriority">TPR.</param>
/// <param name="ProcessorPriority">PPR.</param>
/// <param name="Logical">LDR.</param>
/// <param name="Format">DFR.</param>
/// <param name="Pending">Vectors in IRR, the highest first.</param>
/// <param name="InService">Vectors in ISR, the highest first.</param>
/// <param name="Level">Vectors in TMR that are pending or in service.</param>
/// <param name="ExtInt">Whether an ExtINT message waits for its INTA cycle.</param>
/// <param name="Lint0">Whether LINT0 is high.</param>
/// <param name="Errors">ESR, with what was recorded since it was last written.</param>
/// <param name="Entries">The local vector table.</param>
/// <param name="InitialCount">The initial count of the timer.</param>
/// <param name="Deadline">When the timer expires, in ns of virtual time; null while it does not run.</param>
public sealed record LocalApicDescription(int Cpu, uint Id, ApicBase Base, SpuriousVector Spurious, byte TaskPriority, byte ProcessorPriority,
    uint Logical, uint Format, IReadOnlyList<byte> Pending, IReadOnlyList<byte> InService, IReadOnlyList<byte> Level, bool ExtInt, bool Lint0,
    ErrorStatus Errors, IReadOnlyList<LocalEntryDescription> Entries, uint InitialCount, long? Deadline) : Description
{
    private protected override void WriteProperties(Utf8JsonWriter json)
    {
        json.WriteNumber("cpu", Cpu);
        json.WriteNumber("id", Id);
        json.WriteName("mode", Base.Mode);
        json.WriteHex("apicBase", Base.Bits);
        json.WriteBoolean("softwareEnabled", Spurious.Enabled);
        json.WriteHex("svr", Spurious.Bits);
        json.WriteHex("tpr", TaskPriority);
        json.WriteHex("ppr", ProcessorPriority);
        json.WriteHex("ldr", Logical);
        json.WriteHex("dfr", Format);
        json.WriteVectors("pending", Pending);
        json.WriteVectors("inService", InService);
        json.WriteVectors("level", Level);
        json.WriteBoolean("extIntPending", ExtInt);
        json.WriteBoolean("lint0High", Lint0);
        json.WriteHex("esr", Errors.Bits);
        json.WriteEach("entries", Entries, static (json, entry) =>
        {
            json.WriteName("name", entry.Name);
            json.WriteHex("entry", entry.Bits);
            json.WriteNumber("vector", entry.Vector);
            json.WriteName("mode", entry.Mode);
            json.WriteBoolean("masked", entry.Masked);
        });
        json.WriteNumber("timerInitialCount", InitialCount);
        json.WriteOptional("timerDeadline", Deadline ?? -1);
    }

    private protected override void WriteTo(DescriptionText text)
    {
        text.Line(0, $"local APIC of cpu{Cpu}: id {Id}, {Base}, {(Spurious.Enabled ? "enabled" : "software-disabled")}");
        text.Line(2, $"tpr {TaskPriority:x2}  ppr {ProcessorPriority:x2}  svr {Spurious.Bits:x3}  ldr {Logical:x8}  dfr {Format:x8}  esr {Errors.Bits:x2}");
        text.Line(2, $"pending {DescriptionText.Vectors(Pending)}; in service {DescriptionText.Vectors(InService)}; "
            + $"of those level {DescriptionText.Vectors(Level)}");
        text.Line(2, $"LINT0 {(Lint0 ? "high" : "low")}{(ExtInt ? ", an ExtINT message waits" : "")}; "
            + (Deadline is { } at ? $"timer due at {at} ns" : "timer stopped"));
        string open = string.Join(", ", Entries.Where(entry => !entry.Masked)
            .Select(entry => entry.Mode == DeliveryMode.Fixed ? $"{entry.Name} 0x{entry.Vector:x2}" : $"{entry.Name} {entry.Mode}"));
        text.Line(2, $"open entries: {(open.Length == 0 ? "none" : open)}");
    }
}
