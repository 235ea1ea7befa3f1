using System.Text.Json;
using Wirq.Tests.Shared.Browsing;
using Wirq.Traces.Timelines;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>Chrome trace events, opened in speedscope: an independent reader of them.</summary>
/// <param name="browser">The browser.</param>
[Collection(nameof(Browser))]
public sealed class SpeedscopeTests(Browser browser) : IDisposable
{
    private const string Place = "WIRQ_SPEEDSCOPE";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-speedscope-");

    public static TheoryData<string> Logs => [PictureTests.Logs[0], KvmPictureTests.Logs[1]];

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Its table of a thread has one row for each slice: it takes the arguments, which are places, as part of the
    /// name.</summary>
    [Theory]
    [MemberData(nameof(Logs))]
    public async Task Speedscope_shows_every_slice_of_every_thread(string log)
    {
        string? folder = Environment.GetEnvironmentVariable(Place);
        Assert.SkipUnless(folder is not null, $"{Place} names no folder of speedscope (npm pack speedscope@1.25.0, unpacked: package/dist/release)");
        byte[] trace = Drawn.Bytes(Drawn.Log(log), ChromeWriter.Write);
        string script = Path.Combine(_folder.FullName, "trace.js");
        File.WriteAllText(script, $"speedscope.loadFileFromBase64('trace.json', '{Convert.ToBase64String(trace)}')");
        // So high that it draws every row of its table.
        await using Page page = await browser.Open(Path.Combine(folder!, "index.html"), height: 8000, fragment: $"view=sandwich&localProfilePath={script[1..]}");
        JsonElement chrome = JsonDocument.Parse(trace).RootElement;
        Dictionary<int, string> names = ChromeWriterTests.Events(chrome, "M").Where(one => one.GetProperty("name").GetString() == "thread_name")
            .ToDictionary(one => one.GetProperty("tid").GetInt32(), one => one.GetProperty("args").GetProperty("name").GetString()!);
        IGrouping<int, JsonElement>[] threads = [.. ChromeWriterTests.Events(chrome, "X").GroupBy(one => one.GetProperty("tid").GetInt32()).OrderBy(one => one.Key)];
        Assert.True(threads.Length > 10, $"only {threads.Length} threads");
        foreach ((int number, IGrouping<int, JsonElement> thread) in threads.Index())
        {
            string title = $"{names[thread.Key]} (tid {thread.Key})";
            await page.Until($"document.body.innerText.includes({JsonSerializer.Serialize(title)}) && document.body.innerText.includes('({number + 1}/{threads.Length})')");
            string[] rows = [.. (await page.Evaluate("[...document.querySelectorAll('td:last-child')].map(cell => cell.textContent).filter(text => text.includes('{'))"))
                .EnumerateArray().Select(row => row.GetString()!)];
            Assert.Equal(thread.Select(slice => $"{slice.GetProperty("name").GetString()} {slice.GetProperty("args").GetRawText()}").Order(StringComparer.Ordinal),
                rows.Order(StringComparer.Ordinal));
            await page.Press("n");
        }
        Assert.Empty(page.Errors);
    }
}
