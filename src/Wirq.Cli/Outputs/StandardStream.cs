using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Wirq.Cli.Outputs;

/// <summary>Standard output or standard error, unbuffered, with every failure told.</summary>
/// <remarks>The runtime's own stream keeps it to itself where the reader has gone (EPIPE). And where the shell closed the
/// descriptor (<c>&gt;&amp;-</c>), its number is by now some other file's: one that this process opened, whatever it
/// is.</remarks>
[SupportedOSPlatform("linux")]
internal sealed partial class StandardStream : OutputStream
{
    private const int Interrupted = 4, Again = 11, BadDescriptor = 9;
    private const short PollOut = 4;
    // O_CLOEXEC, as /proc shows it: what was inherited over an exec does not have it, and what the runtime opens does.
    private const int CloseOnExec = 0x80000;

    private readonly int _descriptor;
    private readonly bool _open;

    private StandardStream(int descriptor)
    {
        _descriptor = descriptor;
        _open = IsInherited(descriptor);
    }

    /// <summary>Standard output.</summary>
    internal static StandardStream Output() => new(1);

    /// <summary>Standard error.</summary>
    internal static StandardStream Error() => new(2);

    /// <summary>Writes all of it.</summary>
    /// <exception cref="IOException">It cannot be written: the message says why.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (!_open)
            throw Refused(BadDescriptor);
        while (!buffer.IsEmpty)
        {
            nint written = Write(_descriptor, in MemoryMarshal.GetReference(buffer), (nuint)buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }
            int errno = Marshal.GetLastPInvokeError();
            // Whoever shares it may have made it non-blocking.
            if (errno == Again)
            {
                var ready = new PollRequest { Descriptor = _descriptor, Events = PollOut };
                Poll(ref ready, 1, -1);
            }
            else if (errno != Interrupted)
                throw Refused(errno);
        }
    }

    private static IOException Refused(int errno) => new(Marshal.GetPInvokeErrorMessage(errno));

    private static bool IsInherited(int descriptor)
    {
        try
        {
            const string flags = "flags:";
            string? line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{descriptor}"))
                .FirstOrDefault(each => each.StartsWith(flags, StringComparison.Ordinal));
            return line is null || (Convert.ToInt32(line[flags.Length..].Trim(), 8) & CloseOnExec) == 0;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        // A host that does not show it: the write will tell.
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException or FormatException)
        {
            return true;
        }
    }

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, in byte first, nuint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollRequest request, nuint count, int milliseconds);

    /// <summary><c>struct pollfd</c>.</summary>
    private struct PollRequest
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }
}
