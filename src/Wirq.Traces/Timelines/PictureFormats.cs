namespace Wirq.Traces.Timelines;

/// <summary>The formats of a picture, by the extension of its file.</summary>
internal static class PictureFormats
{
    private static readonly (string Extension, Action<Picture, Stream> Write)[] s_formats =
    [
        (".html", PageWriter.Write), (".pftrace", PerfettoWriter.Write), (".json", ChromeWriter.Write), (".vcd", VcdWriter.Write),
    ];

    /// <summary>The extensions and what opens them, for messages.</summary>
    internal const string Known = ".html (a page), .pftrace (Perfetto), .json (Chrome trace events) or .vcd (GTKWave)";

    /// <summary>The writer for a file; null if its extension is none of these. A picture is written to a stream that the
    /// caller owns.</summary>
    internal static Action<Picture, Stream>? Of(string file) => Array.Find(s_formats,
        format => file.EndsWith(format.Extension, StringComparison.OrdinalIgnoreCase)).Write;
}
