using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Wirq.Cli.Tests.Snapshots.Qemu;

/// <summary>A guest in QEMU that was stopped, with what its monitor says of it. Its memory is a file that is left out of its
/// stream.</summary>
internal sealed class StoppedGuest : IDisposable
{
    internal const string Program = "qemu-system-x86_64";

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly Process _process;
    private readonly Task _errors;
    private readonly string _folder;
    private readonly CancellationTokenSource _patience = new(s_patience);

    private StoppedGuest(Process process, string folder) =>
        (_process, _folder, _errors) = (process, folder, process.StandardError.ReadToEndAsync());

    /// <summary>Why QEMU is not available here; null if it is.</summary>
    internal static string? Absence()
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(Program, "--version") { RedirectStandardOutput = true })!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"{Program} does not start";
        }
        catch (Win32Exception e)
        {
            return $"needs {Program}: {e.Message}";
        }
    }

    /// <summary>Runs a guest until each of its CPUs that should has said that it rests, and stops it.</summary>
    internal static async Task<StoppedGuest> Run(byte[] firmware, string machine, int cpus = 1, int resting = 1)
    {
        string folder = Directory.CreateTempSubdirectory("wirq-stream-").FullName, said = Path.Combine(folder, "said");
        await File.WriteAllBytesAsync(Path.Combine(folder, "bios"), firmware);
        var start = new ProcessStartInfo(Program)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder,
        };
        foreach (string argument in Arguments(machine, cpus))
            start.ArgumentList.Add(argument);
        var guest = new StoppedGuest(Process.Start(start)!, folder);
        try
        {
            await guest.Read();
            await guest.Ask("qmp_capabilities");
            while (!File.Exists(said) || new FileInfo(said).Length < resting || !await guest.Halts(resting))
                await Task.Delay(20, guest._patience.Token);
            await guest.Ask("stop");
            return guest;
        }
        catch
        {
            guest.Dispose();
            throw;
        }
    }

    /// <summary>QEMU's arguments, in a folder that has the firmware.</summary>
    internal static string[] Arguments(string machine, int cpus) =>
    [
        "-accel", "tcg", "-machine", $"{machine},memory-backend=ram,hpet=off", "-smp", $"{cpus}", "-m", "1", "-object", "memory-backend-file,id=ram,size=1M,mem-path=ram,share=on",
        "-nodefaults", "-display", "none", "-no-reboot", "-serial", "null", "-bios", "bios", "-debugcon", "file:said", "-qmp", "stdio",
    ];

    /// <summary>What its monitor says to a command.</summary>
    internal async Task<string> Monitor(string command) =>
        (await Ask("human-monitor-command", new() { ["command-line"] = command })).GetString()!.Replace("\r", "", StringComparison.Ordinal);

    /// <summary>Writes a migration stream.</summary>
    internal async Task Save(string file, bool packed = false, bool memory = false)
    {
        await Ask("migrate-set-capabilities", new() { ["capabilities"] = new[] { new { capability = "x-ignore-shared", state = !memory } } });
        await Ask("migrate", new() { ["uri"] = $"exec:{(packed ? "gzip -9n" : "cat")} > '{file}'" });
        string? status;
        while ((status = Status(await Ask("query-migrate"))) is not "completed")
        {
            Assert.NotEqual("failed", status);
            await Task.Delay(20, _patience.Token);
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _errors.Wait();
        _process.Dispose();
        _patience.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string? Status(JsonElement migration) => migration.TryGetProperty("status", out JsonElement status) ? status.GetString() : null;

    private async Task<bool> Halts(int cpus) => (await Monitor("info registers -a")).Split("HLT=1").Length - 1 >= cpus;

    private async Task<JsonElement> Ask(string command, Dictionary<string, object>? arguments = null)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(new { execute = command, arguments = arguments ?? [] }));
        await _process.StandardInput.FlushAsync();
        for (; ; )
        {
            JsonElement said = await Read();
            if (said.TryGetProperty("return", out JsonElement answer))
                return answer;
            Assert.False(said.TryGetProperty("error", out JsonElement error), $"{command}: {error}");
        }
    }

    private async Task<JsonElement> Read()
    {
        string? line = await _process.StandardOutput.ReadLineAsync(_patience.Token);
        Assert.True(line is not null, $"{Program} ended");
        return JsonDocument.Parse(line!).RootElement;
    }
}
