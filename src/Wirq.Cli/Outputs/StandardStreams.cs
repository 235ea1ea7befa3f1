using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using Wirq.Linux.Files;

namespace Wirq.Cli.Outputs;

/// <summary>Standard output and standard error of the whole command, which may be full or closed.</summary>
/// <remarks>A failure to write to standard output is an <see cref="OutputException"/>, because the user does not get
/// the answer. Data that cannot be written to standard error is dropped: the answer and the exit code do not depend on
/// it.</remarks>
internal static class StandardStreams
{
    private const int OutputNumber = 1, ErrorNumber = 2;
    // Linux include/uapi/asm-generic/fcntl.h.
    private const int AccessMode = 3, CloseOnExec = 0x80000, Octal = 8;
    // Linux include/uapi/asm-generic/signal.h: sent when the process exceeds its limit on the size of a file.
    private const PosixSignal SizeExceeded = (PosixSignal)25;

    private const string Closed = "it is closed", NotForWriting = "it is not open for writing";

    private static readonly List<object> s_kept = [];
    private static AnswerStream? s_output;

    /// <summary>Standard output, for bytes.</summary>
    internal static Stream Output => s_output!;

    /// <summary>Replaces the streams of the runtime, for the lifetime of the process.</summary>
    internal static void Install()
    {
        if (OperatingSystem.IsLinux())
        {
            FillNumbers();
            // The default action ends the process. If the signal is ignored, the write fails instead.
            s_kept.Add(PosixSignalRegistration.Create(SizeExceeded, signal => signal.Cancel = true));
        }
        s_output = new AnswerStream(OpenOutput());
        Console.SetOut(new StreamWriter(s_output, Console.Out.Encoding) { AutoFlush = true });
        Console.SetError(new StreamWriter(new QuietStream(OpenError()), Console.Error.Encoding) { AutoFlush = true });
    }

    /// <summary>Standard output without a wrapper: a write that fails is an <see cref="IOException"/>.</summary>
    internal static Stream OpenOutput() => OperatingSystem.IsLinux() ? OfNumber(OutputNumber) : Console.OpenStandardOutput();

    /// <inheritdoc cref="OpenOutput"/>
    internal static Stream OpenError() => OperatingSystem.IsLinux() ? OfNumber(ErrorNumber) : Console.OpenStandardError();

    /// <summary>Opens the numbers of standard streams that are closed. Otherwise a file that is opened later could get
    /// such a number, and the data for that stream.</summary>
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
        // A root folder without /dev is possible. Then only a command whose streams are closed has this risk.
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
        {
        }
    }

    [SupportedOSPlatform("linux")]
    private static Stream OfNumber(int number) => WhyNot(number) is { } why ? new ClosedStream(why)
        : new DescriptorStream(new DescriptorWriter(new SafeFileHandle(number, ownsHandle: false)));

    /// <summary>Duplicates a descriptor that the process got at its start.</summary>
    /// <exception cref="IOException">There is none that can be written.</exception>
    [SupportedOSPlatform("linux")]
    internal static SafeFileHandle Duplicate(int number) =>
        WhyNot(number) is { } why ? throw new IOException(why) : DescriptorWriter.Duplicate(number);

    /// <summary>Why a descriptor could not be written at the start of the process; null if it could. If it was closed,
    /// its number may now belong to a file of the runtime. Such a file is closed on exec, so it can be distinguished
    /// from one that another program passed.</summary>
    [SupportedOSPlatform("linux")]
    private static string? WhyNot(int number)
    {
        try
        {
            string flags = File.ReadLines($"/proc/self/fdinfo/{number}").First(line => line.StartsWith("flags:", StringComparison.Ordinal));
            int bits = Convert.ToInt32(flags[(flags.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim(), Octal);
            return (bits & CloseOnExec) != 0 ? Closed : (bits & AccessMode) == 0 ? NotForWriting : null;
        }
        // Without /proc this cannot be determined. An open stream is the common case.
        catch (Exception untold) when (untold is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>Standard output: a failure to write is reported at once, and every time. What a reader that has gone does not read is none.</summary>
internal sealed class AnswerStream(Stream stream) : OutputStream
{
    private OutputException? _lost;
    private bool _unread;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_lost is not null)
            throw _lost;
        if (_unread)
            return;
        try
        {
            stream.Write(buffer);
            stream.Flush();
        }
        // A reader that reads the beginning and closes the pipe, as head does, has what it wanted. The answer's code is its own.
        catch (IOException gone) when (gone.HResult == DescriptorWriter.ReaderGone)
        {
            _unread = true;
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            throw _lost = new OutputException("standard output", bad.Message);
        }
    }
}

/// <summary>Standard error: data that cannot be written is dropped.</summary>
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

/// <summary>A stream that could not be written from the start of the process.</summary>
/// <param name="why">The cause.</param>
internal sealed class ClosedStream(string why) : OutputStream
{
    public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException(why);
}
