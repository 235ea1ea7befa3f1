using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Linux.Probes;

/// <summary>With a split irqchip: does the EOI of a level vector exit, once for each and in time?</summary>
internal sealed class EoiExitProbe() : HostProbe("eoi-exit",
    "does the EOI of a level vector exit (split), once each and in time?",
    "in `split` it is the only acknowledge that the I/OAPIC and devices get")
{
    private const uint EoiAddress = 0xFEE000B0;
    private const byte InHandler = 0x10, AfterEoi = 0x11, Done = 0x12;
    private static readonly byte[] s_vectors = [0x51, 0x61, 0x71];
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(300), s_late = TimeSpan.FromMilliseconds(30);

    private protected override (ProbeOutcome, string) Ask(KvmSystem system, ProbeDeadline deadline)
    {
        if (system.CheckExtension(KvmCapability.SplitIrqChip) == 0)
            return Lacks(KvmCapability.SplitIrqChip);
        string timing = Timing(system, deadline), count = Count(system, deadline);
        return timing.Length == 0 && count.Length == 0 ? Faithful("yes")
            : Deviates(string.Join("; ", new[] { timing, count }.Where(each => each.Length > 0)));
    }

    /// <summary>One interrupt, with a mark before its EOI and one after.</summary>
    private static string Timing(KvmSystem system, ProbeDeadline deadline)
    {
        using var guest = ProbeGuest.LongMode(system, deadline, KvmIrqChip.Split, code =>
        {
            WriteHalt(code);
            code.Handler(s_vectors[0]);
            code.Mark(InHandler);
            code.Asm.mov(__dword_ptr[rbx], 0);
            code.Mark(AfterEoi);
            code.Asm.iretq();
        });
        Raise(guest, 1);
        var seen = new List<string>();
        // Until the mark behind the EOI, and a little longer for an exit that is late.
        for (TimeSpan limit = s_limit; ;)
        {
            KvmExitReason reason = guest.Run(limit);
            if (reason == KvmExitReason.Interrupted)
                break;
            seen.Add(reason switch
            {
                KvmExitReason.IoApicEoi => "EOI",
                KvmExitReason.Port => guest.Vcpu.Exit.Port.Port == InHandler ? "before" : "after",
                _ => throw new ProbeException(guest.Vcpu.Exit.ToString()),
            });
            if (reason == KvmExitReason.Port && guest.Vcpu.Exit.Port.Port == AfterEoi)
                limit = s_late;
        }
        return string.Join(' ', seen) switch
        {
            "before EOI after" => "",
            "EOI before after" => "it comes at delivery, before the guest's EOI",
            "before after EOI" => "it comes late, after a later exit of the guest",
            "before after" => "it does not come",
            var other => $"exits come as: {other}",
        };
    }

    /// <summary>Three interrupts whose handlers do nothing but end them.</summary>
    private static string Count(KvmSystem system, ProbeDeadline deadline)
    {
        using var guest = ProbeGuest.LongMode(system, deadline, KvmIrqChip.Split, code =>
        {
            Iced.Intel.Label again = code.Asm.CreateLabel();
            code.Asm.mov(ebx, EoiAddress);
            code.Asm.xor(esi, esi);
            code.Asm.sti();
            code.Asm.Label(ref again);
            code.Asm.cmp(esi, s_vectors.Length);
            code.Asm.jb(again);
            code.Mark(Done);
            code.Asm.jmp(again);
            foreach (byte vector in s_vectors)
            {
                code.Handler(vector);
                code.Asm.mov(__dword_ptr[rbx], 0);
                code.Asm.inc(esi);
                code.Asm.iretq();
            }
        });
        Raise(guest, s_vectors.Length);
        var ended = new List<byte>();
        bool done = false;
        while (guest.Run(done ? s_late : s_limit) is var reason && reason != KvmExitReason.Interrupted)
        {
            if (reason == KvmExitReason.IoApicEoi)
                ended.Add(guest.Vcpu.Exit.EoiVector);
            else if (reason != KvmExitReason.Port)
                throw new ProbeException(guest.Vcpu.Exit.ToString());
            else if (done)
                break;
            else
                done = true;
        }
        if (!done)
            return "three interrupts at once are not all taken";
        return ended.Order().SequenceEqual(s_vectors) ? ""
            : $"{s_vectors.Length} EOIs give {ended.Count} exit{(ended.Count == 1 ? "" : "s")}"
                + $" ({string.Join(", ", ended.Select(vector => $"0x{vector:x2}"))})";
    }

    private static void WriteHalt(GuestCode code)
    {
        Iced.Intel.Label again = code.Asm.CreateLabel();
        code.Asm.mov(ebx, EoiAddress);
        code.Asm.sti();
        code.Asm.Label(ref again);
        code.Asm.hlt();
        code.Asm.jmp(again);
    }

    /// <summary>Level routes on reserved GSIs, which make the exits, and a message for each.</summary>
    private static void Raise(ProbeGuest guest, int count)
    {
        var messages = s_vectors.Take(count).Select(vector => new Msi(MsiAddress.For(0), MsiData.For(vector, level: true))).ToArray();
        guest.Vm.SetGsiRouting(messages.Select((message, gsi) => new KvmRoutingEntry(gsi, message)).ToArray());
        foreach (Msi message in messages)
        {
            if (!guest.Vm.SignalMsi(message))
                throw new ProbeException("a message to vCPU 0 is refused");
        }
    }
}
