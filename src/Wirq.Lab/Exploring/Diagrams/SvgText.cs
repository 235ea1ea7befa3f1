using System.Globalization;
using System.Text;
using Cell = Wirq.Lab.Exploring.Diagrams.LayeredLayout.Cell;

namespace Wirq.Lab.Exploring.Diagrams;

/// <summary>A diagram as SVG. Each transition bears a number; the causes stand below, and in the tooltip of its line.</summary>
internal sealed class SvgText
{
    private const int LegendChar = 7, Margin = 20, LoopDepth = 26;
    // Where on its first piece a line has its number.
    private const double NumberAt = 0.35;

    private readonly Diagram _diagram;
    private readonly LayeredLayout _layout;
    // By transition: how far from the middle of its state it begins, and from that of its target it ends.
    private readonly double[] _begins, _ends;
    // By transition: the points of its Bézier curves.
    private readonly (double X, double Y)[][] _points;
    private readonly StringBuilder _text = new();

    private SvgText(Diagram diagram)
    {
        (_diagram, _layout) = (diagram, new LayeredLayout(diagram));
        (_begins, _ends) = (new double[diagram.Edges.Count], new double[diagram.Edges.Count]);
        PlaceEnds();
        _points = [.. Enumerable.Range(0, diagram.Edges.Count).Select(PointsOf)];
    }

    /// <summary>Writes it.</summary>
    internal static string Of(Diagram diagram) => new SvgText(diagram).Write();

    private string Write()
    {
        string[] legend = [.. Legend()];
        double width = Math.Max(_layout.Width, Math.Max(_diagram.Title.Length, legend.Select(line => line.Length).DefaultIfEmpty().Max()) * LegendChar + 2 * Margin);
        double height = _layout.Height + legend.Length * LayeredLayout.LineHeight + Margin;
        _text.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:0} {height:0}" width="{width:0}" height="{height:0}" font-family="monospace" font-size="11">
            <title>{Escaped(_diagram.Title)}</title>
            <defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#555"/></marker></defs>
            <rect width="100%" height="100%" fill="#fff"/>

