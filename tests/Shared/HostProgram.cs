namespace Wirq.Tests.Shared;

/// <summary>Programs of this host.</summary>
internal static class HostProgram
{
    /// <summary>Where a program is: the first folder of PATH that has it. Null if none has.</summary>
    internal static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    internal static bool IsThere(string name) => Find(name) is not null;
}
