using System.Reflection;
using System.Text;

namespace Wirq.Cli.Shipped;

/// <summary>The files that are inside the command: scenarios, their schema, examples.</summary>
/// <remarks>They are named as they lie in the repository. A path that leads to nothing on the disk is looked up here, so the
/// same line works in a checkout and in an empty folder.</remarks>
internal static class ShippedFiles
{
    internal const string Scenarios = "scenarios", Examples = "examples", Schema = "scenarios/schema.json";

    private const char Slash = '/';
    private static readonly Assembly s_holder = typeof(ShippedFiles).Assembly;
    // On Windows the build names them with its own separator.
    private static readonly SortedDictionary<string, string> s_resources = new(
        s_holder.GetManifestResourceNames().ToDictionary(name => name.Replace('\\', Slash)), StringComparer.Ordinal);

    /// <summary>The files of a folder and of those in it.</summary>
    /// <param name="folder">Its name, such as <c>scenarios/routing</c>.</param>
    internal static IReadOnlyList<string> Under(string folder) =>
        [.. s_resources.Keys.Where(name => name.StartsWith(folder + Slash, StringComparison.Ordinal))];

    /// <summary>The file that a path means, if there is nothing on the disk that it leads to.</summary>
    /// <returns>Null if it means none that ships.</returns>
    internal static string? FileOf(string path) => NameOf(path) is { } name && s_resources.ContainsKey(name) ? name : null;

    /// <summary>The folder that a path means, if there is nothing on the disk that it leads to.</summary>
    /// <returns>Null if it means none that ships.</returns>
    internal static string? FolderOf(string path) => NameOf(path) is { } name && Under(name).Count > 0 ? name : null;

    /// <summary>What a user may have meant by a path that leads to nothing: a shipped file or folder that ends so, with its
    /// extensions or without.</summary>
    /// <returns>Null if there is none.</returns>
    internal static string? MeantBy(string path)
    {
        string end = Slash + path.Replace('\\', Slash).TrimEnd(Slash);
        return s_resources.Keys.SelectMany(FileAndFolders).FirstOrDefault(name => Spellings(Slash + name)
            .Any(one => one.EndsWith(end, StringComparison.Ordinal)));
    }

    /// <summary>The same as words to append to a message; empty if there is no such file.</summary>
    internal static string HintOf(string path) => MeantBy(path) is { } meant ? $" (perhaps {meant}, which ships with wirq)" : "";

    // A log that is packed has two extensions.
    private static string[] Spellings(string name)
    {
        string once = Path.ChangeExtension(name, null);
        return [name, once, Path.ChangeExtension(once, null)];
    }

    /// <summary>Whether a file of this name ships.</summary>
    internal static bool Has(string name) => s_resources.ContainsKey(name);

    internal static Stream Open(string name) => s_holder.GetManifestResourceStream(s_resources[name])!;

    internal static string Read(string name)
    {
        using var reader = new StreamReader(Open(name), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static IEnumerable<string> FileAndFolders(string name)
    {
        for (string? one = name; !string.IsNullOrEmpty(one); one = one.LastIndexOf(Slash) is > 0 and int end ? one[..end] : null)
            yield return one;
    }

    private static string? NameOf(string path)
    {
        if (path.Length == 0 || Path.Exists(path) || Path.IsPathRooted(path))
            return null;
        string[] parts = [.. path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".")];
        return parts.Length == 0 || parts.Contains("..") ? null : string.Join(Slash, parts);
    }
}
