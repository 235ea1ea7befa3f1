using System.Globalization;
using System.Net;
using System.Text;
using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <summary>Writes a picture as one page that asks nothing of any network: style, script and data are in it, and its policy
/// forbids everything else.</summary>
/// <remarks>What is owed stands in the page itself, so that it is read without the script too. Everything that comes from
/// a log or a scenario is escaped here, or is data in JSON that the script only ever shows as text.</remarks>
internal static class PageWriter
{
    private static readonly string[] s_scripts = ["data", "draw", "axis", "select", "keys"];

    internal static void Write(Picture picture, Stream output)
    {
        string page = Part("page.html");
        var values = new Dictionary<string, Action<Stream>>(StringComparer.Ordinal)
        {
            ["title"] = to => Put(to, Escaped(picture.Subject.Length == 0 ? "recording" : picture.Subject)),
            ["style"] = to => Put(to, Part("page.css")),
            ["state"] = to => Put(to, picture.State),
            ["verdict"] = to => Put(to, Escaped(picture.Verdict)),
            ["notes"] = to => Put(to, string.Concat(picture.Notes.Select(note => $"  <p class=\"note\">{Escaped(note)}</p>\n"))),
            ["answers"] = to => Put(to, string.Concat(picture.Owed.Select((mark, number) => Answer(picture, mark, number)))),
            ["data"] = to => PageData.Write(picture, to),
            ["script"] = to => Put(to, string.Concat(s_scripts.Select(name => Part($"{name}.js")))),
        };
        int done = 0;
        while (page.IndexOf("{{", done, StringComparison.Ordinal) is >= 0 and int start)
        {
            int end = page.IndexOf("}}", start, StringComparison.Ordinal);
            Put(output, page[done..start]);
            values[page[(start + 2)..end]](output);
            done = end + 2;
        }
        Put(output, page[done..]);
    }

    private static string Answer(Picture picture, OwedMark mark, int number)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"  <div class=\"answer {ClassOf(mark.Rank)}\">\n");
        text.Append(CultureInfo.InvariantCulture, $"    <button type=\"button\" class=\"go\" data-owed=\"{number}\">{Escaped(mark.Rank == OwedRank.Silent ? $"{mark.Title} is silent" : mark.Title)}</button>\n");
        text.Append(CultureInfo.InvariantCulture, $"    <p>{Escaped(string.Join(" ", mark.Sentences))}</p>\n    <div class=\"evidence\">");
        foreach (Evidence one in mark.Evidence)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"<button type=\"button\" data-mark=\"{picture.Clock.IndexOf(one.At)}\">{Escaped($"{one.What} {picture.Stamps.At(one.At)}")}</button>");
        }
        return text.Append("</div>\n  </div>\n").ToString();
    }

    /// <summary>The class of an answer in the style of the page.</summary>
    internal static string ClassOf(OwedRank rank) => rank switch
    {
        OwedRank.Silent => "silent",
        OwedRank.Owed => "owed",
        OwedRank.Unknown => "unknown",
        _ => "masked",
    };

    private static string Escaped(string text) => WebUtility.HtmlEncode(text);

    private static void Put(Stream output, string text) => output.Write(Encoding.UTF8.GetBytes(text));

    private static string Part(string name)
    {
        using Stream stream = typeof(PageWriter).Assembly.GetManifestResourceStream($"Wirq.Traces.Timelines.Page.{name}")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
