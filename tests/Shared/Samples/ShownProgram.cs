using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Wirq.Tests.Shared.Samples;

/// <summary>A program in a page of the documentation. It is compiled unchanged, against the assemblies of this process,
/// in an assembly that has no access to internals.</summary>
internal static class ShownProgram
{
    /// <summary>The blocks of C# of a page.</summary>
    internal static string[] BlocksOf(string page) => ShownBlocks.Of(page);

    /// <summary>Compiles a program and runs it. Fails if the compiler reports anything: a warning, or an unused
    /// <c>using</c>.</summary>
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
