using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using Wirq.Linux.Files;

namespace Wirq.Cli.Outputs;

/// <summary>Standard output and standard error of the whole command, which may be full or closed.</summary>
/// <remarks>A failure to write to standard output is an <see cref="OutputException"/>, because an answer that does not
/// arrive is no answer. What cannot be written to standard error is dropped: the answer and the exit code do not depend
/// on it.</remarks>
internal static class StandardStreams
{
    private const int OutputNumber = 1, ErrorNumber = 2;
    // Linux include/uapi/asm-generic/fcntl.h.
    private const int AccessMode = 3, CloseOnExec = 0x80000, Octal = 8;
    // Linux include/uapi/asm-generic/signal.h: the process is at its limit of a file's size.
    private const PosixSignal SizeExceeded = (PosixSignal)25;

    private const string Closed = "it is closed", NotForWriting = "it is not open for writing";

    private static readonly List<object> s_kept = [];
    private static AnswerStream? s_output;

    /// <summary>Standard output, for bytes.</summary>
    internal static Stream Output => s_output!;

    /// <summary>Puts them in place of the runtime's, for the life of the process.</summary>
    internal static void Install()
    {
        if (OperatingSystem.IsLinux())
        {
            FillNumbers();
            // The default action kills; ignored, it is an error of the write.
            s_kept.Add(PosixSignalRegistration.Create(SizeExceeded, signal => signal.Cancel = true));
        }
        s_output = new AnswerStream(OpenOutput());
        Console.SetOut(new StreamWriter(s_output, Console.Out.Encoding) { AutoFlush = true });
        Console.SetError(new StreamWriter(new QuietStream(OpenError()), Console.Error.Encoding) { AutoFlush = true });
    }

    /// <summary>Standard output as it is: a write that fails is an <see cref="IOException"/>.</summary>
    internal static Stream OpenOutput() => OperatingSystem.IsLinux() ? OfNumber(OutputNumber) : Console.OpenStandardOutput();

    /// <inheritdoc cref="OpenOutput"/>
    internal static Stream OpenError() => OperatingSystem.IsLinux() ? OfNumber(ErrorNumber) : Console.OpenStandardError();

    /// <summary>Sees to it that no file that is opened later gets the number of a standard stream that is closed, and with it
    /// what is meant for that.</summary>
    [SupportedOSPlatform("linux")]
    private static void FillNumbers()
    {
        try
        {
            SafeFileHandle filler;
            do
            {
                filler = File.OpenHandle("/dev/null", access: FileAccess.ReadWrite, share: FileShare.ReadWrite);
                s_kept.Add(filler);
            }
            while (filler.DangerousGetHandle() <= ErrorNumber);
        }
        // A folder of its own as root may have no /dev: then only a command whose streams are closed is at risk.
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
        {
        }
    }

    [SupportedOSPlatform("linux")]
    private static Stream OfNumber(int number) => WhyNot(number) is { } why ? new ClosedStream(why)
        : new DescriptorStream(new DescriptorWriter(new SafeFileHandle(number, ownsHandle: false)));

    /// <summary>Another descriptor of what the process was given as a number.</summary>
    /// <exception cref="IOException">It was given none that can be written.</exception>
    [SupportedOSPlatform("linux")]
    internal static SafeFileHandle Duplicate(int number) =>
        WhyNot(number) is { } why ? throw new IOException(why) : DescriptorWriter.Duplicate(number);

    /// <summary>Why a descriptor was not there from the start, to be written; null where it was. Where it was closed, its number
    /// may be that of a file of the runtime's by now; but such a file is closed at exec, so it is not what another program
    /// left.</summary>
    [SupportedOSPlatform("linux")]
    private static string? WhyNot(int number)
    {
        try
        {
            string flags = File.ReadLines($"/proc/self/fdinfo/{number}").First(line => line.StartsWith("flags:", StringComparison.Ordinal));
            int bits = Convert.ToInt32(flags[(flags.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim(), Octal);
            return (bits & CloseOnExec) != 0 ? Closed : (bits & AccessMode) == 0 ? NotForWriting : null;
        }
        // Without /proc this cannot be determined, and an open stream is the common case.
        catch (Exception untold) when (untold is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>Standard output: a failure to write is reported at once, and every time.</summary>
internal sealed class AnswerStream(Stream stream) : OutputStream
{
    private OutputException? _lost;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_lost is not null)
            throw _lost;
        try
        {
            stream.Write(buffer);
            stream.Flush();
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            throw _lost = new OutputException("standard output", bad.Message, bad.HResult == DescriptorWriter.ReaderGone);
        }
    }
}

/// <summary>Standard error: what cannot be written is dropped.</summary>
internal sealed class QuietStream(Stream stream) : OutputStream
{
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            stream.Write(buffer);
            stream.Flush();
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
        }
    }
}

/// <summary>A stream that cannot be written, since before the process began.</summary>
/// <param name="why">Why.</param>
internal sealed class ClosedStream(string why) : OutputStream
{
    public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException(why);
}
