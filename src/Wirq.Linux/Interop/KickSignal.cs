using System.Runtime.InteropServices;

namespace Wirq.Linux.Interop;

/// <summary>The signal that makes a thread leave KVM_RUN.</summary>
/// <remarks>
/// <para>A thread inside KVM_RUN is in the kernel, or in the guest. A signal with a handler makes it return, with EINTR
/// (Linux Documentation/virt/kvm/api.rst, 4.10). The default action would end the process, and an ignored signal does
/// not interrupt KVM_RUN, so there must be a handler; it has nothing to do. It cannot be a managed method: a signal may
/// come while its thread runs managed code, which a handler must not enter again. So it is a libc function that is safe
/// in a handler, has no effect and does not use its arguments: <c>getpid</c>.</para>
/// <para>It is a real-time signal, because the kernel does not send these by itself. The runtime uses the first one, so
/// this takes the first later one without a handler. It is claimed once, for the lifetime of the process. SA_RESTART is
/// not set: the call must return, not restart.</para>
/// </remarks>
internal static unsafe class KickSignal
{
    private static readonly Lock s_lock = new();
    private static int s_number;

    [ThreadStatic]
    private static int t_thread;

    /// <summary>The signal.</summary>
    /// <exception cref="Routing.KernelException">Every real-time signal has a handler already.</exception>
    internal static int Number => s_number != 0 ? s_number : Claim();

    /// <summary>Prepares this thread for kicks. It unblocks the signal, which the parent process may have blocked, and
    /// tests that it can be sent: once the guest runs, nothing else would interrupt the thread.</summary>
    /// <returns>The thread id of Linux.</returns>
    /// <exception cref="Routing.KernelException">It cannot be sent.</exception>
    internal static int PrepareThread()
    {
        if (t_thread != 0)
            return t_thread;
        int errno = Libc.ThreadSignalMask(SignalFlags.Unblock, SignalSet.Of(Number), 0);
        if (errno != 0)
            throw HostError.Of("pthread_sigmask", errno);
        int thread = (int)Libc.SystemCall(SystemCalls.GetThreadId);
        Send(thread);
        return t_thread = thread;
    }

    /// <summary>Sends it to a thread of this process, which must not end during the call.</summary>
    /// <param name="thread">The id that <see cref="PrepareThread"/> returned.</param>
    internal static void Send(int thread)
    {
        if (Libc.SystemCall(SystemCalls.SignalThread, Environment.ProcessId, thread, Number) == 0)
            return;
        int errno = Marshal.GetLastPInvokeError();
        throw HostError.Of("tgkill", errno, advice: errno == Errno.Again
            ? "this user has as many signals pending as it may; raise RLIMIT_SIGPENDING" : null);
    }

    private static int Claim()
    {
        lock (s_lock)
        {
            if (s_number != 0)
                return s_number;
            nint empty = NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "getpid");
            int last = Libc.LastRealTimeSignal();
            for (int signal = Libc.FirstRealTimeSignal() + 1; signal <= last; signal++)
            {
                SignalAction previous = default, wanted = new() { Handler = empty };
                // SAFETY: both are on the stack and have the size of struct sigaction.
                if (Libc.SignalAction(signal, null, &previous) != 0 || previous.Handler != 0)
                    continue;
                if (Libc.SignalAction(signal, &wanted, null) != 0)
                    throw HostError.Last("sigaction");
                return s_number = signal;
            }
            throw HostError.Of("sigaction", Errno.Busy,
                advice: "every real-time signal has a handler already; leave one free for stopping vCPUs");
        }
    }
}
