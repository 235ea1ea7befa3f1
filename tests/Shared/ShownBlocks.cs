namespace Wirq.Tests.Shared;

/// <summary>The blocks of C# of a page.</summary>
internal static class ShownBlocks
{
    private const string Begin = "```csharp\n", End = "```\n";

    internal static string[] Of(string page) => [.. File.ReadAllText(Repository.PathOf(page)).ReplaceLineEndings("\n").Split(Begin)[1..]
        .Select(rest => rest[..rest.IndexOf(End, StringComparison.Ordinal)])];
}
