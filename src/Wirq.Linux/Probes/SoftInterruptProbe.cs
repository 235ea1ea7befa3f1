namespace Wirq.Linux.Probes;

/// <summary>Do INT3 and INT n at CPL 0 of 64-bit mode reach their handlers?</summary>
internal sealed class SoftInterruptProbe() : HostProbe("soft-interrupt",
    "do INT3 and INT n reach their handlers in 64-bit mode at CPL 0?",
    "a KVM that does not emulate them ends the guest with an internal error")
{
    private const byte Breakpoint = 3, Vector = 0x33;
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(500);

    private protected override (ProbeOutcome, string) Ask(KvmSystem system, ProbeDeadline deadline)
    {
        string three = Try(system, deadline, code => code.Asm.int3(), Breakpoint);
        string other = Try(system, deadline, code => code.Asm.@int(Vector), Vector);
        if (three.Length == 0 && other.Length == 0)
            return Faithful("yes");
        return Deviates(three == other ? $"no: {three}"
            : string.Join("; ", new[] { three.Length > 0 ? $"INT3: {three}" : "", other.Length > 0 ? $"INT n: {other}" : "" }
                .Where(each => each.Length > 0)));
    }

    private static string Try(KvmSystem system, ProbeDeadline deadline, Action<GuestCode> write, byte vector)
    {
        using var guest = ProbeGuest.LongMode(system, deadline, KvmIrqChip.None, code =>
        {
            write(code);
            code.Asm.hlt();
            code.Handler(vector);
            code.Mark(0x10);
            code.Asm.hlt();
        });
        if (guest.RunTo(0x10, s_limit, out string instead))
            return "";
        return guest.Vcpu.Exit.Reason == KvmExitReason.InternalError ? "KVM does not emulate it" : instead;
    }
}
