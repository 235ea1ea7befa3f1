using System.Diagnostics;

namespace Wirq.Linux.Probes;

/// <summary>Without an irqchip: does a window exit occur even if the guest enables interrupts only briefly?</summary>
internal sealed class InterruptWindowProbe() : HostProbe("interrupt-window",
    "does a guest that opens a window of 10 instructions, or of 1, exit at it?",
    "an interrupt waits for it; one missed is an interrupt too late, or lost to the guest's test")
{
    // One missed window may be caused by the scheduler.
    private const int Tries = 8, Closed = 512, Forgiven = 1;
    private static readonly int[] s_widths = [10, 1];
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(20), s_away = TimeSpan.FromMilliseconds(1);

    private protected override (ProbeOutcome, string) Ask(KvmSystem system, ProbeDeadline deadline)
    {
        var words = new List<string>();
        int missed = 0;
        foreach (int width in s_widths)
        {
            (int seen, double slowest) = Try(system, deadline, width);
            missed += Tries - seen;
            words.Add($"{width} wide: {seen} of {Tries} seen in {s_limit.TotalMilliseconds:0} ms"
                + (seen > 0 ? $", slowest {slowest:0.00} ms" : ""));
        }
        string finding = string.Join("; ", words);
        return missed <= Forgiven ? Faithful(finding) : Deviates(finding);
    }

    private static (int Seen, double Slowest) Try(KvmSystem system, ProbeDeadline deadline, int width)
    {
        using var guest = ProbeGuest.RealMode(system, deadline, KvmIrqChip.None, code =>
        {
            Iced.Intel.Label again = code.Asm.CreateLabel();
            code.Asm.Label(ref again);
            code.Asm.sti();
            for (int count = 0; count < width; count++)
                code.Asm.nop();
            code.Asm.cli();
            for (int count = 0; count < Closed; count++)
                code.Asm.nop();
            code.Asm.jmp(again);
        });
        int seen = 0;
        double slowest = 0;
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            guest.Vcpu.RequestInterruptWindow = true;
            long start = Stopwatch.GetTimestamp();
            KvmExitReason reason = guest.Run(s_limit);
            if (reason == KvmExitReason.InterruptWindow && guest.Vcpu.ReadyForInjection)
            {
                seen++;
                slowest = Math.Max(slowest, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            else if (reason != KvmExitReason.Interrupted)
                throw new ProbeException($"instead of a window: {guest.Vcpu.Exit.ToString()}");
            // Continue at another place of the loop.
            guest.Vcpu.RequestInterruptWindow = false;
            guest.Run(s_away);
        }
        return (seen, slowest);
    }
}
