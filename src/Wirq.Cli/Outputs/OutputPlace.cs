using System.Globalization;
using Wirq.Linux.Files;

namespace Wirq.Cli.Outputs;

/// <summary>The target of an output, after checks that it can be written without damage.</summary>
/// <param name="Name">The name that the user gave.</param>
/// <param name="Target">The file that is written, or replaced.</param>
/// <param name="Part">The file in the same folder that is written first, and then renamed; null if the target is
/// written directly: a pipe, a device, anything under /dev.</param>
internal sealed record OutputPlace(string Name, string Target, string? Part)
{
    /// <summary>The descriptor of this process that the path names, as /dev/stdout and /dev/fd/1 do; null for
    /// none.</summary>
    internal int? Descriptor { get; private init; }

    private const string PartSuffix = ".part";
    private const int MostLinks = 40;

    private static readonly StringComparison s_pathComparison =
        OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
    private static readonly string s_ownProcess = string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/");

    /// <summary>Finds the place.</summary>
    /// <param name="option">The option, for messages: <c>--record</c>.</param>
    /// <param name="name">The name that the user gave.</param>
    /// <param name="inputs">Every file that the command reads.</param>
    /// <exception cref="UsageException">It is one of the inputs, or cannot be written.</exception>
    internal static OutputPlace Of(string option, string name, IEnumerable<string> inputs)
    {
        string full = Path.GetFullPath(name);
        if (Directory.Exists(full) || Path.EndsInDirectorySeparator(full))
            throw new UsageException($"{option} {name}: is a folder; expected a file to write");
        string target = Resolve(option, name);
        string part = target + PartSuffix;
        int? descriptor = DescriptorOf(target);
        bool direct = descriptor is not null || IsDirect(full);
        foreach (string input in inputs)
        {
            if (AreOne(full, target, input))
                throw new UsageException($"{option} {name}: would overwrite {input}, which is read; expected another file");
            if (!direct && AreOne(part, part, input))
                throw new UsageException($"{option} {name}: is written as {part} first, and would overwrite {input}, which is read; "
                    + "expected another file");
        }
        if (direct)
            return new OutputPlace(name, full, null) { Descriptor = descriptor };
        if (!Directory.Exists(Path.GetDirectoryName(target)))
            throw new UsageException($"{option} {name}: there is no folder {Path.GetDirectoryName(target)}");
        // At the path of the part only a regular file is allowed: through a link the part would be created elsewhere.
        if (Directory.Exists(part) || new FileInfo(part).LinkTarget is not null || IsDirect(part))
            throw new UsageException($"{option} {name}: is written as {part} first, and that path is not a regular file; expected another file");
        return new OutputPlace(name, target, part);
    }

    /// <summary>Whether the target of a path is written directly. Everything under /dev is, even if it is a link to a
    /// file: /dev/stdout is a file that the shell has opened, and must not be replaced.</summary>
    private static bool IsDirect(string full)
    {
        if (OperatingSystem.IsWindows())
            return false;
        return IsUnder(full, "/dev/") && !IsUnder(full, "/dev/shm/") || IsUnder(full, "/proc/")
            || OperatingSystem.IsLinux() && FileStatus.Of(full) is { IsRegular: false, IsFolder: false };
    }

    private static bool IsUnder(string full, string folder) => full.StartsWith(folder, StringComparison.Ordinal);

    private static bool AreOne(string full, string resolved, string input)
    {
        if (OperatingSystem.IsLinux() && FileStatus.Of(full) is { } there && FileStatus.Of(input) is { } read)
            return there == read;
        return string.Equals(resolved, Resolve("", input), s_pathComparison);
    }

    /// <summary>The number of a descriptor of this process; null if the path is not one.</summary>
    private static int? DescriptorOf(string resolved)
    {
        if (!OperatingSystem.IsLinux() || !IsUnder(resolved, s_ownProcess))
            return null;
        // The path may contain one of the threads of the process; the descriptors are the same.
        string[] parts = resolved[s_ownProcess.Length..].Split('/');
        return parts is [.., "fd", { } number] && (parts.Length == 2 || parts is ["task", _, _, _])
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int descriptor) ? descriptor : null;
    }

    /// <summary>The path with all links followed, except the link of a descriptor of this process, which shows what is
    /// open. A missing file keeps its name.</summary>
    private static string Resolve(string option, string name)
    {
        string full = Path.GetFullPath(name);
        string resolved = Path.GetPathRoot(full)!;
        var rest = new Stack<string>(Parts(full));
        for (int links = 0; rest.TryPop(out string? part);)
        {
            if (part == "..")
            {
                resolved = Path.GetDirectoryName(resolved) ?? resolved;
                continue;
            }
            string next = Path.Join(resolved, part);
            if (DescriptorOf(next) is not null || new FileInfo(next).LinkTarget is not { } link)
            {
                resolved = next;
                continue;
            }
            if (++links > MostLinks)
                throw new UsageException($"{option} {name}: leads through links without end");
            if (Path.IsPathRooted(link))
                resolved = Path.GetPathRoot(Path.GetFullPath(link))!;
            foreach (string each in Parts(link))
                rest.Push(each);
        }
        return resolved;
    }

    /// <summary>The names of a path, the last first.</summary>
    private static IEnumerable<string> Parts(string path) => path[Path.GetPathRoot(path)!.Length..]
        .Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries)
        .Where(part => part != ".").Reverse();
}
