using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.Linux.Interop;

/// <summary>An event that epoll waits for or reports (<c>struct epoll_event</c>). On x86-64, and only there, it is
/// packed to 12 bytes.</summary>
[CName("struct epoll_event")]
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct EpollEvent
{
    /// <summary>Event bits (<c>events</c>).</summary>
    [CName("events")] public uint Events;
    /// <summary>The value that epoll returns with the event (<c>data.u64</c>).</summary>
    [CName("data.u64")] public EpollKey Key;
}

/// <summary>Identifies a descriptor of an epoll.</summary>
/// <remarks><code>
///  63   32 31    0
/// +-------+-------+
/// | kind  | token |
/// +-------+-------+
/// </code></remarks>
internal readonly record struct EpollKey(ulong Bits)
{
    private const int KindShift = 32;

    /// <summary>The purpose of a descriptor.</summary>
    internal enum Use : uint
    {
        /// <summary>An eventfd that is watched.</summary>
        Watched,
        /// <summary>Wakes the loop.</summary>
        WakeUp,
        /// <summary>The loop's timer.</summary>
        Timer,
    }

    internal EpollKey(Use kind, int token = 0) : this((ulong)kind << KindShift | (uint)token) { }

    internal Use Kind => (Use)(Bits >> KindShift);
    internal int Token => (int)Bits;
}

/// <summary>A descriptor to poll (<c>struct pollfd</c>).</summary>
[CName("struct pollfd")]
[StructLayout(LayoutKind.Sequential)]
internal struct PollDescriptor
{
    /// <summary>The descriptor (<c>fd</c>).</summary>
    [CName("fd")] public int Number;
    /// <summary>Event bits wanted (<c>events</c>).</summary>
    [CName("events")] public short Wanted;
    /// <summary>Event bits found (<c>revents</c>).</summary>
    [CName("revents")] public short Found;
}