            """);
        Text(Margin, Margin, Escaped(_diagram.Title), "font-weight=\"bold\"");
        for (int edge = 0; edge < _diagram.Edges.Count; edge++)
            Line(edge);
        for (int state = 0; state < _diagram.States.Count; state++)
            Box(state);
        for (int edge = 0; edge < _diagram.Edges.Count; edge++)
            Number(edge);
        for (int line = 0; line < legend.Length; line++)
            Text(Margin, _layout.Height + line * LayeredLayout.LineHeight, Escaped(legend[line]), "xml:space=\"preserve\"");
        _text.Append("</svg>\n");
        return _text.ToString();
    }

    private IEnumerable<string> Legend()
    {
        if (_diagram.Missing is { } missing)
            yield return $"incomplete: {missing}";
        foreach ((int number, DiagramEdge edge) in _diagram.Edges.Index())
        {
            string head = $"{number + 1,3}  {string.Join(", ", _diagram.States[edge.From])} -> {string.Join(", ", _diagram.States[edge.To])}:";
            yield return $"{head} {edge.Causes[0]}";
            foreach (string cause in edge.Causes.Skip(1))
                yield return $"{new string(' ', head.Length)} {cause}";
        }
    }

    private void Box(int state)
    {
        Cell cell = _layout.States[state];
        _text.Append(CultureInfo.InvariantCulture, $"<rect x=\"{cell.Left:0.#}\" y=\"{cell.Top:0.#}\" width=\"{cell.Width:0.#}\" height=\"{cell.Height:0.#}\" rx=\"5\" fill=\"#eef3fa\" stroke=\"#345\"{(state == 0 ? " stroke-width=\"2.5\"" : "")}/>\n");
        for (int line = 0; line < _diagram.States[state].Count; line++)
            Text(cell.Center, cell.Top + (line + 1) * LayeredLayout.LineHeight, Escaped(_diagram.States[state][line]), "text-anchor=\"middle\"");
    }

    private void Line(int edge)
    {
        (double X, double Y)[] points = _points[edge];
        _text.Append(CultureInfo.InvariantCulture, $"<path d=\"M{points[0].X:0.#} {points[0].Y:0.#}");
        for (int i = 1; i < points.Length; i += 3)
            _text.Append(CultureInfo.InvariantCulture, $"C{points[i].X:0.#} {points[i].Y:0.#} {points[i + 1].X:0.#} {points[i + 1].Y:0.#} {points[i + 2].X:0.#} {points[i + 2].Y:0.#}");
        _text.Append(CultureInfo.InvariantCulture, $"\" fill=\"none\" stroke=\"#777\" marker-end=\"url(#end)\"><title>{edge + 1}: {Escaped(string.Join("; ", _diagram.Edges[edge].Causes))}</title></path>\n");
    }

    private void Number(int edge)
    {
        (double X, double Y)[] points = _points[edge];
        (double x, double y) = (At(points[0].X, points[1].X, points[2].X, points[3].X), At(points[0].Y, points[1].Y, points[2].Y, points[3].Y));
        Text(x, y + 4, (edge + 1).ToString(CultureInfo.InvariantCulture), "text-anchor=\"middle\" fill=\"#a30\" stroke=\"#fff\" stroke-width=\"3\" paint-order=\"stroke\"");
    }

    /// <summary>The points of its Bézier curves: the first, and three for each.</summary>
    private (double X, double Y)[] PointsOf(int edge)
    {
        IReadOnlyList<Cell> way = _layout.Ways[edge];
        (Cell from, Cell to) = (way[0], way[^1]);
        bool down = to.Layer > from.Layer;
        if (to.Layer == from.Layer)
        {
            (double begin, double end) = (from.Center + _begins[edge], to.Center + _ends[edge]);
            double low = Math.Max(from.Bottom, to.Bottom) + LoopDepth;
            return [(begin, from.Bottom), (begin, low), (end, low), (end, to.Bottom)];
        }
        var points = new List<(double X, double Y)> { (from.Center + _begins[edge], down ? from.Bottom : from.Top) };
        for (int i = 1; i < way.Count; i++)
        {
            bool isLast = i == way.Count - 1;
            double height = isLast ? 0 : _layout.PassHeights[way[i].Layer];
            double x = way[i].Center + (isLast ? _ends[edge] : 0);
            double near = down ? way[i].Top : isLast ? way[i].Bottom : way[i].Top + height;
            Curve(points, x, near);
            if (!isLast)
                Curve(points, x, down ? near + height : way[i].Top);
        }
        return [.. points];
    }

    private static void Curve(List<(double X, double Y)> points, double x, double y)
    {
        (double X, double Y) last = points[^1];
        double middle = (last.Y + y) / 2;
        points.AddRange([(last.X, middle), (x, middle), (x, y)]);
    }

    /// <summary>Lines that begin or end at one side of a state do so side by side, in the order of where they lead.</summary>
    private void PlaceEnds()
    {
        var sides = new Dictionary<(Cell Cell, bool Below), List<(double Where, int Edge, bool From)>>();
        for (int edge = 0; edge < _layout.Ways.Count; edge++)
        {
            IReadOnlyList<Cell> way = _layout.Ways[edge];
            SideOf(way[0], IsBelow(edge, from: true)).Add((way[1].Center, edge, true));
            SideOf(way[^1], IsBelow(edge, from: false)).Add((way[^2].Center, edge, false));
        }
        foreach (((Cell cell, _), List<(double Where, int Edge, bool From)> side) in sides)
        {
            side.Sort();
            foreach ((int place, (_, int edge, bool from)) in side.Index())
                (from ? _begins : _ends)[edge] = cell.Width * ((place + 1.0) / (side.Count + 1) - 0.5);
        }

        List<(double, int, bool)> SideOf(Cell cell, bool below) =>
            System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(sides, (cell, below), out _) ??= [];
    }

    private bool IsBelow(int edge, bool from)
    {
        int step = _layout.Ways[edge][^1].Layer - _layout.Ways[edge][0].Layer;
        return step == 0 || (step > 0) == from;
    }

    private static double At(double a, double b, double c, double d)
    {
        const double t = NumberAt, s = 1 - t;
        return s * s * s * a + 3 * s * s * t * b + 3 * s * t * t * c + t * t * t * d;
    }

    private void Text(double x, double y, string text, string attributes) =>
        _text.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{y:0.#}\" {attributes}>{text}</text>\n");

    private static string Escaped(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            plain.Append(c switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                // XML has no other control characters, and halves of a pair are none of its characters.
                < ' ' or '\uFFFE' or '\uFFFF' => " ",
                _ => char.IsSurrogate(c) ? "?" : c.ToString(),
            });
        }
        return plain.ToString();
    }
}
