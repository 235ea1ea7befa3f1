using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Threading.Channels;

namespace Wirq.Tests.Qemu;

/// <summary>QEMU's reaction to one command: its answer, and the traces that it printed before.</summary>
internal sealed record Answer(string Reply, IReadOnlyList<string> Traces)
{
    /// <summary>The number that a read gave.</summary>
    internal ulong Value => ulong.Parse(Reply.AsSpan("OK 0x".Length), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}

/// <summary>A QEMU 7.2 whose chips are driven by qtest while its CPU is stopped. Commands are sent in batches. Its log
/// of commands, traces and answers comes in order on its standard error.</summary>
internal sealed class QtestMachine : IDisposable
{
    internal const string Program = "qemu-system-x86_64", Version = "7.2.";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Channel<Answer> _answers = Channel.CreateUnbounded<Answer>();
    private readonly Task _reading, _draining;
    private readonly StringBuilder _last = new();

    /// <summary>Starts it.</summary>
    /// <param name="arguments">Beyond those that every one has.</param>
    /// <param name="traces">The trace events to print.</param>
    internal QtestMachine(IEnumerable<string> arguments, IEnumerable<string> traces)
    {
        var start = new ProcessStartInfo(Program)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        string[] common = ["-accel", "tcg", "-display", "none", "-nodefaults", "-qtest", "stdio"];
        foreach (string argument in common.Concat(arguments).Concat(traces.SelectMany(trace => new[] { "-trace", trace })))
            start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
        _draining = Task.Run(async () =>
        {
            while (await _process.StandardOutput.ReadLineAsync() is not null)
            {
            }
        });
        _reading = Task.Run(Read);
    }

    /// <summary>Why the machine is not available here; null if it is.</summary>
    internal static string? Absence()
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(Program, "--version") { RedirectStandardOutput = true })!;
            string said = process.StandardOutput.ReadLine() ?? "";
            process.WaitForExit();
            return said.Contains("version " + Version, StringComparison.Ordinal)
                ? null : $"profile qemu is that of QEMU {Version}x, and {Program} here says: {said}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"needs {Program} {Version}x: {e.Message}";
        }
    }

    /// <summary>Sends commands, and returns what QEMU answered to each.</summary>
    internal async Task<List<Answer>> Ask(IReadOnlyList<string> commands)
    {
        var text = new StringBuilder();
        foreach (string command in commands)
            text.Append(command).Append('\n');
        Task writing = Task.Run(() =>
        {
            _process.StandardInput.Write(text.ToString());
            _process.StandardInput.Flush();
        });
        var answers = new List<Answer>(commands.Count);
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            while (answers.Count < commands.Count)
                answers.Add(await _answers.Reader.ReadAsync(patience.Token));
            await writing;
        }
        catch (Exception e) when (e is ChannelClosedException or OperationCanceledException or IOException)
        {
            throw new InvalidOperationException(
                $"{Program} stopped answering after {answers.Count} of {commands.Count} commands; its last words: {_last}", e);
        }
        return answers;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        Task.WaitAll(_reading, _draining);
        _process.Dispose();
    }

    private void Read()
    {
        const string asked = "[R ", answered = "[S ";
        var traces = new List<string>();
        while (_process.StandardError.ReadLine() is { } line)
        {
            if (line.StartsWith(asked, StringComparison.Ordinal))
                traces = [];
            else if (line.StartsWith(answered, StringComparison.Ordinal))
                _answers.Writer.TryWrite(new(line[(line.IndexOf(']') + 2)..], traces));
            else
            {
                traces.Add(line);
                _last.Clear().Append(line);
            }
        }
        _answers.Writer.Complete();
    }
}
