namespace Wirq.Linux.Interop;

/// <summary>Error numbers that a branch here depends on (Linux include/uapi/asm-generic/errno-base.h).</summary>
internal static class Errno
{
    [CName("EPERM")] internal const int NotPermitted = 1;
    [CName("ENOENT")] internal const int NoEntry = 2;
    [CName("EINTR")] internal const int Interrupted = 4;
    [CName("ENXIO")] internal const int NoSuchDevice = 6;
    [CName("E2BIG")] internal const int TooBig = 7;
    [CName("EBADF")] internal const int BadDescriptor = 9;
    [CName("EAGAIN")] internal const int Again = 11;
    [CName("ENOMEM")] internal const int NoMemory = 12;
    [CName("EACCES")] internal const int Denied = 13;
    [CName("EFAULT")] internal const int BadAddress = 14;
    [CName("EBUSY")] internal const int Busy = 16;
    [CName("EEXIST")] internal const int Exists = 17;
    [CName("ENODEV")] internal const int NoDevice = 19;
    [CName("EINVAL")] internal const int Invalid = 22;
    [CName("ENFILE")] internal const int SystemDescriptors = 23;
    [CName("EMFILE")] internal const int ProcessDescriptors = 24;
    [CName("ENOTTY")] internal const int NotSupported = 25;
    [CName("ENOSPC")] internal const int NoSpace = 28;
    [CName("EPIPE")] internal const int BrokenPipe = 32;
    [CName("ERANGE")] internal const int OutOfRange = 34;
}

/// <summary>Flags of open (<c>fcntl.h</c>).</summary>
internal static class OpenFlags
{
    [CName("O_RDWR")] internal const int ReadWrite = 2;
    [CName("O_NONBLOCK")] internal const int NonBlocking = 0x800;
    [CName("O_CLOEXEC")] internal const int CloseOnExec = 0x80000;
}

/// <summary>Commands of fcntl (<c>fcntl.h</c>).</summary>
internal static class ControlCommands
{
    [CName("F_DUPFD_CLOEXEC")] internal const int Duplicate = 1030;
    [CName("F_GETFL")] internal const int GetFlags = 3;
    [CName("F_ADD_SEALS")] internal const int AddSeals = 1033;
    [CName("F_GET_SEALS")] internal const int GetSeals = 1034;
}

/// <summary>Files in memory: flags, seals, and the end of a file (<c>sys/mman.h</c>, <c>fcntl.h</c>,
/// <c>unistd.h</c>).</summary>
internal static class MemoryFileFlags
{
    [CName("MFD_CLOEXEC")] internal const uint CloseOnExec = 1;
    [CName("MFD_ALLOW_SEALING")] internal const uint AllowSealing = 2;
    [CName("F_SEAL_SEAL")] internal const int SealSeals = 1;
    [CName("F_SEAL_SHRINK")] internal const int SealShrink = 2;
    [CName("F_SEAL_GROW")] internal const int SealGrow = 4;
    [CName("SEEK_END")] internal const int End = 2;
}

/// <summary>Flags of messages of sockets, and the control message with descriptors (<c>sys/socket.h</c>).</summary>
internal static class MessageFlags
{
    [CName("MSG_DONTWAIT")] internal const int DoNotWait = 0x40;
    [CName("MSG_NOSIGNAL")] internal const int NoSignal = 0x4000;
    [CName("MSG_CTRUNC")] internal const int ControlTruncated = 8;
    [CName("MSG_CMSG_CLOEXEC")] internal const int CloseOnExec = 0x40000000;
    [CName("SOL_SOCKET")] internal const int SocketLevel = 1;
    [CName("SCM_RIGHTS")] internal const int Rights = 1;
}

/// <summary>Kinds of sockets (<c>sys/socket.h</c>).</summary>
internal static class SocketKinds
{
    [CName("AF_UNIX")] internal const ushort Unix = 1;
    [CName("SOCK_STREAM")] internal const int Stream = 1;
    [CName("SOCK_CLOEXEC")] internal const int CloseOnExec = 0x80000;
}

/// <summary>Flags of eventfd (<c>sys/eventfd.h</c>).</summary>
internal static class EventFdFlags
{
    [CName("EFD_CLOEXEC")] internal const int CloseOnExec = 0x80000;
    [CName("EFD_NONBLOCK")] internal const int NonBlocking = 0x800;
}

/// <summary>Flags of a timer's descriptor, and its clock (<c>sys/timerfd.h</c>, <c>time.h</c>).</summary>
internal static class TimerFdFlags
{
    [CName("TFD_CLOEXEC")] internal const int CloseOnExec = 0x80000;
    [CName("TFD_NONBLOCK")] internal const int NonBlocking = 0x800;
    [CName("TFD_TIMER_ABSTIME")] internal const int Absolute = 1;
    [CName("CLOCK_MONOTONIC")] internal const int Monotonic = 1;
}

/// <summary>Operations and event bits of epoll (<c>sys/epoll.h</c>).</summary>
internal static class EpollFlags
{
    [CName("EPOLL_CLOEXEC")] internal const int CloseOnExec = 0x80000;
    [CName("EPOLL_CTL_ADD")] internal const int Add = 1;
    [CName("EPOLL_CTL_DEL")] internal const int Delete = 2;
    [CName("EPOLL_CTL_MOD")] internal const int Modify = 3;
    [CName("EPOLLIN")] internal const uint Readable = 1;
    [CName("EPOLLET")] internal const uint EdgeTriggered = 1u << 31;
}

/// <summary>Event bits of poll (<c>poll.h</c>).</summary>
internal static class PollFlags
{
    [CName("POLLIN")] internal const short Readable = 1;
    [CName("POLLOUT")] internal const short Writable = 4;
    [CName("POLLNVAL")] internal const short NotOpen = 0x20;
}

/// <summary>Request masks of statx, and kinds of files (<c>sys/stat.h</c>, <c>fcntl.h</c>).</summary>
internal static class StatusFlags
{
    [CName("AT_FDCWD")] internal const int HereFolder = -100;
    [CName("STATX_TYPE")] internal const uint Kind = 1;
    [CName("STATX_INO")] internal const uint Inode = 0x100;
    [CName("S_IFMT")] internal const ushort KindMask = 0xF000;
    [CName("S_IFREG")] internal const ushort Regular = 0x8000;
    [CName("S_IFDIR")] internal const ushort Folder = 0x4000;
    [CName("S_IFSOCK")] internal const ushort Socket = 0xC000;
}

/// <summary>Protection and flags of a mapping (<c>sys/mman.h</c>).</summary>
internal static class MapFlags
{
    [CName("PROT_READ")] internal const int Read = 1;
    [CName("PROT_WRITE")] internal const int Write = 2;
    [CName("MAP_SHARED")] internal const int Shared = 1;
    [CName("MAP_PRIVATE")] internal const int Private = 2;
    [CName("MAP_ANONYMOUS")] internal const int Anonymous = 0x20;
    [CName("MAP_NORESERVE")] internal const int NoReserve = 0x4000;
}

/// <summary>Numbers of system calls that libc may have no function for (<c>sys/syscall.h</c>).</summary>
internal static class SystemCalls
{
    [CName("SYS_gettid")] internal const int GetThreadId = 186;
    [CName("SYS_tgkill")] internal const int SignalThread = 234;
}

/// <summary>Flags of signals (<c>signal.h</c>).</summary>
internal static class SignalFlags
{
    [CName("SIG_UNBLOCK")] internal const int Unblock = 1;
}
