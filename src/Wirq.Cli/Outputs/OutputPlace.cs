using System.Globalization;
using Wirq.Linux.Files;

namespace Wirq.Cli.Outputs;

/// <summary>Where an output of the command goes, once it is known that it does no harm there.</summary>
/// <param name="Name">As the user named it.</param>
/// <param name="Target">The file that is written, or replaced.</param>
/// <param name="Part">The file beside it that is written first, and then put in its place; null where the target is written
/// as it comes: a pipe, a device, what lies under /dev.</param>
internal sealed record OutputPlace(string Name, string Target, string? Part)
{
    /// <summary>The number of the descriptor of this process that it names, as /dev/stdout and /dev/fd/1 do; null where it names
    /// none.</summary>
    internal int? Descriptor { get; private init; }

    private const string PartSuffix = ".part";
    private const int MostLinks = 40;

    private static readonly StringComparison s_pathComparison =
        OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
    private static readonly string s_ownProcess = string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/");

    /// <summary>Finds the place.</summary>
    /// <param name="option">The option, for messages: <c>--record</c>.</param>
    /// <param name="name">As the user named it.</param>
    /// <param name="inputs">Every file that the command reads.</param>
    /// <exception cref="UsageException">It is one of the inputs, or nothing that can be written.</exception>
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
        // Nothing but a plain file may stand where the part is made: through a link it would be made elsewhere.
        if (Directory.Exists(part) || new FileInfo(part).LinkTarget is not null || IsDirect(part))
            throw new UsageException($"{option} {name}: is written as {part} first, and there something else stands; expected another file");
        return new OutputPlace(name, target, part);
    }

    /// <summary>Whether what a path leads to is written as it comes. What lies under /dev is so even where it is a link to a
    /// file: /dev/stdout is what the shell has opened, and is not to be replaced under its hands.</summary>
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

    /// <summary>The number of a descriptor of this process; null where the path is none of one.</summary>
    private static int? DescriptorOf(string resolved)
    {
        if (!OperatingSystem.IsLinux() || !IsUnder(resolved, s_ownProcess))
            return null;
        // Behind the process there may be one of its threads: what is open is the same.
        string[] parts = resolved[s_ownProcess.Length..].Split('/');
        return parts is [.., "fd", { } number] && (parts.Length == 2 || parts is ["task", _, _, _])
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int descriptor) ? descriptor : null;
    }

    /// <summary>The path with every link on the way followed, but for that of a descriptor of this process, which says what it
    /// is open to; what is not there stays as it is named.</summary>
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
