using System.Text.Json;
using System.Text.RegularExpressions;
using Wirq.Tests.Shared.Browsing;
using Wirq.Traces.Timelines;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>Tests that share one browser.</summary>
[CollectionDefinition(nameof(Browser))]
public class SharedBrowser : ICollectionFixture<Browser>;

/// <summary>The page, in a browser without a network.</summary>
/// <param name="browser">The browser.</param>
[Collection(nameof(Browser))]
public sealed partial class PageTests(Browser browser) : IDisposable
{
    private const string Hostile = "</script><script>document.title='owned'</script>\"'&<b id=owned>";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-page-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("tests/Wirq.Traces.Tests/Why/logs/no-eoi.log.gz")]
    [InlineData("tests/Wirq.Traces.Tests/Kvm/logs/amd-tpr.trace.txt.gz")]
    public async Task A_click_at_the_owed_interrupt_says_its_sentence(string log)
    {
        Picture picture = Drawn.Log(log);
        OwedMark owed = picture.Owed.First(mark => mark.Rank == OwedRank.Owed);
        // So high that every lane is in sight.
        await using Page page = await Open(picture, height: 1600);
        int number = picture.Owed.Index().First(one => one.Item == owed).Index;
        await page.Evaluate($"document.querySelectorAll('.flag')[{number}].id = 'asked'");
        await page.Until("!document.getElementById('asked').hidden && document.getElementById('asked').offsetWidth > 0");
        Assert.NotEqual(string.Join(" ", owed.Sentences), await Sentence(page));
        await page.Click("#asked");
        Assert.Equal(string.Join(" ", owed.Sentences), await Sentence(page));
        Assert.Contains(owed.Gate, (await page.Evaluate("document.getElementById('details').innerText")).GetString(), StringComparison.Ordinal);
        await Judge(page);
    }

    [Fact]
    public async Task Keys_reach_what_is_owed_and_go_from_thing_to_thing()
    {
        Picture picture = Drawn.Disk();
        await using Page page = await Open(picture);
        await page.Press("n");
        Assert.Equal(string.Join(" ", picture.Owed[0].Sentences), await Sentence(page));
        await page.Press("Escape");
        Assert.Null(await Sentence(page));
        await page.Evaluate("document.getElementById('view').focus()");
        var seen = new HashSet<string>();
        for (int step = 0; step < 12; step++)
        {
            await page.Press(step % 4 == 3 ? "ArrowUp" : "ArrowLeft");
            seen.Add((await page.Evaluate("document.querySelector('#details .what')?.textContent ?? ''")).GetString()!);
        }
        Assert.True(seen.Count > 4, string.Join(", ", seen));
        Assert.All(seen, what => Assert.Contains(picture.Lanes, lane => what.StartsWith(lane.Name, StringComparison.Ordinal)));
        foreach (string key in (string[])["t", "a", "c", "+", "-", "0", "Home", "End", "?"])
            await page.Press(key);
        await Judge(page);
    }

    [Fact]
    public async Task A_search_shows_the_lanes_that_it_finds_and_Enter_goes_to_the_first_thing()
    {
        Picture picture = Drawn.Disk();
        await using Page page = await Open(picture);
        await page.Press("/");
        foreach (char letter in "0x51")
            await page.Press(letter.ToString());
        // The pin has it as Remote IRR, the CPU as IRR and ISR.
        Assert.Equal(["ioapic:9", "cpu0 0x51"], (await page.Evaluate("[...document.querySelectorAll('.label')].map(one => one.textContent)"))
            .EnumerateArray().Select(one => one.GetString()));
        await page.Press("Enter");
        Assert.Equal("ioapic:9: entry written", (await page.Evaluate("document.querySelector('#details .what').textContent")).GetString());
        await Judge(page);
    }

    [Fact]
    public async Task A_hostile_label_is_text()
    {
        await using Page page = await Open(Drawn.Disk(Hostile) with { Subject = Hostile, Verdict = Hostile, Notes = [Hostile] });
        Assert.Equal($"{Hostile} (gsi:9)", (await page.Evaluate("document.querySelector('.label').textContent")).GetString());
        Assert.Equal(Hostile, (await page.Evaluate("document.title")).GetString());
        Assert.Equal(0, (await page.Evaluate("document.querySelectorAll('#owned').length")).GetInt32());
        await Judge(page);
    }

    [Fact]
    public void What_is_owed_stands_in_the_page_without_its_script()
    {
        Picture picture = Drawn.Disk(Hostile);
        string page = Drawn.Text(picture, PageWriter.Write);
        Assert.Contains(System.Net.WebUtility.HtmlEncode(picture.Owed[0].Sentences[0]), page, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>document.title", page, StringComparison.Ordinal);
        // No address of anything, not even of a namespace.
        Assert.Empty(Addresses().Matches(page));
        Assert.Empty(Places().Matches(page));
    }

    /// <summary>The looks that a person judges: in the folder of <c>WIRQ_SCREENSHOTS</c>.</summary>
    [Fact]
    public async Task Screenshots_for_a_person()
    {
        string? folder = Environment.GetEnvironmentVariable("WIRQ_SCREENSHOTS");
        Assert.SkipUnless(folder is not null, "WIRQ_SCREENSHOTS names no folder for pictures of the page");
        (string Name, Picture Picture)[] pictures =
        [
            ("disk", Drawn.Disk()), ("no-eoi", Drawn.Log("examples/missing-eoi.log.gz")), ("storm", Drawn.Log("examples/storm.log.gz")),
            ("tpr", Drawn.Log("tests/Wirq.Traces.Tests/Why/logs/tpr-blocked.log.gz")), ("smp", Drawn.Log("tests/Wirq.Traces.Tests/Replay/logs/vtd-msix.log.gz")),
            ("kvm-tpr", Drawn.Log(KvmPictureTests.Logs[1])), ("kvm-noack", Drawn.Log(KvmPictureTests.Logs[0])), ("kvm-split", Drawn.Log(KvmPictureTests.Logs[3])),
            ("kvm-cli", Drawn.Log(KvmPictureTests.Logs[2])), ("kvm-pasted", Drawn.Log(KvmPictureTests.Logs[^1])), ("kvm-storm", Drawn.Log(KvmPictureTests.Logs[5])),
        ];
        foreach ((string name, Picture picture) in pictures)
        {
            foreach ((int width, int height, bool dark) in new[] { (1280, 900, false), (1280, 900, true), (480, 900, false), (2000, 1100, true) })
            {
                await using Page page = await Open(picture, width, height, dark);
                if (width != 1280 || dark)
                    await page.Press("n");
                await page.Evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");
                await File.WriteAllBytesAsync(Path.Combine(folder!, $"{name}-{width}{(dark ? "-dark" : "")}.png"), await page.Screenshot(), TestContext.Current.CancellationToken);
            }
        }
    }

    private async Task<Page> Open(Picture picture, int width = 1280, int height = 900, bool dark = false)
    {
        string file = Path.Combine(_folder.FullName, "page.html");
        File.WriteAllBytes(file, Drawn.Bytes(picture, PageWriter.Write));
        return await browser.Open(file, width, height, dark);
    }

    private static async Task<string?> Sentence(Page page) =>
        (await page.Evaluate("document.querySelector('#details .sentence')?.textContent ?? null")) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    /// <summary>It asked for nothing but itself, and nothing in it failed.</summary>
    private static async Task Judge(Page page)
    {
        await page.Evaluate("new Promise(done => setTimeout(() => done(true), 50))");
        Assert.Empty(page.Errors);
        Assert.All(page.Requests, address => Assert.EndsWith("/page.html", address, StringComparison.Ordinal));
        Assert.Single(page.Requests);
    }

    [GeneratedRegex("[a-z]+://")]
    private static partial Regex Addresses();

    [GeneratedRegex("\\{\\{[a-z]+\\}\\}")]
    private static partial Regex Places();
}
