using System.IO.Compression;

namespace Wirq.Tests;

/// <summary>Files of what another implementation answered, step by step: those in a folder of the tests, and those in a directory that
/// a variable of the environment names.</summary>
/// <param name="variable">The variable.</param>
/// <param name="firstParting">The first step of a file that parts, in words; empty if all agree.</param>
internal sealed class VectorFiles(string variable, Func<string, string> firstParting)
{
    /// <summary>The files of a folder, by name.</summary>
    internal static TheoryData<string> Of(string folder) =>
        [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(file => Path.GetFileName(file))];

    /// <summary>A file, plain or compressed by gzip.</summary>
    internal static StreamReader Open(string file)
    {
        FileStream bytes = File.OpenRead(file);
        return new(file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(bytes, CompressionMode.Decompress) : bytes);
    }

    /// <summary>Fails with the whole of what is said; Assert.Equal cuts long texts.</summary>
    internal static void Agrees(string said) => Assert.True(said.Length == 0, said);

    /// <summary>Reads the directory that the variable names, or skips.</summary>
    internal void AgreesWithNamedDirectory()
    {
        string? directory = Environment.GetEnvironmentVariable(variable);
        Assert.SkipWhen(string.IsNullOrEmpty(directory), $"{variable} names no directory with longer vectors");
        Agrees(FirstPartings(directory!));
    }

    /// <summary>What parts in a directory. Whatever is no page is meant to be read.</summary>
    internal string FirstPartings(string directory)
    {
        string[] files = [.. Directory.GetFiles(directory).Order(StringComparer.Ordinal)
            .Where(file => !file.EndsWith(".md", StringComparison.Ordinal))];
        return files.Length == 0 ? $"no file of vectors in {directory}"
            : string.Join('\n', files.Select(firstParting).Where(said => said.Length > 0));
    }

    /// <summary>What parts in a directory that holds these files and no others.</summary>
    internal string PartingsOf(params (string Name, string Text)[] files)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("wirq-vectors-");
        try
        {
            foreach ((string name, string text) in files)
                File.WriteAllText(Path.Combine(directory.FullName, name), text);
            return FirstPartings(directory.FullName);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
