using System.Diagnostics;

namespace Wirq.Tests.Shared.Browsing;

/// <summary>A headless Chromium of the host. It starts when it is first needed, and its pages share it: its start takes
/// seconds. It is offline: nothing here gives it another address than those of files.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _profile = Directory.CreateTempSubdirectory("wirq-chromium-");
    private Process? _process;
    private Uri? _address;

    /// <summary>Why there is none; null if there is one.</summary>
    internal static string? WhyNot { get; } = Find() is null ? "needs Chromium (Debian: apt-get install chromium)" : null;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Opens a file, or skips the test.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="width">Pixels.</param>
    /// <param name="height">Pixels.</param>
    /// <param name="dark">Whether the user prefers a dark page.</param>
    /// <param name="fragment">What follows # in its address; empty for nothing.</param>
    internal async Task<Page> Open(string file, int width = 1280, int height = 900, bool dark = false, string fragment = "")
    {
        Assert.SkipUnless(WhyNot is null, WhyNot ?? "");
        _address ??= await Start();
        var page = new Page(s_patience);
        try
        {
            await page.Connect(_address, new Uri(file).AbsoluteUri + (fragment.Length == 0 ? "" : $"#{fragment}"), width, height, dark);
            return page;
        }
        catch
        {
            await page.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }
        try
        {
            _profile.Delete(recursive: true);
        }
        // A child of the browser may write into its profile until it notices its end.
        catch (IOException) { }
    }

    private async Task<Uri> Start()
    {
        var start = new ProcessStartInfo(Find()!) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string option in (string[])["--headless", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--allow-file-access-from-files", "--remote-debugging-port=0",
            $"--user-data-dir={_profile.FullName}", "about:blank"])
            start.ArgumentList.Add(option);
        _process = Process.Start(start)!;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        using var over = new CancellationTokenSource(s_patience);
        string file = Path.Combine(_profile.FullName, "DevToolsActivePort");
        string[] lines = [];
        while (lines.Length < 2)
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"Chromium ended with {_process.ExitCode}");
            await Task.Delay(20, over.Token);
            lines = File.Exists(file) ? await File.ReadAllLinesAsync(file, over.Token) : [];
        }
        return new Uri($"ws://127.0.0.1:{lines[0]}{lines[1]}");
    }

    private static string? Find() => HostProgram.Find("chromium") ?? HostProgram.Find("chromium-browser") ?? HostProgram.Find("google-chrome");
}
