using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>The text of a log line, similar to QEMU's.</summary>
internal static class LineText
{
    internal static string Of(in TraceLine line) => Of(line.Event, line.A, line.B, line.C, line.D, line.E, line.F);

    internal static string Of(TraceEvent happened, ulong a, ulong b = 0, ulong c = 0, ulong d = 0, ulong e = 0,
        ulong f = 0)
    {
        string name = EventNames.Of(happened);
        return happened switch
        {
            TraceEvent.PicSetIrq => $"{name} master {a} irq {b} level {c}",
            TraceEvent.PicUpdateIrq => $"{name} master {a} imr {b} irr {c} padd {d}",
            TraceEvent.PicInterrupt => $"{name} irq {a} intno {b}",
            TraceEvent.PicPortWrite or TraceEvent.PicPortRead => $"{name} master {a} addr 0x{b:x} val 0x{c:x}",
            TraceEvent.IoApicSetIrq => $"{name} pin {a} level {b}",
            TraceEvent.IoApicSetRemoteIrr => $"{name} pin {a}",
            TraceEvent.IoApicClearRemoteIrr => $"{name} pin {a} vector {b}",
            TraceEvent.IoApicEoiBroadcast or TraceEvent.IoApicDelayedReassert => $"{name} {a}",
            TraceEvent.IoApicRead or TraceEvent.IoApicWrite => $"{name} 0x{a:x} regsel 0x{b:x} = 0x{d:x}",
            TraceEvent.ApicLocalDeliver => $"{name} entry {a} mode {b}",
            TraceEvent.ApicDeliverIrq => $"{name} dest {a} dest_mode {b} delivery_mode {c} vector {d} trigger_mode {e}",
            TraceEvent.ApicRead or TraceEvent.ApicWrite => $"{name} 0x{a:x} = 0x{b:x}",
            TraceEvent.ReportDelivered or TraceEvent.ResetDelivered or TraceEvent.GetDelivered => $"{name} {a}",
            TraceEvent.SetApicBase or TraceEvent.GetApicBase => $"{name} 0x{a:x}",
            TraceEvent.GsiInterrupt or TraceEvent.PicInterruptLine => $"{name} #{a} level {b}",
            TraceEvent.RemapRequest => $"{name} 0x{a:x} 0x{b:x}",
            TraceEvent.RemapDone => $"{name} 0x{a:x} 0x{b:x} -> 0x{c:x} 0x{d:x}",
            TraceEvent.RemapEntry => $"{name} index {a} trigger {b} vector {c} deliver {d} dest 0x{e:x} mode {f}",
            TraceEvent.RemapFetch => $"{name} index {a} 0x{c:x} 0x{b:x}",
            TraceEvent.RemapRoot => $"{name} addr 0x{a:x} size 0x{b:x}",
            TraceEvent.RemapEnable => $"{name} enable {a}",
            TraceEvent.RemapRegisterWrite => $"{name} addr 0x{a:x} size {b} value 0x{c:x}",
            TraceEvent.RemapVectorDiffers or TraceEvent.RemapTriggerDiffers =>
                $"{name} sid {(a > ushort.MaxValue ? "of the device" : $"0x{a:x}")} index {b}: {c}, should be {d}",
            TraceEvent.IecNotify => $"{name} global={a} index={b} mask={c}",
            TraceEvent.IecInvalidate => $"{name} granularity {a} index {b} mask {c}",
            TraceEvent.ServicingInterrupt => $"{name}=0x{a:x2}",
            TraceEvent.InterruptDump => $"dump {a} v={b:x2}",
            TraceEvent.TaskRegister => $"TR base 0x{a:x}",
            TraceEvent.KernelTrigger or TraceEvent.KernelRouteUpdate or TraceEvent.KernelRouteRelease or TraceEvent.KernelResample
                or TraceEvent.KernelRouteFault => $"{name} {a}",
            TraceEvent.KernelRoute => $"{name} {a}: 0x{b:x} 0x{c:x}",
            TraceEvent.KernelRouteAdd => $"{name} vector {a} virq {b}",
            _ => name,
        };
    }
}