/// <summary>A time (<c>struct timespec</c>).</summary>
[CName("struct timespec")]
[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpec
{
    private const long PerSecond = 1_000_000_000;

    /// <summary>Seconds (<c>tv_sec</c>).</summary>
    [CName("tv_sec")] public long Seconds;
    /// <summary>Nanoseconds, below a second (<c>tv_nsec</c>).</summary>
    [CName("tv_nsec")] public long Nanoseconds;

    /// <summary>A count of nanoseconds.</summary>
    internal static TimeSpec Of(long nanoseconds) =>
        new() { Seconds = nanoseconds / PerSecond, Nanoseconds = nanoseconds % PerSecond };
}

/// <summary>When a timer fires (<c>struct itimerspec</c>).</summary>
[CName("struct itimerspec")]
[StructLayout(LayoutKind.Sequential)]
internal struct TimerSetting
{
    /// <summary>The time between two expiries; zero for a single one (<c>it_interval</c>).</summary>
    [CName("it_interval")] public TimeSpec Interval;
    /// <summary>The first expiry; zero for never (<c>it_value</c>).</summary>
    [CName("it_value")] public TimeSpec First;
}

/// <summary>A set of signals: signal n is bit n - 1 (<c>sigset_t</c>).</summary>
[InlineArray(Words)]
internal struct SignalSet
{
    private const int Words = 16, WordBits = 64;

    private ulong _first;

    /// <summary>The set of one signal.</summary>
    internal static SignalSet Of(int signal)
    {
        SignalSet set = default;
        set[(signal - 1) / WordBits] = 1ul << (signal - 1) % WordBits;
        return set;
    }
}

/// <summary>The action for a signal (<c>struct sigaction</c>).</summary>
[CName("struct sigaction")]
[StructLayout(LayoutKind.Sequential)]
internal struct SignalAction
{
    /// <summary>The handler; 0 for the default action (<c>sa_handler</c>).</summary>
    [CName("sa_handler")] public nint Handler;
    /// <summary>The signals that are blocked during the handler (<c>sa_mask</c>).</summary>
    [CName("sa_mask")] public SignalSet Mask;
    /// <summary>Zero: an interrupted call is not restarted (<c>sa_flags</c>).</summary>
    [CName("sa_flags")] public int Flags;
    /// <summary>Filled by libc (<c>sa_restorer</c>).</summary>
    [CName("sa_restorer")] public nint Restorer;
}

/// <summary>The status of a file (<c>struct statx</c>).</summary>
[CName("struct statx", Partial = true)]
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal struct FileStatusBytes
{
    private const int Bytes = 256;

    /// <summary>Kind and permissions (<c>stx_mode</c>).</summary>
    [CName("stx_mode")] [FieldOffset(28)] public ushort Mode;
    /// <summary>Its number on its device (<c>stx_ino</c>).</summary>
    [CName("stx_ino")] [FieldOffset(32)] public ulong Inode;
    /// <summary>Major number of the device that contains it (<c>stx_dev_major</c>).</summary>
    [CName("stx_dev_major")] [FieldOffset(136)] public uint DeviceMajor;
    /// <summary>Minor number of the device that contains it (<c>stx_dev_minor</c>).</summary>
    [CName("stx_dev_minor")] [FieldOffset(140)] public uint DeviceMinor;
}

/// <summary>Bytes of a message (<c>struct iovec</c>).</summary>
[CName("struct iovec")]
[StructLayout(LayoutKind.Sequential)]
internal struct IoVector
{
    /// <summary>Address of the first (<c>iov_base</c>).</summary>
    [CName("iov_base")] public nint Address;
    /// <summary>How many (<c>iov_len</c>).</summary>
    [CName("iov_len")] public nuint Length;
}

/// <summary>The address of a Unix socket (<c>struct sockaddr_un</c>).</summary>
[CName("struct sockaddr_un")]
[StructLayout(LayoutKind.Sequential)]
internal struct UnixAddress
{
    /// <summary>The most bytes of a path; one more ends it.</summary>
    internal const int LongestPath = UnixPath.Bytes - 1;

    /// <summary>Family (<c>sun_family</c>).</summary>
    [CName("sun_family")] public ushort Family;
    /// <summary>The path, ended by a zero byte (<c>sun_path</c>).</summary>
    [CName("sun_path")] public UnixPath Path;
}

/// <summary>The path in the address of a Unix socket.</summary>
[InlineArray(Bytes)]
internal struct UnixPath
{
    internal const int Bytes = 108;

    private byte _first;
}

/// <summary>A message of a socket (<c>struct msghdr</c>).</summary>
[CName("struct msghdr")]
[StructLayout(LayoutKind.Sequential)]
internal struct MessageHeader
{
    /// <summary>An address; none on a connection (<c>msg_name</c>).</summary>
    [CName("msg_name")] public nint Name;
    /// <summary>Its length (<c>msg_namelen</c>).</summary>
    [CName("msg_namelen")] public uint NameLength;
    /// <summary>The bytes (<c>msg_iov</c>).</summary>
    [CName("msg_iov")] public nint Vectors;
    /// <summary>How many vectors (<c>msg_iovlen</c>).</summary>
    [CName("msg_iovlen")] public nuint VectorCount;
    /// <summary>Control messages (<c>msg_control</c>).</summary>
    [CName("msg_control")] public nint Control;
    /// <summary>Their length in bytes (<c>msg_controllen</c>).</summary>
    [CName("msg_controllen")] public nuint ControlLength;
    /// <summary>Flags of what was received (<c>msg_flags</c>).</summary>
    [CName("msg_flags")] public int Flags;
}

/// <summary>The head of a control message; its data follows (<c>struct cmsghdr</c>).</summary>
[CName("struct cmsghdr")]
[StructLayout(LayoutKind.Sequential)]
internal struct ControlHeader
{
    /// <summary>Bytes of head and data (<c>cmsg_len</c>).</summary>
    [CName("cmsg_len")] public nuint Length;
    /// <summary>Level (<c>cmsg_level</c>).</summary>
    [CName("cmsg_level")] public int Level;
    /// <summary>Type (<c>cmsg_type</c>).</summary>
    [CName("cmsg_type")] public int Type;
}

/// <summary>A limit of a process (<c>struct rlimit</c>).</summary>
[CName("struct rlimit")]
internal struct ResourceLimit
{
    /// <summary>The limit of open descriptors (<c>RLIMIT_NOFILE</c>).</summary>
    [CName("RLIMIT_NOFILE")] internal const int Descriptors = 7;

    /// <summary>The limit in force (<c>rlim_cur</c>).</summary>
    [CName("rlim_cur")] public ulong Soft;
    /// <summary>The highest to which the process may raise it (<c>rlim_max</c>).</summary>
    [CName("rlim_max")] public ulong Hard;
}
