using System.Runtime.InteropServices;
using Wirq.Routing;

namespace Wirq.Linux.Interop;

/// <summary>Makes the exception for a call that failed: which call, which error, and what to do about it.</summary>
internal static class HostError
{
    /// <summary>The exception for the libc call that this thread made last. No code may run between the two, not even
    /// one that builds an argument: any system call replaces the error number.</summary>
    /// <param name="call">The call, as its manual names it; a constant.</param>
    internal static KernelException Last(string call) => Of(call, Marshal.GetLastPInvokeError());

    /// <summary>The exception for an error number.</summary>
    /// <param name="call">The call, as its manual names it.</param>
    /// <param name="errno">The error number, taken right after the call.</param>
    /// <param name="gsi">The GSI of the call; negative for none.</param>
    /// <param name="advice">What to do, if the caller can say more than the error number does. It describes the
    /// arguments of the call. If the host has run out of something, the message says so automatically.</param>
    internal static KernelException Of(string call, int errno, int gsi = -1, string? advice = null) =>
        new(call, errno, gsi, advice is null || IsShortage(errno) ? Advice(errno) : advice);

    /// <summary>Whether the host has run out of something that every call may need.</summary>
    private static bool IsShortage(int errno) => errno is Errno.NoMemory or Errno.ProcessDescriptors or Errno.SystemDescriptors;

    /// <summary>What to do about an error number, for any call.</summary>
    private static string Advice(int errno) => errno switch
    {
        Errno.NotPermitted or Errno.Denied => "this user may not; give it access",
        Errno.BadDescriptor => "the descriptor is closed; keep it open for as long as it is used",
        Errno.NoMemory => "the host has no memory left; give it some, or use less",
        Errno.ProcessDescriptors => "this process has no descriptors left; raise RLIMIT_NOFILE or close some",
        Errno.SystemDescriptors => "the host has no descriptors left; raise fs.file-max or close some",
        Errno.NoSpace => "a table of the host is full; raise its limit (fs.epoll.max_user_watches for epoll)",
        Errno.NotSupported => "this kernel does not have the call; use a newer kernel",
        Errno.BadAddress => "what was passed is not mapped; keep it mapped for as long as it is used",
        _ => "an argument does not suit; see the manual of the call",
    };
}
