namespace Wirq.Lab.Kernels;

/// <summary>Error numbers of Linux (include/uapi/asm-generic/errno-base.h).</summary>
internal static class Errno
{
    public const int NoEntry = 2, NoDevice = 6, BadDescriptor = 9, Again = 11, Busy = 16, Exists = 17, Invalid = 22,
        TooManyFiles = 24;
}
