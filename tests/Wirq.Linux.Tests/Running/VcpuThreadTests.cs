using Wirq.Linux.Probes;
using Wirq.Routing;
using static Wirq.Linux.Tests.Running.TestGuest;

namespace Wirq.Linux.Tests.Running;

/// <summary>Threads of vCPUs: they pause, continue and end on request.</summary>
public class VcpuThreadTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(3);

    [Fact]
    public void A_pause_stands_between_two_instructions_until_it_is_resumed() => KvmHost.Run(system =>
    {
        using ProbeGuest guest = RealMode(system, Chatty);
        int exits = 0;
        using var thread = new VcpuThread(guest.Vcpu, new TestHandler
        {
            Served = (_, exit) =>
            {
                Interlocked.Increment(ref exits);
                if (!exit.Port.IsWrite)
                    exit.Port.Answer(0x77);
                return VcpuNext.Enter;
            },
        });
        thread.Start();
        for (int round = 0; round < 20; round++)
        {
            thread.Pause();
            Assert.Equal(VcpuThreadState.Paused, thread.State);
            // What was read at IN is in the register by now: nothing is half done.
            KvmRegisters registers = guest.Vcpu.Registers;
            Assert.True(registers.Rip is 0 or 2 or 4 or 6, $"rip 0x{registers.Rip:x}");
            Assert.True(registers.Rip != 2 || (byte)registers.Rax == 0x77);
            int standing = Volatile.Read(ref exits);
            Thread.Sleep(1);
            Assert.Equal(standing, Volatile.Read(ref exits));
            thread.Resume();
            Assert.True(KvmHost.Soon(() => Volatile.Read(ref exits) > standing));
        }
    });

    [Fact]
    public void A_kick_wakes_a_halted_guest_and_is_never_missed() => KvmHost.Run(system =>
    {
        using ProbeGuest guest = LongMode(system, Halting);
        int wanted = 0, given = 0, taken = 0;
        bool halted = false;
        using var thread = new VcpuThread(guest.Vcpu, new TestHandler
        {
            Before = vcpu =>
            {
                if (Volatile.Read(ref wanted) != given)
                {
                    if (vcpu.TryInterrupt(0x40))
                        (given, halted) = (given + 1, false);
                }
                return halted ? VcpuNext.Wait : VcpuNext.Enter;
            },
            Served = (_, exit) =>
            {
                if (exit.Reason == KvmExitReason.Halt)
                    halted = true;
                else if (exit.Reason == KvmExitReason.Port)
                    Interlocked.Increment(ref taken);
                return VcpuNext.Enter;
            },
        });
        thread.Start();
        for (int round = 1; round <= 300; round++)
        {
            Interlocked.Increment(ref wanted);
            thread.Kick();
            Assert.True(KvmHost.Soon(() => Volatile.Read(ref taken) == round), $"{taken} of {round}, {thread.State}");
        }
    });

    [Fact]
    public void What_the_handler_throws_ends_the_thread_and_is_thrown_at_its_disposal() => KvmHost.Run(system =>
    {
        using ProbeGuest guest = RealMode(system, Chatty);
        VcpuThread? ended = null;
        var thread = new VcpuThread(guest.Vcpu, new TestHandler { Served = (_, _) => throw new FormatException("ours") },
            new() { Ended = last => ended = last });
        thread.Start();
        Assert.True(thread.Join(s_soon));
        Assert.IsType<FormatException>(thread.Failure);
        Assert.Same(thread, ended);
        Assert.Throws<FormatException>(thread.Dispose);
        thread.Dispose();
    });

    [Fact]
    public void The_handler_can_stop_its_thread() => KvmHost.Run(system =>
    {
        using ProbeGuest guest = RealMode(system, Chatty);
        VcpuThread? thread = null;
        Exception? refused = null;
        thread = new VcpuThread(guest.Vcpu, new TestHandler
        {
            Served = (_, _) =>
            {
                refused = Record.Exception(() => thread!.Pause());
                return VcpuNext.Stop;
            },
        });
        thread.Start();
        Assert.True(thread.Join(s_soon));
        Assert.IsType<InvalidOperationException>(refused);
        Assert.Equal(VcpuThreadState.Ended, thread.State);
        // The exit that it stopped at is finished.
        Assert.Equal(2ul, guest.Vcpu.Registers.Rip);
        thread.Dispose();
    });

    [Fact]
    public void A_handler_that_does_not_return_is_told_of_in_bounded_time() => KvmHost.Run(system =>
    {
        using ProbeGuest guest = RealMode(system, Chatty);
        using ManualResetEventSlim called = new(), release = new();
        var thread = new VcpuThread(guest.Vcpu, new TestHandler
        {
            Served = (_, _) =>
            {
                called.Set();
                release.Wait();
                return VcpuNext.Enter;
            },
        }, new() { Patience = TimeSpan.FromMilliseconds(100) });
        thread.Start();
        Assert.True(called.Wait(s_soon));
        Assert.Throws<TimeoutException>(thread.Pause);
        Assert.Throws<TimeoutException>(thread.Dispose);
        release.Set();
        Assert.True(thread.Join(s_soon));
        Assert.Null(thread.Failure);
    });

    [Fact]
    public void Paused_or_stopped_before_it_starts_it_does_not_enter() => KvmHost.Run(system =>
    {
        using ProbeGuest guest = RealMode(system, Chatty);
        int exits = 0;
        var handler = new TestHandler { Served = (_, _) => Interlocked.Increment(ref exits) > 0 ? VcpuNext.Enter : VcpuNext.Stop };
        using (var never = new VcpuThread(guest.Vcpu, handler))
            Assert.True(never.Join(s_soon));
        using (var stopped = new VcpuThread(guest.Vcpu, handler))
        {
            stopped.Stop();
            stopped.Start();
            Assert.True(stopped.Join(s_soon));
        }
        using var paused = new VcpuThread(guest.Vcpu, handler);
        paused.Pause();
        paused.Start();
        Assert.Throws<InvalidOperationException>(paused.Start);
        Assert.True(KvmHost.Soon(() => paused.State == VcpuThreadState.Paused));
        Assert.Equal(0, exits);
        paused.Resume();
        Assert.True(KvmHost.Soon(() => Volatile.Read(ref exits) > 0));
    });

    [Theory]
    [InlineData(typeof(OutOfMemoryException))]
    [InlineData(typeof(ThreadStartException))]
    public void A_thread_that_cannot_start_never_was(Type refusal) => KvmHost.Run(system =>
    {
        using ProbeGuest guest = RealMode(system, Chatty);
        int exits = 0;
        bool refuses = true;
        using var thread = new VcpuThread(guest.Vcpu, new TestHandler { Served = (_, _) => Interlocked.Increment(ref exits) > 0 ? VcpuNext.Stop : VcpuNext.Enter }, new()
        {
            Patience = s_soon,
            Starter = started =>
            {
                if (refuses)
                    throw (Exception)System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(refusal);
                started.Start();
            },
        });
        KernelException refused = Assert.Throws<KernelException>(thread.Start);
        Assert.Equal(("pthread_create", 11), (refused.Call, refused.Errno));
        Assert.Contains("no thread is left for vCPU 0", refused.Message, StringComparison.Ordinal);
        Assert.Equal(VcpuThreadState.Created, thread.State);
        // No other thread waits for it.
        Assert.True(thread.Join(TimeSpan.Zero));
        thread.Kick();
        refuses = false;
        thread.Start();
        Assert.True(thread.Join(s_soon));
        Assert.Equal(1, exits);
    });

    [Fact]
    public void A_hundred_stops_at_random_moments_leave_no_thread_and_no_descriptor() => KvmHost.Run(system =>
    {
        const int seed = 20240517, rounds = 100;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        Action<GuestCode>[] kinds = [Busy, Chatty, Halting, Hypercalls];
        int descriptors = KvmHost.OpenDescriptors();
        for (int round = 0; round < rounds; round++)
        {
            using ProbeGuest guest = LongMode(system, kinds[random.Next(kinds.Length)]);
            using var thread = new VcpuThread(guest.Vcpu, new TestHandler
            {
                Served = (vcpu, exit) => exit.Reason == KvmExitReason.Halt && !vcpu.TryInterrupt(0x40) ? VcpuNext.Stop : VcpuNext.Enter,
            });
            thread.Start();
            // The count that must be zero in the end counts.
            Assert.True(KvmHost.Soon(() => VcpuThreads() == 1));
            for (int turn = random.Next(4); turn > 0; turn--)
            {
                Thread.Sleep(TimeSpan.FromMilliseconds(random.NextDouble() * 2));
                if (random.Next(2) == 0)
                    thread.Kick();
                else
                {
                    thread.Pause();
                    thread.Resume();
                }
            }
            Thread.SpinWait(random.Next(20_000));
            thread.Stop();
            Assert.True(thread.Join(s_soon), $"round {round}, {thread.State}");
            Assert.Null(thread.Failure);
        }
        Assert.True(KvmHost.Soon(() => VcpuThreads() == 0), "a thread is left");
        Assert.Equal(descriptors, KvmHost.OpenDescriptors());
    });

    private static int VcpuThreads() => Directory.EnumerateDirectories("/proc/self/task")
        .Count(task => File.Exists($"{task}/comm") && Name(task).StartsWith("wirq vcpu", StringComparison.Ordinal));

    private static string Name(string task)
    {
        try
        {
            return File.ReadAllText($"{task}/comm");
        }
        // It ended in between.
        catch (IOException)
        {
            return "";
        }
    }
}
