using System.Diagnostics;
using Wirq.Tests.Shared;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>A program of the host that judges a file.</summary>
internal static class Judge
{
    /// <summary>Skips the test if the host lacks the program.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="package">The package of Debian that has it.</param>
    internal static void Needs(string program, string package) =>
        Assert.SkipUnless(HostProgram.IsThere(program), $"needs {program} (Debian: apt-get install {package})");

    /// <summary>Runs it.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="input">What it reads; empty for nothing.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>What it wrote.</returns>
    internal static byte[] Run(string program, byte[] input, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task writing = Task.Run(() =>
        {
            using Stream stream = process.StandardInput.BaseStream;
            stream.Write(input);
        });
        var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), $"{program} does not end");
        writing.Wait();
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {errors.Result}");
        return output.ToArray();
    }
}
