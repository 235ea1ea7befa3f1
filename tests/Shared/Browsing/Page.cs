using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Wirq.Tests.Shared.Browsing;

/// <summary>A page in a browser, driven by the DevTools protocol.</summary>
/// <param name="patience">How long all of its commands may take.</param>
internal sealed class Page(TimeSpan patience) : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _over = new(patience);
    private readonly List<string> _requests = [], _errors = [];
    private int _number;
    private string? _session;

    /// <summary>Every address that the page asked for.</summary>
    internal IReadOnlyList<string> Requests => _requests;
    /// <summary>What its script threw or wrote as an error.</summary>
    internal IReadOnlyList<string> Errors => _errors;

    /// <summary>Opens it in a new context, which knows nothing of other pages.</summary>
    internal async Task Connect(Uri browser, string address, int width, int height, bool dark)
    {
        await _socket.ConnectAsync(browser, _over.Token);
        JsonElement context = await Send("Target.createBrowserContext", new { disposeOnDetach = true });
        JsonElement target = await Send("Target.createTarget", new { url = "about:blank", browserContextId = context.GetProperty("browserContextId").GetString() });
        JsonElement session = await Send("Target.attachToTarget", new { targetId = target.GetProperty("targetId").GetString(), flatten = true });
        _session = session.GetProperty("sessionId").GetString();
        await Send("Page.enable");
        await Send("Runtime.enable");
        await Send("Network.enable");
        await Send("Emulation.setDeviceMetricsOverride", new { width, height, deviceScaleFactor = 1, mobile = false });
        await Send("Emulation.setEmulatedMedia", new { features = new[] { new { name = "prefers-color-scheme", value = dark ? "dark" : "light" } } });
        await Send("Page.navigate", new { url = address });
        await Until("location.protocol === 'file:' && document.readyState === 'complete'");
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

    public ValueTask DisposeAsync()
    {
        // Its context ends with the connection.
        _socket.Dispose();
        _over.Dispose();
        return ValueTask.CompletedTask;
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
}
