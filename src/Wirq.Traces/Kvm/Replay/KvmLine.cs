using System.Globalization;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Replay;

/// <summary>A record that the replay keeps: readers overwrite theirs.</summary>
internal sealed class KvmLine(KvmRecord record, Mark at)
{
    internal readonly KvmEvent Event = record.Event;
    internal readonly Mark At = at;
    internal readonly int Gsi = record.Gsi, Source = record.Source, Chip = record.Chip, Pin = record.Pin, Vcpu = record.Vcpu, Vector = record.Vector, Register = record.Register;
    internal readonly DeliveryMode Mode = record.Mode;
    internal readonly uint Destination = record.Destination, InterruptInfo = record.InterruptInfo;
    internal readonly bool Level = record.Level, Write = record.Write, Logical = record.Logical, LevelTrigger = record.LevelTrigger, Masked = record.Masked,
        Coalesced = record.Coalesced, Reinjected = record.Reinjected;
    internal readonly ulong Address = record.Address, Value = record.Value;

    /// <inheritdoc cref="KvmRecord.IsOfPic"/>
    internal bool IsOfPic => KvmRecord.IsPicInput(Chip, Pin);

    /// <inheritdoc cref="KvmRecord.AcknowledgedIrq"/>
    internal int AcknowledgedIrq => KvmRecord.AcknowledgedInput(Chip, Pin);

    /// <summary>The record as the kernel prints it, without its prefix.</summary>
    public override string ToString() => Event switch
    {
        KvmEvent.SetIrq => Text($"gsi {Gsi} level {(Level ? 1 : 0)} source {Source}"),
        KvmEvent.PicSetIrq => Text($"chip {Chip} pin {Pin} ({Trigger}{(Masked ? "|masked" : "")}){Merged}"),
        KvmEvent.IoApicSetIrq => Text($"pin {Pin} {Message}{(Masked ? "|masked" : "")}){Merged}"),
        KvmEvent.DelayedEoi or KvmEvent.MsiSetIrq => Text($"{Message})"),
        KvmEvent.AcceptIrq => Text($"apicid {Vcpu:x} vec {Vector} ({KvmNames.NameOf(Mode)}|{Trigger})"),
        KvmEvent.ApicIpi => Text($"{Message}|{(Level ? "assert" : "de-assert")}|{ShorthandName((DestinationShorthand)Math.Max(0, Source))})"),
        KvmEvent.Apic => Text($"apic_{(Write ? "write" : "read")} 0x{Register:x} = 0x{Value:x}"),
        KvmEvent.Eoi or KvmEvent.PvEoi => Text($"apicid {Vcpu:x} vector {Vector}"),
        KvmEvent.AckIrq => Text($"irqchip {ChipName(Chip)} pin {Pin}"),
        KvmEvent.InjectIrq => Text($"IRQ 0x{Vector:x}{(Reinjected ? " [reinjected]" : "")}"),
        KvmEvent.Mmio => Text($"mmio {(Write ? "write" : "read")} gpa 0x{Address:x} val 0x{Value:x}"),
        KvmEvent.Pio => Text($"pio_{(Write ? "write" : "read")} at 0x{Address:x} val 0x{Value:x}"),
        KvmEvent.Msr => Text($"msr_{(Write ? "write" : "read")} {Address:x} = 0x{Value:x}"),
        _ => KvmNames.NameOf(Event),
    };

    private string Trigger => LevelTrigger ? "level" : "edge";
    private string Merged => Coalesced ? " (coalesced)" : "";
    private string Message => string.Create(CultureInfo.InvariantCulture, $"dst {Destination:x} vec {Vector} ({KvmNames.NameOf(Mode)}|{(Logical ? "logical" : "physical")}|{Trigger}");

    private string Text(FormattableString fields) => $"{KvmNames.NameOf(Event)}: {fields.ToString(CultureInfo.InvariantCulture)}";

    internal static string ShorthandName(DestinationShorthand shorthand) => shorthand switch
    {
        DestinationShorthand.Self => "self", DestinationShorthand.AllIncludingSelf => "all", DestinationShorthand.AllExcludingSelf => "all-but-self", _ => "dst",
    };

    internal static string ChipName(int chip) => chip switch
    {
        0 => "PIC master", 1 => "PIC slave", _ => "IOAPIC",
    };
}
