using System.Globalization;

namespace Wirq.Linux;

/// <summary>The limits on the number of threads of this process.</summary>
/// <param name="root">Where <c>proc</c> and <c>sys</c> are.</param>
internal sealed class ThreadLimits(string root = "/")
{
    private readonly string _processes = Path.Combine(root, "proc"), _groups = Path.Combine(root, "sys/fs/cgroup");

    /// <summary>Why there is no thread left, and what to do. For a control group it is known whether its limit is
    /// reached. For the other limits only the value is known.</summary>
    internal string Explain()
    {
        foreach (string group in GroupsOfProcess())
        {
            if (Number(Path.Combine(group, "pids.max")) is { } most && Number(Path.Combine(group, "pids.current")) >= most)
                return $"the pids.max of its control group, {most.ToString(CultureInfo.InvariantCulture)}, is reached; raise it, or use fewer CPUs";
        }
        return $"RLIMIT_NPROC ({OfProcess("Max processes")}), RLIMIT_AS ({OfProcess("Max address space")}), kernel.threads-max "
            + $"({Word(Path.Combine(_processes, "sys/kernel/threads-max"))}) or memory is exhausted; raise it, or use fewer CPUs";
    }

    /// <summary>The control groups that count this process's threads, from the innermost to the outermost
    /// (cgroups(7)).</summary>
    private IEnumerable<string> GroupsOfProcess()
    {
        foreach (string line in Lines(Path.Combine(_processes, "self/cgroup")))
        {
            // Hierarchy, controllers, path. Version 2 has one hierarchy, and no controllers in this field.
            string[] parts = line.Split(':', 3);
            if (parts.Length < 3 || parts[1] is not ("" or "pids"))
                continue;
            string top = parts[1].Length > 0 ? Path.Combine(_groups, "pids") : _groups;
            for (string? group = top + parts[2].TrimEnd('/'); group is not null && group.Length >= top.Length; group = Path.GetDirectoryName(group))
                yield return group;
        }
    }

    private string OfProcess(string limit)
    {
        // Limit, soft limit, hard limit, units, in columns (proc_pid_limits(5)).
        string? line = Array.Find(Lines(Path.Combine(_processes, "self/limits")), each => each.StartsWith(limit, StringComparison.Ordinal));
        return line?[limit.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [string soft, ..] ? soft : "not known";
    }

    private static long? Number(string file) => long.TryParse(Word(file), CultureInfo.InvariantCulture, out long value) ? value : null;

    private static string Word(string file) => Lines(file) is [string first, ..] ? first.Trim() : "not known";

    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
