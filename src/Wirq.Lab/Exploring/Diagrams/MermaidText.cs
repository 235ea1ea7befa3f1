using System.Text;

namespace Wirq.Lab.Exploring.Diagrams;

/// <summary>A diagram as Mermaid.</summary>
internal static class MermaidText
{
    /// <summary>Writes it.</summary>
    internal static string Of(Diagram diagram)
    {
        var text = new StringBuilder();
        text.Append("%% ").Append(OneLine(diagram.Title)).Append('\n');
        if (diagram.Missing is { } missing)
            text.Append("%% incomplete: ").Append(OneLine(missing)).Append('\n');
        text.Append("stateDiagram-v2\n");
        foreach ((int number, IReadOnlyList<string> words) in diagram.States.Index())
            text.Append("    state \"").Append(string.Join("<br/>", words.Select(Plain))).Append("\" as s").Append(number).Append('\n');
        text.Append("    [*] --> s0\n");
        foreach (DiagramEdge edge in diagram.Edges)
        {
            text.Append("    s").Append(edge.From).Append(" --> s").Append(edge.To).Append(": ")
                .AppendJoin("<br/>", edge.Causes.Select(Plain)).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>As <see cref="Of"/>, as a page of Markdown.</summary>
    internal static string PageOf(Diagram diagram) =>
        $"# {Plain(OneLine(diagram.Title))}\n\n{(diagram.Missing is { } missing ? $"Incomplete: {Plain(OneLine(missing))}.\n\n" : "")}```mermaid\n{Of(diagram)}```\n";

    // In a label, these have meanings of their own; a colon ends the name of a state.
    private static string Plain(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (char c in OneLine(text))
        {
            plain.Append(c switch
            {
                '"' => "#quot;",
                '#' => "#35;",
                ';' => "#59;",
                ':' => "#58;",
                '<' => "#lt;",
                '>' => "#gt;",
                '`' => "#96;",
                _ => c.ToString(),
            });
        }
        return plain.ToString();
    }

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
