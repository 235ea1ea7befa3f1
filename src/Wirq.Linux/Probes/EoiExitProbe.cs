using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Linux.Probes;

/// <summary>With a split irqchip: does each EOI of a level vector exit, once and in time?</summary>
internal sealed class EoiExitProbe() : HostProbe("eoi-exit",
    "does the EOI of a level vector exit (split), once each and in time?",
    "in `split` it is the only acknowledge that the I/OAPIC and devices get")
{
    private const uint EoiAddress = (uint)ApicBase.DefaultPage + (uint)ApicRegister.Eoi;
    private const byte Entered = 0x10, Served = 0x11, AfterEoi = 0x12, Done = 0x13;
    private static readonly byte[] s_vectors = [0x51, 0x61, 0x71];
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(300), s_late = TimeSpan.FromMilliseconds(30);

    private protected override (ProbeOutcome, string) Ask(KvmSystem system, ProbeDeadline deadline)
    {
        if (system.CheckExtension(KvmCapability.SplitIrqChip) == 0)
            return Lacks(KvmCapability.SplitIrqChip);
        string[] against = [.. new[] { Timing(system, deadline), Count(system, deadline), InARow(system, deadline) }
            .Where(each => each.Length > 0)];
        return against.Length == 0 ? Faithful("yes") : Deviates(string.Join("; ", against));
    }

    /// <summary>One interrupt, with two marks before its EOI and one after. There are two, because a KVM that ends the
    /// interrupt at its delivery may report it only at its next entry, which the first mark causes.</summary>
    private static string Timing(KvmSystem system, ProbeDeadline deadline)
    {
        using var guest = ProbeGuest.LongMode(system, deadline, KvmIrqChip.Split, code =>
        {
            WriteHalt(code);
            code.Handler(s_vectors[0]);
            code.Mark(Entered);
            code.Mark(Served);
            code.Asm.mov(__dword_ptr[rbx], 0);
            code.Mark(AfterEoi);
            code.Asm.iretq();
        });
        Raise(guest, 1);
        var seen = new List<string>();
        // Runs until the mark after the EOI, and a little longer for an exit that is late.
        for (TimeSpan limit = s_limit; ;)
        {
            KvmExitReason reason = guest.Run(limit);
            if (reason == KvmExitReason.Interrupted)
                break;
            seen.Add(reason switch
            {
                KvmExitReason.IoApicEoi => "EOI",
                KvmExitReason.Port => guest.Vcpu.Exit.Port.Port switch
                {
                    Entered => "entered",
                    Served => "served",
                    _ => "ended",
                },
                _ => throw new ProbeException(guest.Vcpu.Exit.ToString()),
            });
            if (reason == KvmExitReason.Port && guest.Vcpu.Exit.Port.Port == AfterEoi)
                limit = s_late;
        }
        return string.Join(' ', seen) switch
        {
            "entered served EOI ended" => "",
            "EOI entered served ended" or "entered EOI served ended" => "it comes at delivery, before the guest's EOI",
            "entered served ended EOI" => "it comes late, after a later exit of the guest",
            "entered served ended" => "it does not come",
            var other => $"exits come as: {other}",
        };
    }

    /// <summary>Three interrupts. Their handlers only send the EOI.</summary>
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
        return Ended(guest, "three interrupts at once");
    }

    /// <summary>Three interrupts in service at once, as in nested handlers, ended by three instructions in a row. The
    /// in-service bits are set from outside, as after a migration.</summary>
    private static string InARow(KvmSystem system, ProbeDeadline deadline)
    {
        using var guest = ProbeGuest.LongMode(system, deadline, KvmIrqChip.Split, code =>
        {
            code.Asm.mov(ebx, EoiAddress);
            foreach (byte _ in s_vectors)
                code.Asm.mov(__dword_ptr[rbx], 0);
            code.Mark(Done);
            WriteHalt(code);
        });
        Route(guest, s_vectors.Length);
        guest.Vcpu.GetLapic(out LapicState state);
        foreach (byte vector in s_vectors)
        {
            state.Set(ApicRegister.InService, vector, true);
            state.Set(ApicRegister.TriggerMode, vector, true);
        }
        guest.Vcpu.SetLapic(state);
        return Ended(guest, "three EOIs in a row");
    }

    /// <summary>The EOIs that exit before a mark, and a little later.</summary>
    private static string Ended(ProbeGuest guest, string what)
    {
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
            return $"{what} do not come to an end";
        return ended.Order().SequenceEqual(s_vectors) ? ""
            : $"{what} give {Phrase.Count(ended.Count, "exit")}"
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

    /// <summary>Sends a message for each vector that has a route.</summary>
    private static void Raise(ProbeGuest guest, int count)
    {
        foreach (Msi message in Route(guest, count))
        {
            if (!guest.Vm.SignalMsi(message))
                throw new ProbeException("a message to vCPU 0 is refused");
        }
    }

    /// <summary>Level routes on reserved GSIs: they make EOIs exit.</summary>
    private static Msi[] Route(ProbeGuest guest, int count)
    {
        Msi[] messages = [.. s_vectors.Take(count).Select(vector => new Msi(MsiAddress.For(0), MsiData.For(vector, level: true)))];
        guest.Vm.SetGsiRouting(messages.Select((message, gsi) => new KvmRoutingEntry(gsi, message)).ToArray());
        return messages;
    }
}
