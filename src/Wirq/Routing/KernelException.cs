namespace Wirq.Routing;

/// <summary>The host refused a call.</summary>
/// <remarks>It is not an <see cref="IOException"/>, so a handler for file errors does not catch a refusal of the
/// host.</remarks>
public sealed class KernelException : Exception
{
    /// <summary>Builds the exception.</summary>
    /// <param name="call">The call, as its manual names it: <c>KVM_IRQFD</c>, <c>epoll_ctl</c>.</param>
    /// <param name="errno">The error number of Linux.</param>
    /// <param name="gsi">The GSI of the call; negative for none.</param>
    /// <param name="advice">What to do about it, in a clause.</param>
    public KernelException(string call, int errno, int gsi, string advice)
        : base($"{call}{(gsi < 0 ? "" : $" for GSI {gsi}")} failed with {Name(errno)}: {advice}")
    {
        Call = call;
        Errno = errno;
        Gsi = gsi;
        Advice = advice;
    }

    /// <summary>The call that failed.</summary>
    public string Call { get; }
    /// <summary>The error number of Linux.</summary>
    public int Errno { get; }
    /// <summary>The GSI of the call; negative for none.</summary>
    public int Gsi { get; }
    /// <summary>What to do about it, in a clause.</summary>
    public string Advice { get; }

    /// <summary>The name of an error number of Linux (include/uapi/asm-generic/errno-base.h).</summary>
    public static string Name(int errno) => errno switch
    {
        1 => "EPERM",
        2 => "ENOENT",
        4 => "EINTR",
        6 => "ENXIO",
        7 => "E2BIG",
        9 => "EBADF",
        11 => "EAGAIN",
        12 => "ENOMEM",
        13 => "EACCES",
        14 => "EFAULT",
        16 => "EBUSY",
        17 => "EEXIST",
        19 => "ENODEV",
        22 => "EINVAL",
        23 => "ENFILE",
        24 => "EMFILE",
        25 => "ENOTTY",
        28 => "ENOSPC",
        _ => $"errno {errno}",
    };
}
