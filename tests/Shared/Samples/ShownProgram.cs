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
    /// <returns>Its exit code; 0 if it returns none.</returns>
    internal static int Run(string program)
    {
        var compilation = CSharpCompilation.Create("ShownProgram",
            [CSharpSyntaxTree.ParseText(program, new CSharpParseOptions(LanguageVersion.Latest))], References(),
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable, warningLevel: 9999));
        Assert.Empty(compilation.GetDiagnostics().Where(said => said.Severity >= DiagnosticSeverity.Warning || said.Id == "CS8019"));
        using var assembly = new MemoryStream();
        Assert.True(compilation.Emit(assembly).Success);
        MethodInfo main = Assembly.Load(assembly.ToArray()).EntryPoint!;
        return main.Invoke(null, [Array.Empty<string>()]) as int? ?? 0;
    }

    /// <summary>Compiles a program and runs it, as <see cref="Run"/> does.</summary>
    /// <returns>What it prints, without the end of its last line.</returns>
    internal static string Printed(string program)
    {
        TextWriter before = Console.Out;
        using var printed = new StringWriter();
        Console.SetOut(printed);
        try
        {
            Run(program);
        }
        finally
        {
            Console.SetOut(before);
        }
        return printed.ToString().ReplaceLineEndings("\n").TrimEnd('\n');
    }

    /// <summary>The errors that the compiler reports for code that is not run.</summary>
    internal static IEnumerable<string> Errors(string code) => CSharpCompilation.Create("ShownPiece",
        [CSharpSyntaxTree.ParseText(code, new CSharpParseOptions(LanguageVersion.Latest))], References(),
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable))
        .GetDiagnostics().Where(said => said.Severity == DiagnosticSeverity.Error).Select(said => said.ToString());

    private static IEnumerable<MetadataReference> References() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));
}
