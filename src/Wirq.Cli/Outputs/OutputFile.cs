using Microsoft.Win32.SafeHandles;

namespace Wirq.Cli.Outputs;

/// <summary>A file that the command writes. It is written as FILE.part in the same folder, and renamed to FILE when it
/// is complete. An incomplete file stays as FILE.part.</summary>
/// <remarks>A failure to write does not end the run that is recorded. The failure is stored, later data is dropped, and
/// <see cref="Complete"/> reports it. One writer at a time.</remarks>
internal sealed class OutputFile : IDisposable
{
    private readonly OutputPlace _place;
    private readonly FileSink _sink;

    private OutputFile(OutputPlace place, SafeFileHandle file, Func<bool>? calledOff) =>
        (_place, _sink) = (place, new FileSink(file, isPart: place.Part is not null, calledOff));

    /// <summary>The stream to write to. Disposing of it has no effect, and does not mark the file as
    /// complete.</summary>
    internal Stream Stream => _sink;

    /// <summary>Starts an output.</summary>
    /// <param name="option">The option, for messages: <c>--record</c>.</param>
    /// <param name="file">The file that it names; null if the option is absent.</param>
    /// <param name="inputs">Every file that the command reads.</param>
    /// <param name="calledOff">Whether to stop waiting for a pipe that is not read; null to wait without limit.</param>
    /// <returns>Null if no output is wanted.</returns>
    /// <exception cref="UsageException">It would overwrite an input, or cannot be a file.</exception>
    /// <exception cref="OutputException">The host refuses it.</exception>
    internal static OutputFile? Open(string option, FileInfo? file, IEnumerable<string> inputs, Func<bool>? calledOff = null)
    {
        if (file is null)
            return null;
        // By the name that the user gave, not by the full path.
        var place = OutputPlace.Of(option, file.ToString(), inputs);
        try
        {
            return new OutputFile(place, place.Part is null ? OpenDirect(place) : OpenPart(place, place.Part), calledOff);
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            throw new OutputException($"{option} {place.Name}", bad.Message);
        }
    }

    /// <summary>Marks the file as complete, closes it, and renames it to its final name.</summary>
    /// <param name="status">The exit code of the command so far.</param>
    /// <param name="words">Receives a line if the file is not complete; null for standard error.</param>
    /// <returns>The exit code. If that is a success and the file is not complete,
    /// <see cref="CommandLine.Unwritten"/>.</returns>
    internal int Complete(int status, TextWriter? words = null)
    {
        try
        {
            _sink.Close(whole: true);
            if (_sink.Failure is null && _place.Part is not null)
                File.Move(_place.Part, _place.Target, overwrite: true);
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            _sink.Fail(bad);
        }
        if (_sink.Failure is not { } failure)
            return status;
        string rest = _place.Part is null ? "" : $"; the incomplete file is {_place.Part}";
        (words ?? Console.Error).WriteLine($"wirq: {_place.Name} could not be written whole: {failure}{rest}");
        return status == CommandLine.Success ? CommandLine.Unwritten : status;
    }

    /// <summary>Closes the file. If no data was written, nothing is changed.</summary>
    public void Dispose()
    {
        if (_sink.IsEmpty)
            File.Delete(_place.Part!);
        _sink.Close(whole: false);
    }

    // A missing file is not created: a user who names a device means an existing one.
    private static SafeFileHandle OpenDirect(OutputPlace place) => place.Descriptor is { } number && OperatingSystem.IsLinux()
        // If it were opened again, it would be written from its beginning, over data that was written through the
        // descriptor.
        ? StandardStreams.Duplicate(number)
        : File.OpenHandle(place.Target, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);

    private static SafeFileHandle OpenPart(OutputPlace place, string part)
    {
        bool replaces = File.Exists(place.Target);
        if (replaces)
        {
            // A user who may not write a file may not replace it either.
            using SafeFileHandle may = OpenDirect(place);
        }
        // Exclusive: two runs with one name would overwrite each other.
        SafeFileHandle file = File.OpenHandle(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        if (replaces && !OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, File.GetUnixFileMode(place.Target));
        return file;
    }
}
