using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Wirq.Benchmarks;

/// <summary>A C program for comparison (bench/c/eventfd-to-irr.c), compiled into a temporary folder and run in another
/// process.</summary>
internal sealed class PlainProgram : IDisposable
{
    private const string Source = "eventfd-to-irr.c";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly string _folder;
    private readonly Process _process;

    private PlainProgram(string folder, Process process) => (_folder, _process) = (folder, process);

    /// <summary>Compiles and starts it.</summary>
    /// <param name="writes">The number of writes to the eventfd in a batch.</param>
    /// <param name="reason">Why there is no program.</param>
    internal static PlainProgram? TryStart(int writes, out string? reason)
    {
        string folder = Directory.CreateTempSubdirectory("wirq-bench-").FullName;
        try
        {
            string source = Path.Combine(folder, Source), program = Path.Combine(folder, "eventfd-to-irr");
            using (Stream text = typeof(PlainProgram).Assembly.GetManifestResourceStream(Source)!)
            using (FileStream file = File.Create(source))
                text.CopyTo(file);
            using Process compiler = Process.Start(new ProcessStartInfo("gcc", ["-O2", "-Wall", "-pthread", "-o", program, source])
            {
                RedirectStandardError = true,
            })!;
            string complaint = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            if (compiler.ExitCode == 0)
            {
                reason = null;
                return new PlainProgram(folder, Process.Start(new ProcessStartInfo(program, [writes.ToString(CultureInfo.InvariantCulture)])
                {
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                })!);
            }
            reason = $"gcc: {complaint.Split('\n')[0]}";
        }
        catch (Win32Exception absent)
        {
            reason = $"no gcc: {absent.Message}";
        }
        Directory.Delete(folder, recursive: true);
        return null;
    }

    /// <summary>One batch.</summary>
    /// <returns>Nanoseconds by its own clock.</returns>
    internal double Batch()
    {
        _process.StandardInput.WriteLine();
        _process.StandardInput.Flush();
        string? line = _process.StandardOutput.ReadLine();
        return line is not null ? double.Parse(line, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"{Source} has ended by itself");
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(s_patience))
            _process.Kill();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
