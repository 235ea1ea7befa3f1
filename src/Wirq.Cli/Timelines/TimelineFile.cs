using Wirq.Cli.Outputs;
using Wirq.Traces.Timelines;

namespace Wirq.Cli.Timelines;

/// <summary>The file of a timeline. It is opened before the work begins, so that a bad name costs no run.</summary>
internal sealed class TimelineFile : IDisposable
{
    private const int Piece = 1 << 16;

    private readonly OutputFile _output;
    private readonly Action<Picture, Stream> _write;

    private TimelineFile(OutputFile output, Action<Picture, Stream> write) => (_output, _write) = (output, write);

    /// <summary>Opens it.</summary>
    /// <param name="asked">What was asked for; null for nothing.</param>
    /// <param name="inputs">Every file that the command reads.</param>
    /// <param name="record">The file of <c>--record</c>; null for none.</param>
    /// <exception cref="UsageException">Its extension is of no format, or it would overwrite another file of the command.</exception>
    /// <exception cref="OutputException">The host refuses it.</exception>
    internal static TimelineFile? Open(TimelineRequest? asked, IEnumerable<string> inputs, FileInfo? record = null)
    {
        if (asked is null)
            return null;
        string name = asked.File.ToString();
        Action<Picture, Stream> write = PictureFormats.Of(name)
            ?? throw new UsageException($"--timeline {name}: its extension is of no format; expected {PictureFormats.Known}");
        if (record is not null && Path.GetFullPath(record.ToString()) == Path.GetFullPath(name))
            throw new UsageException($"--timeline {name}: --record writes this file too; expected another file");
        return new TimelineFile(OutputFile.Open("--timeline", asked.File, inputs)!, write);
    }

    /// <summary>Writes the picture, whole or not at all.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="status">The exit code of the command so far.</param>
    /// <returns>The exit code.</returns>
    internal int Complete(Picture picture, int status)
    {
        using (var stream = new BufferedStream(_output.Stream, Piece))
            _write(picture, stream);
        return _output.Complete(status);
    }

    public void Dispose() => _output.Dispose();
}
