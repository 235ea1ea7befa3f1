using System.Diagnostics;
using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <content>Entering the guest, and leaving it by a kick.</content>
/// <remarks>
/// A kicker sets immediate_exit and then checks whether a thread is inside. A thread that enters first marks that it is
/// inside, and then KVM checks immediate_exit. Both are full fences, so one of the two threads sees the other: the
/// entry returns at once, or the thread gets a signal. While a kicker sends the signal, the thread does not leave
/// <see cref="Run"/>, so its id cannot belong to another thread yet.
/// </remarks>
public sealed partial class KvmVcpu
{
    private const int Outside = 0, Inside = 1, Kicking = 2, Kicked = 3;

    private int _presence, _thread;

    /// <summary>Runs the guest until it exits (KVM_RUN). The request in <see cref="Exit"/> must be answered before the
    /// next entry, which finishes the instruction.</summary>
    /// <returns>Why the vCPU left the guest. <see cref="KvmExitReason.Interrupted"/>: by a <see cref="Kick"/>, which
    /// may have come before the call, or rarely without cause.</returns>
    /// <remarks>One thread at a time. Allocates nothing. A kick that comes together with another exit is consumed by
    /// that exit: check the reason for kicks after every exit.</remarks>
    /// <exception cref="KernelException">KVM cannot run it. EFAULT: guest memory is not mapped in this
    /// process.</exception>
    /// <exception cref="ObjectDisposedException">The vCPU is disposed.</exception>
    public KvmExitReason Run()
    {
        bool held = false;
        RunPage.DangerousAddRef(ref held);
        try
        {
            _thread = KickSignal.PrepareThread();
            int before = Interlocked.Exchange(ref _presence, Inside);
            Debug.Assert(before == Outside, "one thread runs a vCPU at a time");
            int result = KvmCalls.Run.TryInvokeOnce(Descriptor);
            // Before leaving: a kick from here on is for the next entry.
            Volatile.Write(ref Page.ImmediateExit, 0);
            Leave();
            if (result >= 0)
                return Page.ExitReason;
            // EAGAIN: it waits for INIT or SIPI, and something woke it (Linux arch/x86/kvm/x86.c,
            // kvm_arch_vcpu_ioctl_run).
            if (result is not (-Errno.Interrupted or -Errno.Again))
                throw HostError.Of(KvmCalls.Run.Name, -result, advice: RunAdvice(-result));
            // KVM does not write it if it did not enter the guest.
            return Page.ExitReason = KvmExitReason.Interrupted;
        }
        finally
        {
            RunPage.DangerousRelease();
        }
    }

    /// <summary>Finishes the instruction that exited, without running the guest further. Use it to read or change
    /// registers after an exit (see <see cref="KvmExit.IsUnfinished"/>).</summary>
    /// <returns><see cref="KvmExitReason.Interrupted"/> once it is finished; else the exit of the next part of the same
    /// instruction, which must be answered too.</returns>
    /// <inheritdoc cref="Run" path="/exception"/>
    public KvmExitReason Complete()
    {
        ObjectDisposedException.ThrowIf(RunPage.IsClosed, this);
        Page.ImmediateExit = 1;
        return Run();
    }

    /// <summary>Makes the thread that is inside <see cref="Run"/> return, or the next entry return at once. It may be
    /// called from any thread. It only signals: the thread returns soon after. Measured: this also works while KVM
    /// emulates a guest without end.</summary>
    /// <exception cref="KernelException">EAGAIN: no more signals may be pending.</exception>
    /// <exception cref="ObjectDisposedException">The vCPU is disposed.</exception>
    public void Kick()
    {
        bool held = false;
        RunPage.DangerousAddRef(ref held);
        try
        {
            Volatile.Write(ref Page.ImmediateExit, 1);
            if (Interlocked.CompareExchange(ref _presence, Kicking, Inside) != Inside)
                return;
            try
            {
                KickSignal.Send(_thread);
            }
            finally
            {
                Volatile.Write(ref _presence, Kicked);
            }
        }
        finally
        {
            RunPage.DangerousRelease();
        }
    }

