using System.Diagnostics;

namespace Wirq.Tests.Shared.Headers;

/// <summary>The C compiler of this machine.</summary>
internal static class CCompiler
{
    /// <summary>Compiles a program without making anything of it.</summary>
    /// <returns>What the compiler says; empty where it agrees, null where there is no compiler.</returns>
    internal static string? Check(string program, params string[] options)
    {
        try
        {
            using Process compiler = Process.Start(new ProcessStartInfo("gcc", ["-std=gnu11", .. options, "-fsyntax-only", "-x", "c", "-"])
            {
                RedirectStandardInput = true,
                RedirectStandardError = true,
            })!;
            Task<string> said = compiler.StandardError.ReadToEndAsync();
            compiler.StandardInput.Write(program);
            compiler.StandardInput.Close();
            compiler.WaitForExit();
            return compiler.ExitCode == 0 ? "" : $"gcc exits with {compiler.ExitCode}: {said.GetAwaiter().GetResult()}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
