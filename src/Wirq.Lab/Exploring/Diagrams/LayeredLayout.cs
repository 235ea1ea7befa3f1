namespace Wirq.Lab.Exploring.Diagrams;

/// <summary>A place for everything in a diagram: states in layers by their distance from the start, and a way through the layers for
/// each transition.</summary>
/// <remarks>A transition that passes a layer has a narrow cell of its own there, so no state lies on its way. Cells of a layer are ordered
/// by the mean place of their neighbours, down and up a few times. Everything is a function of the diagram.</remarks>
internal sealed class LayeredLayout
{
    internal const int LineHeight = 16, LayerGap = 56;
    private const int CharWidth = 7, Padding = 10, CellGap = 26, WayWidth = 10, Sweeps = 8, Margin = 20;

    /// <summary>A state, or a place where a transition passes a layer.</summary>
    internal sealed class Cell
    {
        internal required int Layer { get; init; }
        internal required double Width { get; init; }
        internal required double Height { get; init; }
        internal List<Cell> Above { get; } = [];
        internal List<Cell> Below { get; } = [];
        internal double Left { get; set; }
        internal double Top { get; set; }
        internal double Center => Left + Width / 2;
        internal double Bottom => Top + Height;
    }

    private readonly List<List<Cell>> _layers = [];

    internal LayeredLayout(Diagram diagram)
    {
        int[] layers = LayersOf(diagram);
        States = [.. diagram.States.Select((words, number) => Add(layers[number],
            words.Max(line => line.Length) * CharWidth + 2 * Padding, words.Count * LineHeight + Padding))];
        Ways = [.. diagram.Edges.Select(Way)];
        for (int sweep = 0; sweep < Sweeps; sweep++)
            Sort(down: sweep % 2 == 0);
        Place();
    }

    /// <summary>The states, by number.</summary>
    internal IReadOnlyList<Cell> States { get; }
    /// <summary>For each transition its cells, from its state to its target.</summary>
    internal IReadOnlyList<IReadOnlyList<Cell>> Ways { get; }
    internal double Width { get; private set; }
    internal double Height { get; private set; }

    // Breadth-first from the start; a state that no transition leads to is beside the start.
    private static int[] LayersOf(Diagram diagram)
    {
        var layers = new int[diagram.States.Count];
        Array.Fill(layers, -1);
        ILookup<int, int> next = diagram.Edges.ToLookup(edge => edge.From, edge => edge.To);
        layers[0] = 0;
        var waiting = new Queue<int>([0]);
        while (waiting.TryDequeue(out int state))
        {
            foreach (int to in next[state].Where(to => layers[to] < 0))
            {
                layers[to] = layers[state] + 1;
                waiting.Enqueue(to);
            }
        }
        return [.. layers.Select(layer => Math.Max(0, layer))];
    }

    private Cell Add(int layer, double width, double height)
    {
        while (_layers.Count <= layer)
            _layers.Add([]);
        var cell = new Cell { Layer = layer, Width = width, Height = height };
        _layers[layer].Add(cell);
        return cell;
    }

    private List<Cell> Way(DiagramEdge edge)
    {
        (Cell from, Cell to) = (States[edge.From], States[edge.To]);
        int step = Math.Sign(to.Layer - from.Layer);
        var way = new List<Cell> { from };
        for (int layer = from.Layer + step; step != 0 && layer != to.Layer; layer += step)
            way.Add(Add(layer, WayWidth, 0));
        way.Add(to);
        for (int i = 1; i < way.Count && step != 0; i++)
        {
            (Cell above, Cell below) = step > 0 ? (way[i - 1], way[i]) : (way[i], way[i - 1]);
            above.Below.Add(below);
            below.Above.Add(above);
        }
        return way;
    }

    private void Sort(bool down)
    {
        for (int i = 1; i < _layers.Count; i++)
        {
            int layer = down ? i : _layers.Count - 1 - i;
            Dictionary<Cell, int> places = _layers[down ? layer - 1 : layer + 1].Index().ToDictionary(one => one.Item, one => one.Index);
            Dictionary<Cell, double> means = _layers[layer].Index().ToDictionary(one => one.Item, one =>
                (down ? one.Item.Above : one.Item.Below) is { Count: > 0 } near ? near.Average(cell => places[cell]) : one.Index);
            // The order is stable.
            List<Cell> sorted = [.. _layers[layer].OrderBy(cell => means[cell])];
            _layers[layer] = sorted;
        }
    }

    private void Place()
    {
        double[] widths = [.. _layers.Select(layer => layer.Sum(cell => cell.Width + CellGap) - CellGap)];
        Width = widths.Max() + 2 * Margin;
        double top = Margin + LineHeight;
        foreach ((int number, List<Cell> layer) in _layers.Index())
        {
            double left = (Width - widths[number]) / 2, height = layer.Max(cell => cell.Height);
            foreach (Cell cell in layer)
            {
                (cell.Left, cell.Top) = (left, cell.Height == 0 ? top : top + (height - cell.Height) / 2);
                left += cell.Width + CellGap;
            }
            top += height + LayerGap;
        }
        Height = top;
        // What passes a layer passes all of its height.
        PassHeights = [.. _layers.Select(layer => layer.Max(cell => cell.Height))];
    }

    /// <summary>By layer: the height of its highest state.</summary>
    internal IReadOnlyList<double> PassHeights { get; private set; } = [];
}