    /// <summary>The last exit of <see cref="Run"/>.</summary>
    /// <exception cref="ObjectDisposedException">The vCPU is disposed.</exception>
    public KvmExit Exit
    {
        get
        {
            Span<byte> bytes = RunPage.AsSpan();
            return new KvmExit(ref Page, bytes);
        }
    }

    /// <summary>Whether KVM can inject an interrupt at the next entry, as of the last exit
    /// (<c>ready_for_interrupt_injection</c>).</summary>
    public bool ReadyForInjection => Page.ReadyForInjection != 0;

    /// <summary>RFLAGS.IF, as of the last exit.</summary>
    public bool InterruptFlag => Page.InterruptFlag != 0;

    /// <summary>Whether the guest is left as soon as it can take an interrupt
    /// (<c>request_interrupt_window</c>).</summary>
    public bool RequestInterruptWindow
    {
        get => Page.RequestInterruptWindow != 0;
        set => Page.RequestInterruptWindow = value ? (byte)1 : (byte)0;
    }

    /// <summary>CR8, the priority class of TPR, if the kernel has no local APIC. Reading returns the value of the last
    /// exit; writing sets it at the next entry. Measured: the guest's writes do not exit. So copy it to the local APIC
    /// after every exit, and from the local APIC before every entry.</summary>
    public ulong Cr8
    {
        get => Page.Cr8;
        set => Page.Cr8 = value;
    }

    /// <summary>IA32_APIC_BASE, as of the last exit. To set it, write the MSR (<see cref="WriteMsr"/>, 0x1B): this also
    /// updates CPUID, and KVM does not read it from the page.</summary>
    public ulong ApicBase => Page.ApicBase;

    /// <summary>Injects a vector directly, without the local APIC, if KVM can inject one at the next entry. Otherwise
    /// it requests a <see cref="KvmExitReason.InterruptWindow"/>. At most one vector between two entries.</summary>
    /// <param name="vector">The vector.</param>
    /// <returns>Whether it was injected.</returns>
    /// <remarks>While an interrupt waits, try this before each entry, not only at the window. Measured: a KVM that
    /// emulates in batches reports that it is ready at other exits, and misses windows.</remarks>
    /// <inheritdoc cref="Interrupt" path="/exception"/>
    public bool TryInterrupt(byte vector)
    {
        if (!ReadyForInjection)
        {
            RequestInterruptWindow = true;
            return false;
        }
        Interrupt(vector);
        // A second one before the next entry would replace the first (measured).
        Page.ReadyForInjection = 0;
        RequestInterruptWindow = false;
        return true;
    }

    /// <summary>Whether a thread is inside <see cref="Run"/>.</summary>
    internal bool IsInside => Volatile.Read(ref _presence) != Outside;

    /// <summary>Clears what the last exit reported about interrupts, because registers were changed since.</summary>
    internal void ForgetReadiness() => (Page.ReadyForInjection, Page.InterruptFlag) = (0, 0);

    private unsafe ref RunPage Page
    {
        get
        {
            Debug.Assert(!RunPage.IsClosed, "the vCPU is not disposed");
            // SAFETY: KVM maps at least one page, which is longer than the struct that is declared here.
            return ref *(RunPage*)RunPage.Address;
        }
    }

    /// <summary>Marks the thread as no longer inside, once no kicker is about to signal it.</summary>
    private void Leave()
    {
        SpinWait spin = default;
        while (true)
        {
            int now = Volatile.Read(ref _presence);
            if (now != Kicking && Interlocked.CompareExchange(ref _presence, Outside, now) == now)
                return;
            spin.SpinOnce();
        }
    }

    private static string? RunAdvice(int errno) => errno switch
    {
        Errno.BadAddress => "the guest reached memory that this process does not have mapped; keep its mappings",
        Errno.Invalid => "the vCPU's state contradicts itself; look at its system registers",
        _ => null,
    };
}
