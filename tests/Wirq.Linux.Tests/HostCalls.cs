using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux.Tests;

/// <summary>Calls of libc that only tests make.</summary>
internal static partial class HostCalls
{
    /// <summary>EFD_SEMAPHORE.</summary>
    internal const int EventFdSemaphore = 1;

    private const int DuplicateFrom = 1030; // F_DUPFD_CLOEXEC
    private const int FirstInFirstOut = 1; // SCHED_FIFO
    private const int Words = 16, WordBits = 64;

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "sched_getaffinity", SetLastError = true)]
    private static partial int GetAffinity(int thread, nuint bytes, ref ulong first);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nuint bytes, ref ulong first);

    [LibraryImport("libc", EntryPoint = "sched_setscheduler", SetLastError = true)]
    private static partial int SetScheduler(int thread, int policy, ref int priority);

    [LibraryImport("libc", EntryPoint = "sched_getcpu", SetLastError = true)]
    private static partial int GetCpu();

    internal static int Check(int result, string call) => result >= 0 ? result : throw HostError.Last(call);

    /// <summary>Duplicates a descriptor to the first free number from one on.</summary>
    internal static int Duplicate(int descriptor, int number) => Check(Control(descriptor, DuplicateFrom, number), "fcntl");

    /// <summary>Makes the calling thread a real-time one, which runs until it waits (SCHED_FIFO).</summary>
    /// <returns>0, or an error number.</returns>
    internal static int TryBeRealTime() => SetPolicy(FirstInFirstOut, 1) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Ends that.</summary>
    internal static void BeOrdinary() => Check(SetPolicy(0, 0), "sched_setscheduler");

    /// <summary>Keeps the calling thread on its current CPU until disposal.</summary>
    internal static IDisposable StayOnCpu()
    {
        var before = new Affinity();
        before.Keep(Check(GetCpu(), "sched_getcpu"));
        return before;
    }

    /// <summary>Runs an action on each CPU that the thread may run on.</summary>
    internal static void OnEachCpu(Action action)
    {
        using var before = new Affinity();
        for (int cpu = 0; cpu < Words * WordBits; cpu++)
        {
            if (!before.Has(cpu))
                continue;
            before.Keep(cpu);
            action();
        }
    }

    private static int SetPolicy(int policy, int priority) => SetScheduler(0, policy, ref priority);

    /// <summary>The CPUs that the calling thread may run on; it may again at disposal.</summary>
    private sealed class Affinity : IDisposable
    {
        private const nuint Bytes = Words * sizeof(ulong);
        private readonly ulong[] _before = new ulong[Words];

        internal Affinity() => Check(GetAffinity(0, Bytes, ref _before[0]), "sched_getaffinity");

        internal bool Has(int cpu) => (_before[cpu / WordBits] >> cpu % WordBits & 1) != 0;

        /// <summary>Lets the thread run on one of them only.</summary>
        internal void Keep(int cpu)
        {
            Span<ulong> one = stackalloc ulong[Words];
            one.Clear();
            one[cpu / WordBits] = 1ul << cpu % WordBits;
            Check(SetAffinity(0, Bytes, ref one[0]), "sched_setaffinity");
        }

        public void Dispose() => Check(SetAffinity(0, Bytes, ref _before[0]), "sched_setaffinity");
    }
}
