namespace Wirq.HostIrq;

/// <summary>What Linux answers to a call: its error numbers, without the sign.</summary>
public enum LinuxError : short
{
    /// <summary>It was done.</summary>
    None = 0,
    /// <summary>EBADF.</summary>
    BadDescriptor = 9,
    /// <summary>ENOMEM.</summary>
    NoMemory = 12,
    /// <summary>EBUSY.</summary>
    Busy = 16,
    /// <summary>ENODEV.</summary>
    NoDevice = 19,
    /// <summary>EINVAL.</summary>
    Invalid = 22,
    /// <summary>ENOTTY.</summary>
    NoSuchCall = 25,
    /// <summary>ENOSPC.</summary>
    NoSpace = 28,
    /// <summary>ERANGE.</summary>
    OutOfRange = 34,
}
