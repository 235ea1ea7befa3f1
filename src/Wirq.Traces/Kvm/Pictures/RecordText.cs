using static System.FormattableString;

namespace Wirq.Traces.Kvm.Pictures;

/// <summary>Writes a record of KVM for a picture, in short.</summary>
internal static class RecordText
{
    internal static string Of(KvmRecord record) => KvmNames.NameOf(record.Event) + record.Event switch
    {
        KvmEvent.SetIrq => Invariant($": gsi {record.Gsi} level {(record.Level ? 1 : 0)} source {record.Source}"),
        KvmEvent.PicSetIrq => Invariant($": chip {record.Chip} pin {record.Pin}{Entry(record)}"),
        KvmEvent.IoApicSetIrq => Invariant($": pin {record.Pin} dst {record.Destination:x} vec {record.Vector} ({record.Mode}{Entry(record)})"),
        KvmEvent.MsiSetIrq or KvmEvent.ApicIpi => Invariant($": dst {record.Destination:x} vec {record.Vector} ({record.Mode}, {(record.Logical ? "logical" : "physical")})"),
        KvmEvent.AcceptIrq or KvmEvent.ApicvAcceptIrq => Invariant($": vCPU {record.Vcpu} vec {record.Vector} ({record.Mode}, {(record.LevelTrigger ? "level" : "edge")})"),
        KvmEvent.Eoi or KvmEvent.PvEoi => Invariant($": vCPU {record.Vcpu} vector {record.Vector}"),
        KvmEvent.InjectIrq => Invariant($": 0x{record.Vector:x}{(record.Reinjected ? ", again" : "")}"),
        KvmEvent.Entry => Invariant($": vCPU {record.Vcpu}, interruption information 0x{record.InterruptInfo:x8}"),
        KvmEvent.Mmio => Invariant($": write 0x{record.Value:x} at 0x{record.Address:x}"),
        _ => "",
    };

    private static string Entry(KvmRecord record) => $", {(record.LevelTrigger ? "level" : "edge")}{(record.Masked ? ", masked" : "")}{(record.Coalesced ? ", coalesced" : "")}";
}
