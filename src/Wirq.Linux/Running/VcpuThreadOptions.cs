namespace Wirq.Linux;

/// <summary>How a <see cref="VcpuThread"/> works.</summary>
public sealed record VcpuThreadOptions
{
    /// <summary>Name of the thread; by default "wirq vcpu" and the vCPU's id.</summary>
    public string? ThreadName { get; init; }

    /// <summary>How long <see cref="VcpuThread.Dispose"/> waits for the end of the thread, and
    /// <see cref="VcpuThread.Pause()"/> for the pause; 0 to 2^31 - 1 ms.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Called on the thread as its last action, on every way to its end.</summary>
    public Action<VcpuThread>? Ended { get; init; }

    /// <summary>Throws if no thread can work with these options.</summary>
    /// <exception cref="OptionException">A field is out of its range.</exception>
    public void Validate() => OptionCheck.Whole.That(Patience >= TimeSpan.Zero && Patience.TotalMilliseconds <= int.MaxValue,
        $"{Patience}", $"0 to {int.MaxValue} ms", nameof(Patience));

    /// <summary>Starts the thread; tests replace it to make it fail.</summary>
    internal Action<Thread> Starter { get; init; } = static thread => thread.Start();
}

/// <summary>What a <see cref="VcpuThread"/> does.</summary>
public enum VcpuThreadState : byte
{
    /// <summary>It is not started.</summary>
    Created,
    /// <summary>It runs the guest, or serves an exit.</summary>
    Running,
    /// <summary>It sleeps until it is kicked.</summary>
    Waiting,
    /// <summary>It is paused, between two instructions of the guest.</summary>
    Paused,
    /// <summary>It has ended.</summary>
    Ended,
}
