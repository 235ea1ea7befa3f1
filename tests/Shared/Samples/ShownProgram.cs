using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Wirq.Tests.Shared.Samples;

/// <summary>A program that a page shows. It is compiled as it stands there, against what this process runs on, by somebody to
/// whom no assembly shows its internals.</summary>
internal static class ShownProgram
{
    private const string Begin = "```csharp\n", End = "```\n";

    /// <summary>The blocks of C# of a page.</summary>
    internal static string[] BlocksOf(string page) => [.. File.ReadAllText(Repository.PathOf(page)).ReplaceLineEndings("\n").Split(Begin)[1..]
        .Select(rest => rest[..rest.IndexOf(End, StringComparison.Ordinal)])];

    /// <summary>Compiles a program and runs it. Fails where the compiler has anything to say: a warning, or a <c>using</c> that nothing
    /// needs.</summary>
    /// <returns>Its exit code.</returns>
    internal static int Run(string program)
    {
        var compilation = CSharpCompilation.Create("ShownProgram",
            [CSharpSyntaxTree.ParseText(program, new CSharpParseOptions(LanguageVersion.Latest))], References(),
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable, warningLevel: 9999));
        Assert.Empty(compilation.GetDiagnostics().Where(said => said.Severity >= DiagnosticSeverity.Warning || said.Id == "CS8019"));
        using var assembly = new MemoryStream();
        Assert.True(compilation.Emit(assembly).Success);
        MethodInfo main = Assembly.Load(assembly.ToArray()).EntryPoint!;
        return (int)main.Invoke(null, [Array.Empty<string>()])!;
    }

    private static IEnumerable<MetadataReference> References() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));
}
