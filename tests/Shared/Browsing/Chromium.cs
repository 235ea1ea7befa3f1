using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Wirq.Tests.Shared.Browsing;

/// <summary>A page in a headless Chromium of the host, driven by its DevTools protocol. It is offline: the only scheme that it
/// reaches is file.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly DirectoryInfo _profile;
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _over = new(s_patience);
    private readonly List<string> _requests = [], _errors = [];
    private int _number;
    private string? _session;

    private Chromium(Process process, DirectoryInfo profile) => (_process, _profile) = (process, profile);

    /// <summary>Why there is none; null if there is one.</summary>
    internal static string? WhyNot { get; } = Find() is null ? "needs Chromium (Debian: apt-get install chromium)" : null;

    /// <summary>Every address that the page asked for.</summary>
    internal IReadOnlyList<string> Requests => _requests;
    /// <summary>What its script threw or wrote as an error.</summary>
    internal IReadOnlyList<string> Errors => _errors;

    /// <summary>Opens a file.</summary>
    /// <param name="address">Its address, with the scheme <c>file</c>.</param>
    /// <param name="width">Pixels.</param>
    /// <param name="height">Pixels.</param>
    /// <param name="dark">Whether the user prefers a dark page.</param>
    internal static async Task<Chromium> Open(string address, int width = 1280, int height = 900, bool dark = false)
    {
        DirectoryInfo profile = Directory.CreateTempSubdirectory("wirq-chromium-");
        var start = new ProcessStartInfo(Find()!) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string option in (string[])["--headless", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--allow-file-access-from-files", "--remote-debugging-port=0",
            $"--user-data-dir={profile.FullName}", $"--window-size={width},{height}", "about:blank"])
            start.ArgumentList.Add(option);
        var browser = new Chromium(Process.Start(start)!, profile);
        browser._process.OutputDataReceived += (_, _) => { };
        browser._process.ErrorDataReceived += (_, _) => { };
        browser._process.BeginErrorReadLine();
        browser._process.BeginOutputReadLine();
        try
        {
            await browser.Connect();
            await browser.Send("Page.enable");
            await browser.Send("Runtime.enable");
            await browser.Send("Network.enable");
            await browser.Send("Emulation.setDeviceMetricsOverride", new { width, height, deviceScaleFactor = 1, mobile = false });
            await browser.Send("Emulation.setEmulatedMedia", new { features = new[] { new { name = "prefers-color-scheme", value = dark ? "dark" : "light" } } });
            await browser.Send("Page.navigate", new { url = address });
            await browser.Until("document.readyState === 'complete'");
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>The value of an expression of the page, as JSON.</summary>
    internal async Task<JsonElement> Evaluate(string expression)
    {
        JsonElement answer = await Send("Runtime.evaluate", new { expression, returnByValue = true, awaitPromise = true });
        if (answer.TryGetProperty("exceptionDetails", out JsonElement thrown))
            throw new InvalidOperationException(thrown.ToString());
        return answer.GetProperty("result").TryGetProperty("value", out JsonElement value) ? value : default;
    }

    /// <summary>Waits until an expression is true.</summary>
    internal async Task Until(string expression)
    {
        while ((await Evaluate(expression)).ValueKind != JsonValueKind.True)
            await Task.Delay(20, _over.Token);
    }

    /// <summary>Clicks the middle of an element with the mouse, as a user does.</summary>
    internal async Task Click(string selector)
    {
        JsonElement at = await Evaluate($"(() => {{ const e = document.querySelector({JsonSerializer.Serialize(selector)}); const b = e.getBoundingClientRect(); "
            + "const x = b.x + b.width / 2, y = b.y + b.height / 2; return { x, y, hit: e.contains(document.elementFromPoint(x, y)) }; })()");
        if (!at.GetProperty("hit").GetBoolean())
            throw new InvalidOperationException($"{selector} is covered or out of sight at {at}");
        foreach (string type in (string[])["mousePressed", "mouseReleased"])
            await Send("Input.dispatchMouseEvent", new { type, x = at.GetProperty("x").GetDouble(), y = at.GetProperty("y").GetDouble(), button = "left", clickCount = 1 });
    }

    /// <summary>Presses a key.</summary>
    /// <param name="key">Its name in the DOM: <c>n</c>, <c>Enter</c>.</param>
    internal async Task Press(string key)
    {
        string? text = key.Length == 1 ? key : key == "Enter" ? "\r" : null;
        var down = new Dictionary<string, object> { ["type"] = text is null ? "rawKeyDown" : "keyDown", ["key"] = key };
        if (text is not null)
            down["text"] = text;
        await Send("Input.dispatchKeyEvent", down);
        await Send("Input.dispatchKeyEvent", new { type = "keyUp", key });
    }

    /// <summary>A picture of what is seen, PNG.</summary>
    internal async Task<byte[]> Screenshot() =>
        (await Send("Page.captureScreenshot", new { format = "png" })).GetProperty("data").GetBytesFromBase64();

    /// <summary>Sends a command and waits for its answer.</summary>
    internal async Task<JsonElement> Send(string method, object? parameters = null)
    {
        int number = ++_number;
        var command = new Dictionary<string, object?> { ["id"] = number, ["method"] = method, ["params"] = parameters ?? new { } };
        if (_session is not null)
            command["sessionId"] = _session;
        await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(command), WebSocketMessageType.Text, endOfMessage: true, _over.Token);
        while (true)
        {
            JsonElement message = await Receive();
            if (message.TryGetProperty("id", out JsonElement id) && id.GetInt32() == number)
            {
                return message.TryGetProperty("error", out JsonElement error) ? throw new InvalidOperationException($"{method}: {error}")
                    : message.GetProperty("result").Clone();
            }
            Note(message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _over.Dispose();
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        try
        {
            _profile.Delete(recursive: true);
        }
        // A child of the browser may write into its profile until it notices its end.
        catch (IOException) { }
    }

    private void Note(JsonElement message)
    {
        if (!message.TryGetProperty("method", out JsonElement method))
            return;
        JsonElement its = message.GetProperty("params");
        switch (method.GetString())
        {
            case "Network.requestWillBeSent":
                _requests.Add(its.GetProperty("request").GetProperty("url").GetString()!);
                break;
            case "Runtime.exceptionThrown":
                _errors.Add(its.GetProperty("exceptionDetails").ToString());
                break;
            case "Runtime.consoleAPICalled" when its.GetProperty("type").GetString() == "error":
                _errors.Add(its.GetProperty("args").ToString());
                break;
        }
    }

    private async Task Connect()
    {
        string file = Path.Combine(_profile.FullName, "DevToolsActivePort");
        string[] lines = [];
        while (lines.Length < 2)
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"Chromium ended with {_process.ExitCode}");
            await Task.Delay(20, _over.Token);
            lines = File.Exists(file) ? await File.ReadAllLinesAsync(file, _over.Token) : [];
        }
        await _socket.ConnectAsync(new Uri($"ws://127.0.0.1:{lines[0]}{lines[1]}"), _over.Token);
        JsonElement target = await Send("Target.createTarget", new { url = "about:blank" });
        JsonElement session = await Send("Target.attachToTarget", new { targetId = target.GetProperty("targetId").GetString(), flatten = true });
        _session = session.GetProperty("sessionId").GetString();
    }

    private async Task<JsonElement> Receive()
    {
        var text = new MemoryStream();
        byte[] piece = new byte[1 << 16];
        ValueWebSocketReceiveResult got;
        do
        {
            got = await _socket.ReceiveAsync(piece.AsMemory(), _over.Token);
            text.Write(piece, 0, got.Count);
        }
        while (!got.EndOfMessage);
        return JsonDocument.Parse(Encoding.UTF8.GetString(text.ToArray())).RootElement;
    }

    private static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => (string[])[Path.Combine(folder, "chromium"), Path.Combine(folder, "chromium-browser"), Path.Combine(folder, "google-chrome")])
        .FirstOrDefault(File.Exists);
}
