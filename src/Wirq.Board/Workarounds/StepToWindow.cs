using Wirq.Linux;

namespace Wirq.Board.Workarounds;

/// <summary>Steps the guest while an interrupt waits for injection. It is for a KVM that runs the guest in batches and
/// checks for a window only between them, so that it misses short windows (probe <c>interrupt-window</c>).</summary>
/// <remarks>
/// <para>64-bit code at CPL 0 is stepped; other code runs without steps until KVM finds a window.</para>
/// <para>Stepping sets TF, which the guest must not see. So PUSHF is emulated here, and so is IRETQ if the host does
/// not stop after it (probe <c>step-over-iret</c>). Before an interrupt is injected, stepping ends and TF is cleared.
/// Not corrected: an exception that the guest raises during a step has TF in its frame.</para>
/// <para>HLT is entered without a step, and a HLT exit of an earlier step is dropped (measured: a stepped HLT exits as
/// a step, and later once more as HLT).</para>
/// </remarks>
internal sealed class StepToWindow(bool emulatesIret) : Workaround
{
    internal const string Word = "step-to-window", IretWord = "emulate-iret";
    private const byte Hlt = 0xF4, Pushf = 0x9C, Iret = 0xCF, WideOperand = 0x48;
    // The highest number of instructions that are emulated in a row, without an entry.
    private const int MostAtOnce = 64;

    private bool _stepping;

    internal override string Name => Word;

    internal override WorkaroundResult BeforeEntry(GuestView view, bool interruptWaits, Action finish)
    {
        if (!interruptWaits)
        {
            if (_stepping)
                Stop(view, finish);
            return WorkaroundResult.GoOn;
        }
        finish();
        bool changed = false;
        for (int count = 0; count < MostAtOnce; count++)
        {
            // Finishing the instruction, or an emulated one, may have opened the window.
            if (view.Vcpu.ReadyForInjection)
                return WorkaroundResult.LookAgain;
            if (!TryCarryOut(view, finish, out bool mayStep))
            {
                Step(view, mayStep, finish);
                break;
            }
            changed = true;
        }
        return changed ? WorkaroundResult.LookAgain : WorkaroundResult.GoOn;
    }

    internal override void Injecting(GuestView view, Action finish)
    {
        if (_stepping)
            Stop(view, finish);
    }

    internal override bool Exited(GuestView view, KvmExit exit) => exit.Reason switch
    {
        KvmExitReason.Debug => _stepping,
        KvmExitReason.Halt => !StandsBehindHlt(view),
        _ => false,
    };

    internal override void Forget(GuestView view)
    {
        if (_stepping)
            Set(view, false);
    }

    /// <summary>Emulates the next instruction if a step of it would show TF, or would never exit.</summary>
    /// <param name="view">The guest.</param>
    /// <param name="finish">Makes KVM check again whether it can inject.</param>
    /// <param name="mayStep">If the result is false, whether the instruction can be stepped.</param>
    private bool TryCarryOut(GuestView view, Action finish, out bool mayStep)
    {
        KvmSystemRegisters system = view.Vcpu.SystemRegisters;
        mayStep = GuestView.IsKernelOf64Bits(system);
        if (!mayStep)
            return false;
        KvmRegisters registers = view.Vcpu.Registers;
        Span<byte> buffer = stackalloc byte[2];
        ReadOnlySpan<byte> code = view.ReadCode(system, registers.Rip, buffer);
        bool done = code switch
        {
            [Pushf, ..] => Push(view, system, ref registers),
            [WideOperand, Iret] when emulatesIret => Return(view, system, ref registers),
            _ => false,
        };
        if (!done)
        {
            mayStep = code is not ([Hlt, ..] or [WideOperand, Iret]);
            return false;
        }
        view.Vcpu.Registers = registers;
        finish();
        return true;
    }

    private static bool Push(GuestView view, in KvmSystemRegisters system, ref KvmRegisters registers)
    {
        if (!view.TryWriteWord(system, registers.Rsp - sizeof(ulong), new GuestFlags(registers.Rflags).Pushed.Bits))
            return false;
        registers.Rsp -= sizeof(ulong);
        registers.Rip++;
        return true;
    }

    /// <summary>IRETQ to the same segments. It unblocks NMIs (Intel SDM vol. 3, 6.7.1).</summary>
    private static bool Return(GuestView view, in KvmSystemRegisters system, ref KvmRegisters registers)
    {
        const int words = 5;
        Span<ulong> frame = stackalloc ulong[words];
        for (int word = 0; word < words; word++)
        {
            if (!view.TryReadWord(system, registers.Rsp + (ulong)(word * sizeof(ulong)), out frame[word]))
                return false;
        }
        if (frame[1] != system.Cs.Selector || frame[4] != system.Ss.Selector)
            return false;
        KvmVcpuEvents events = view.Vcpu.Events;
        if (events.NmiMasked != 0)
        {
            // KVM delivers the NMIs that waited for it.
            events.NmiMasked = 0;
            events.Flags = KvmVcpuEventFields.None;
            view.Vcpu.Events = events;
        }
        (registers.Rip, registers.Rflags, registers.Rsp) = (frame[0], frame[2], frame[3]);
        return true;
    }

    private void Step(GuestView view, bool mayStep, Action finish)
    {
        if (mayStep == _stepping)
            return;
        if (mayStep)
            Set(view, true);
        else
            Stop(view, finish);
    }

    /// <summary>Ends stepping, and clears the TF that it set.</summary>
    private void Stop(GuestView view, Action finish)
    {
        finish();
        Set(view, false);
        KvmRegisters registers = view.Vcpu.Registers;
        ulong flags = new GuestFlags(registers.Rflags).WithoutTrap.Bits;
        if (flags == registers.Rflags)
            return;
        registers.Rflags = flags;
        view.Vcpu.Registers = registers;
    }

    private void Set(GuestView view, bool on)
    {
        view.Vcpu.SetGuestDebug(on ? KvmGuestDebug.SingleStep : KvmGuestDebug.None);
        _stepping = on;
    }

    private static bool StandsBehindHlt(GuestView view)
    {
        KvmSystemRegisters system = view.Vcpu.SystemRegisters;
        Span<byte> buffer = stackalloc byte[1];
        return view.ReadCode(system, view.Vcpu.Registers.Rip - 1, buffer) is not [not Hlt];
    }
}
