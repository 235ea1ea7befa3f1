using System.CommandLine;
using System.CommandLine.Parsing;
using Wirq.Cli.Replay;
using Wirq.Cli.Why;
using Wirq.Traces.Dumps;
using Wirq.Traces.Snapshots;

namespace Wirq.Cli.Guesses;

/// <summary>Answers the wrong guesses of users who know QEMU with what to type. docs/wrong-guesses.md lists the guesses and
/// the answers.</summary>
internal static class Guess
{
    private const string StandardInput = "/dev/stdin";

    /// <summary>Replaces a guess that has exactly one meaning: <c>help why</c>, <c>version</c>, <c>why -</c>.</summary>
    internal static string[] Meant(string[] args) => args switch
    {
        ["help", .. string[] of] => [.. of, "--help"],
        ["version"] => ["--version"],
        ["why" or "replay", .. string[] rest] => [args[0], .. rest.Select(one => one == "-" ? StandardInput : one)],
        _ => args,
    };

    /// <summary>The answer that replaces the command; null if the command may run.</summary>
    internal static string? Before(ParseResult parsed, IReadOnlyList<string> args)
    {
        if (parsed.CommandResult.Command is RootCommand root)
            return args.Count > 0 && parsed.Errors.Count > 0 ? GuessedVerb.Answer(root, args) : null;
        return GuessedOption.Answer(parsed) ?? GuessedArgument.Empty(parsed) ?? GuessedArgument.Missing(parsed)
            // What these read whole is checked first. The others first check their options, such as what --record would overwrite.
            ?? (parsed.CommandResult.Command.Name is "why" or "replay" ? FileOf(parsed, Files(parsed), ForeignFile.Answer) : null);
    }

    /// <summary>The line that follows the command's own message if its input was bad; null if there is none.</summary>
    internal static string? After(ParseResult parsed)
    {
        // With --record the message may be about the file to write. It says what to do itself.
        if (parsed.CommandResult.Command is RootCommand || parsed.CommandResult.Children.Any(one => one is OptionResult { Option.Name: "--record", Implicit: false }))
            return null;
        string[] files = [.. Files(parsed)];
        // What reads saved state and dumps says all itself: these guesses are about logs. A file beside it may be at fault.
        bool hasState = parsed.CommandResult.Command.Name == "why" && files.Any(IsState);
        if (hasState)
            files = [.. files.Where(file => !IsState(file))];
        return (hasState ? null : GuessedArgument.Source(parsed)) ?? FileOf(parsed, files, ForeignFile.Answer) ?? FileOf(parsed, files, ForeignText.Answer)
            ?? files.Select(file => GuessedPath.Answer(parsed.CommandResult.Command.Name, file)).FirstOrDefault(told => told is not null);
    }

    private static bool IsState(string path)
    {
        return HeadOf(path) is not null && (ForeignSnapshot.Looks(Open) || DumpRecognition.Looks(Open));

        Stream Open() => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
    }

    /// <summary>Whether a file is a log of a KVM host, plain or compressed.</summary>
    internal static bool IsHostLog(string path)
    {
        if (HeadOf(path) is null)
            return false;
        try
        {
            using var input = ReplayInput.Open(path, WhyInput.Kinds);
            return WhyKvm.Looks(input);
        }
        catch (UsageException)
        {
            return false; // the command reports it itself
        }
    }

    private static string? FileOf(ParseResult parsed, IEnumerable<string> files, Func<string, string, byte[], string?> answer) => files
        .Select(file => HeadOf(file) is { } head ? answer(parsed.CommandResult.Command.Name, file, head) : null).FirstOrDefault(told => told is not null);

    private static IEnumerable<string> Files(ParseResult parsed) => parsed.CommandResult.Command.Name switch
    {
        "run" => Arguments(parsed),
        "why" => Why(parsed)?.Files ?? [],
        "replay" or "boot" => Arguments(parsed).Take(1),
        _ => [],
    };

    /// <summary>The arguments of <c>wirq why</c>; null if there are none.</summary>
    internal static WhyArguments? Why(ParseResult parsed) =>
        Arguments(parsed).ToArray() is [string first, .. string[] rest] ? WhyArguments.Of(first, rest) : null;

    /// <summary>The arguments of the line without its options, in order.</summary>
    internal static IEnumerable<string> Arguments(ParseResult parsed) =>
        parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(one => one.Tokens).Select(token => token.Value);

    /// <summary>The first bytes of a file; null if it is not a file, or can be read only once. A pipe or a device has length
    /// 0, and a link in /dev or /proc to a pipe has no target with a name.</summary>
    private static byte[]? HeadOf(string path)
    {
        const int most = 1 << 14;
        try
        {
            var file = new FileInfo(path);
            if ((file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true)) is not FileInfo { Exists: true, Length: > 0 })
                return null;
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            byte[] head = new byte[most];
            return head[..stream.ReadAtLeast(head, most, throwOnEndOfStream: false)];
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            return null; // the command reports it itself
        }
    }
}
