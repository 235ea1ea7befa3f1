using System.Globalization;
using System.Text;

namespace Wirq.Traces.Kvm.Pictures;

/// <summary>Writes a record of KVM for a picture, in short.</summary>
internal static class RecordText
{
    internal static string Of(KvmRecord record)
    {
        var text = new StringBuilder(KvmNames.NameOf(record.Event));
        switch (record.Event)
        {
            case KvmEvent.SetIrq:
                text.Append(CultureInfo.InvariantCulture, $": gsi {record.Gsi} level {(record.Level ? 1 : 0)} source {record.Source}");
                break;
            case KvmEvent.PicSetIrq:
                text.Append(CultureInfo.InvariantCulture, $": chip {record.Chip} pin {record.Pin}{Entry(record)}");
                break;
            case KvmEvent.IoApicSetIrq:
                text.Append(CultureInfo.InvariantCulture, $": pin {record.Pin} dst {record.Destination:x} vec {record.Vector} ({record.Mode}{Entry(record)})");
                break;
            case KvmEvent.MsiSetIrq or KvmEvent.ApicIpi:
                text.Append(CultureInfo.InvariantCulture, $": dst {record.Destination:x} vec {record.Vector} ({record.Mode}, {(record.Logical ? "logical" : "physical")})");
                break;
            case KvmEvent.AcceptIrq or KvmEvent.ApicvAcceptIrq:
                text.Append(CultureInfo.InvariantCulture, $": vCPU {record.Vcpu} vec {record.Vector} ({record.Mode}, {(record.LevelTrigger ? "level" : "edge")})");
                break;
            case KvmEvent.Eoi or KvmEvent.PvEoi:
                text.Append(CultureInfo.InvariantCulture, $": vCPU {record.Vcpu} vector {record.Vector}");
                break;
            case KvmEvent.InjectIrq:
                text.Append(CultureInfo.InvariantCulture, $": 0x{record.Vector:x}{(record.Reinjected ? ", again" : "")}");
                break;
            case KvmEvent.Entry:
                text.Append(CultureInfo.InvariantCulture, $": vCPU {record.Vcpu}, interruption information 0x{record.InterruptInfo:x8}");
                break;
            case KvmEvent.Mmio:
                text.Append(CultureInfo.InvariantCulture, $": write 0x{record.Value:x} at 0x{record.Address:x}");
                break;
        }
        return text.ToString();
    }

    private static string Entry(KvmRecord record) => $", {(record.LevelTrigger ? "level" : "edge")}{(record.Masked ? ", masked" : "")}{(record.Coalesced ? ", coalesced" : "")}";
}
