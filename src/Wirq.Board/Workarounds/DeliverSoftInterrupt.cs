using Wirq.Linux;

namespace Wirq.Board.Workarounds;

/// <summary>Delivers INT3 and INT n at CPL 0 in 64-bit mode, if KVM reports them as instructions that it does not
/// emulate (probe <c>soft-interrupt</c>).</summary>
/// <remarks>KVM delivers an injected event, but not the exceptions that the delivery itself raises: a gate or a segment
/// that is not present (#NP), and a stack that cannot be written (#PF). So these are checked here first.</remarks>
internal sealed class DeliverSoftInterrupt : Workaround
{
    internal const string Word = "deliver-soft-interrupt";
    private const byte Int3 = 0xCC, IntN = 0xCD, Breakpoint = 3, NotPresent = 11, PageFault = 14;
    private const int GateBytes = 16;
    private const uint ErrorOfGate = 2, ErrorOfWrite = 2, ErrorOfProtection = 1;
    // SS, RSP, RFLAGS, CS, RIP.
    private const ulong FrameBytes = 5 * sizeof(ulong), StackAlignment = 16;

    internal override string Name => Word;

    internal override bool Exited(GuestView view, KvmExit exit)
    {
        if (exit.Reason != KvmExitReason.InternalError || exit.Error.What != KvmInternalError.Emulation)
            return false;
        KvmSystemRegisters system = view.Vcpu.SystemRegisters;
        if (!GuestView.IsKernelOf64Bits(system))
            return false;
        KvmRegisters registers = view.Vcpu.Registers;
        Span<byte> buffer = stackalloc byte[2];
        ReadOnlySpan<byte> code = view.ReadCode(system, registers.Rip, buffer);
        if (code is [Int3, ..])
            Deliver(view, system, registers, Breakpoint, length: 1);
        else if (code is [IntN, byte vector])
            Deliver(view, system, registers, vector, length: 2);
        else
            return false;
        return true;
    }

    private static void Deliver(GuestView view, in KvmSystemRegisters system, KvmRegisters registers, byte vector, uint length)
    {
        KvmVcpuEvents events = view.Vcpu.Events;
        events.Flags = KvmVcpuEventFields.None;
        if (FindFault(view, system, registers, vector, out byte fault, out uint error, out ulong address))
        {
            // After a fault the instruction is executed again.
            (events.ExceptionInjected, events.ExceptionVector) = (1, fault);
            (events.ExceptionHasErrorCode, events.ExceptionErrorCode) = (1, error);
            if (fault == PageFault)
            {
                KvmSystemRegisters faulted = system;
                faulted.Cr2 = address;
                view.Vcpu.SystemRegisters = faulted;
            }
        }
        else
        {
            registers.Rip += length;
            view.Vcpu.Registers = registers;
            (events.InterruptInjected, events.InterruptVector) = (1, vector);
        }
        view.Vcpu.Events = events;
        // The event that is being delivered comes before any interrupt.
        view.Vcpu.ForgetReadiness();
    }

    /// <summary>Finds the fault that the delivery of a software interrupt raises (Intel SDM vol. 2, INT n: the checks
    /// up to INTRA-PRIVILEGE-LEVEL-INTERRUPT).</summary>
    private static bool FindFault(GuestView view, in KvmSystemRegisters system, in KvmRegisters registers, byte vector,
        out byte fault, out uint error, out ulong address)
    {
        (fault, error, address) = (NotPresent, 0, 0);
        if (!view.TryReadWord(system, system.Idt.Base + (ulong)(vector * GateBytes), out ulong bits))
            return false;
        var gate = new GuestGate(bits);
        var selector = new GuestSelector(gate.Selector);
        if (!gate.Present)
        {
            error = (uint)(vector * sizeof(ulong)) | ErrorOfGate;
            return true;
        }
        if (!selector.IsLocal && view.TryReadWord(system, system.Gdt.Base + selector.Offset, out ulong descriptor)
            && !new GuestDescriptor(descriptor).Present)
        {
            error = selector.ErrorCode;
            // #NP is delivered on the same stack, so a fault of that stack comes first.
            FindStackFault(view, system, registers, NotPresent, ref fault, ref error, ref address);
            return true;
        }
        return !gate.HasStack && FindStackFault(view, system, registers, vector, ref fault, ref error, ref address);
    }

    private static bool FindStackFault(GuestView view, in KvmSystemRegisters system, in KvmRegisters registers, byte vector,
        ref byte fault, ref uint error, ref ulong address)
    {
        if (view.TryReadWord(system, system.Idt.Base + (ulong)(vector * GateBytes), out ulong bits) && new GuestGate(bits).HasStack)
            return false;
        ulong top = registers.Rsp & ~(StackAlignment - 1);
        foreach (ulong place in (ReadOnlySpan<ulong>)[top - sizeof(ulong), top - FrameBytes])
        {
            if (view.MayWrite(system, place))
                continue;
            bool present = view.TryTranslate(system, place, write: false, out _);
            (fault, error, address) = (PageFault, ErrorOfWrite | (present ? ErrorOfProtection : 0), place);
            return true;
        }
        return false;
    }
}
