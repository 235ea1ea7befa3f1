namespace Wirq.Tests.Shared;

/// <summary>The checkout that the tests run in.</summary>
internal static class Repository
{
    /// <summary>Its root: the folder of Wirq.slnx.</summary>
    internal static string Root { get; } = FindRoot();

    internal static string PathOf(string relative) => Path.Combine(Root, relative);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Wirq.slnx")))
                return folder.FullName;
        }
        throw new InvalidOperationException($"no Wirq.slnx above {AppContext.BaseDirectory}; the tests run inside a checkout");
    }
}
