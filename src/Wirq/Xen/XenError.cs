namespace Wirq.Xen;

/// <summary>Why Xen refuses a hypercall. The guest gets the negated number.</summary>
/// <remarks>The numbers are those of Xen's ABI (<c>public/errno.h</c>), on every host. <see cref="Restart"/> is Xen's
/// own, and no guest sees it.</remarks>
public enum XenError
{
    /// <summary>It did not refuse.</summary>
    None = 0,
    /// <summary>EPERM: the caller has no right to it.</summary>
    NotPermitted = 1,
    /// <summary>ENOENT: there is no such vCPU, or the device has no pin.</summary>
    NoSuchEntry = 2,
    /// <summary>ESRCH: there is no such domain.</summary>
    NoSuchDomain = 3,
    /// <summary>EAGAIN: ports were opened meanwhile.</summary>
    TryAgain = 11,
    /// <summary>ENOMEM: the model has no more room for bindings.</summary>
    NoMemory = 12,
    /// <summary>EACCES: the port is not in use, or the call is of another version of the interface.</summary>
    NoAccess = 13,
    /// <summary>EFAULT: the argument cannot be read.</summary>
    Fault = 14,
    /// <summary>EBUSY: it belongs to another domain, or is going on.</summary>
    Busy = 16,
    /// <summary>EEXIST: it is bound.</summary>
    Exists = 17,
    /// <summary>ENODEV: the domain does not have that device.</summary>
    NoDevice = 19,
    /// <summary>EINVAL: an argument is outside its range, or does not fit the state.</summary>
    Invalid = 22,
    /// <summary>ENOSPC: there are no more ports or pages.</summary>
    NoSpace = 28,
    /// <summary>ERANGE: there is no such GSI.</summary>
    OutOfRange = 34,
    /// <summary>ENOSYS: there is no such operation under the present ABI, in this version, or for this kind of
    /// domain.</summary>
    NotImplemented = 38,
    /// <summary>ERESTART: more is to do; the guest's hypercall is made again, and goes on.</summary>
    Restart = 85,
    /// <summary>EOPNOTSUPP: the domain has not switched to the FIFO ABI, or a binding has no such type.</summary>
    NotSupported = 95,
}
