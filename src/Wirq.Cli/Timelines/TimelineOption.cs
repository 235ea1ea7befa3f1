using System.CommandLine;
using Wirq.Cli.Why;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Cli.Timelines;

/// <summary>The options <c>--timeline</c> and <c>--timeline-window</c>.</summary>
internal sealed class TimelineOption
{
    internal const string Window = "--timeline-window";
    private const string File = "--timeline", Between = "..";

    // As text: the parser would answer an empty name with the help.
    private readonly Option<string?> _file = new(File)
    {
        Description = $"Draw what happened into a file, by its extension: {PictureFormats.Known}",
    };
    private readonly Option<string?> _window = new(Window)
    {
        Description = $"Draw only FROM{Between}TO, each a place, or nothing for the beginning or the end: {Place.Forms}",
    };

    /// <summary>Adds both to a command.</summary>
    internal void AddTo(Command command)
    {
        command.Add(_file);
        command.Add(_window);
    }

    /// <summary>What was asked for; null if no timeline was.</summary>
    /// <exception cref="UsageException">The window is none, or there is no file for it.</exception>
    internal TimelineRequest? Of(ParseResult parsed)
    {
        string? window = parsed.GetValue(_window);
        if (parsed.GetValue(_file) is { } file)
        {
            if (string.IsNullOrWhiteSpace(file) || file.Contains('\0', StringComparison.Ordinal))
                throw new UsageException($"{File} '{file.Replace('\0', ' ')}': expected the name of a file, with one of the extensions {PictureFormats.Known}");
            return new TimelineRequest(new FileInfo(file), Parse(window), window ?? "");
        }
        return window is null ? null : throw new UsageException($"{Window} needs {File} FILE, into which it is drawn");
    }

    private static PictureOptions Parse(string? window)
    {
        if (window is null)
            return new PictureOptions();
        int between = window.IndexOf(Between, StringComparison.Ordinal);
        if (between < 0)
            throw new UsageException($"{Window} {window}: expected FROM{Between}TO, each a place, or one of them nothing: {Place.Forms}");
        Place? from = PlaceOf(window, window[..between]), to = PlaceOf(window, window[(between + Between.Length)..]);
        if (from is null && to is null)
            throw new UsageException($"{Window} {window}: expected FROM{Between}TO with a place at one end, or at both: {Place.Forms}");
        if (from is { } first && to is { } last && first.IsBehind(last))
            throw new UsageException($"{Window} {window}: it ends before it begins; expected FROM{Between}TO, the earlier place first");
        return new PictureOptions { From = from, To = to };
    }

    private static Place? PlaceOf(string window, string text) => text.Length == 0 ? null
        : Place.TryParse(text, out Place place) ? place : throw new UsageException($"{Window} {window}: '{text}' is no place; expected {Place.Forms}");
}

/// <summary>A timeline that was asked for.</summary>
/// <param name="File">The file.</param>
/// <param name="Options">Which part is drawn.</param>
/// <param name="Window">The window as it was written; empty for all.</param>
internal sealed record TimelineRequest(FileInfo File, PictureOptions Options, string Window = "")
{
    /// <summary>Checks that the window can be one of what is drawn, and that something is in it.</summary>
    /// <param name="input">The name of what is drawn.</param>
    /// <param name="stamps">How it writes places.</param>
    /// <param name="drawn">The picture; null if nothing is drawn yet.</param>
    /// <exception cref="UsageException">It has no such places, or none in the window.</exception>
    internal void Check(string input, Stamps stamps, Picture? drawn = null)
    {
        foreach (Place? end in new[] { Options.From, Options.To })
        {
            if (end is { } place && WhyInput.Unfit(place, stamps) is { } wrong)
                throw new UsageException($"{input}: {wrong}");
        }
        if (drawn?.Missed is { } missed)
            throw new UsageException($"{input}: {TimelineOption.Window} {Window}: {missed}; expected a window in it");
    }
}
