using System.Globalization;
using System.Text;

namespace Wirq.Traces.Timelines;

/// <summary>A change at a time: how much is added to a number, or what a text becomes.</summary>
internal readonly record struct VcdChange(VcdSignal Signal, long Time, int Added, string? Text)
{
    internal VcdSignal Apply()
    {
        Signal.Change(Added, Text);
        return Signal;
    }
}

/// <summary>A variable: a wire, a number, the highest of some vectors, or a text.</summary>
/// <param name="heading">The part of the machine.</param>
/// <param name="scope">The lane in it; empty for a whole CPU.</param>
/// <param name="name">Its name.</param>
/// <param name="bits">How wide it is; 0 for a text.</param>
/// <param name="code">Its code in the file.</param>
/// <param name="lane">Number of its lane; of a whole CPU, that of the first vector.</param>
internal sealed class VcdSignal(string heading, string scope, string name, int bits, string code, int lane)
{
    private readonly int[]? _vectors = name == VcdSignals.Highest ? new int[byte.MaxValue + 1] : null;
    private long _value;
    private string _text = "", _written = "";

    internal string Heading => heading;
    internal string Scope => scope;
    internal string Name => name;
    internal string Code => code;
    internal int Lane => lane;

    /// <summary>Its declaration. The number of bits of a text is 1.</summary>
    internal string Type => bits == 0 ? "string 1" : bits == 1 ? "wire 1" : string.Create(CultureInfo.InvariantCulture, $"integer {bits}");

    internal bool HasChanged => Value != _written;

    private string Value
    {
        get
        {
            if (bits == 0)
                return $"s{(_text.Length == 0 ? "-" : _text)} {code}";
            if (bits == 1)
                return $"{(_value > 0 ? 1 : 0)}{code}";
            if (_vectors is null)
                return $"b{_value:b} {code}";
            int highest = Array.FindLastIndex(_vectors, count => count > 0);
            return highest < 0 ? $"bx {code}" : $"b{highest:b} {code}";
        }
    }

    internal void Change(int added, string? text)
    {
        if (text is not null)
            _text = text;
        else if (_vectors is null)
            _value += added;
        else
            _vectors[Math.Abs(added) - 1] += Math.Sign(added);
    }

    internal void Write(TextWriter output)
    {
        _written = Value;
        output.WriteLine(_written);
    }
}

/// <summary>The variables of a picture, and all their changes.</summary>
internal sealed class VcdSignals
{
    /// <summary>The variable that shows the highest vector in service.</summary>
    internal const string Highest = "vector";
    private const string GateName = "gate", Sent = "sent";
    private const int DepthBits = 9, VectorBits = 8, CountBits = 32;
    private const char FirstCode = '!', LastCode = '~';

    private readonly Dictionary<(int Lane, string Name), VcdSignal> _ofLane = [];
    private readonly Dictionary<(string Cpu, string Name), VcdSignal> _ofCpu = [];
    private readonly List<VcdChange> _changes = [];
    private readonly List<VcdSignal> _all = [];
    private readonly Picture _picture;

    internal VcdSignals(Picture picture)
    {
        _picture = picture;
        foreach (Span span in picture.Spans)
            Add(span);
        foreach (Instant sent in picture.Instants.Where(one => one.Kind == InstantKind.Sent))
            _changes.Add(new VcdChange(Of(sent.Lane, Sent, CountBits), picture.Clock.At(sent.At), 1, null));
        HashSet<int> held = [.. picture.Spans.Where(span => span.Kind == SpanKind.Held).Select(span => span.Lane)];
        // Where the gate of each moment is known, the last is that of the answer.
        foreach (OwedMark mark in picture.Owed.Where(mark => mark is { Lane: >= 0, Gate.Length: > 0 } && !held.Contains(mark.Lane)).OrderBy(mark => (mark.Since ?? mark.At).Event))
            _changes.Add(new VcdChange(Of(mark.Lane, GateName, 0), picture.Clock.At(mark.Since is { } since && since.Event > mark.At.Event ? since : mark.At), 0, mark.Gate));
        All = [.. _all.OrderBy(signal => signal.Lane).ThenBy(signal => signal.Scope.Length > 0).ThenBy(signal => signal.Name, StringComparer.Ordinal)];
    }

    /// <summary>The variables, by lane; those of a whole CPU stand before its vectors.</summary>
    internal IEnumerable<VcdSignal> All { get; }

    /// <summary>The changes, by time.</summary>
    internal IEnumerable<IGrouping<long, VcdChange>> Changes => _changes.OrderBy(change => change.Time).GroupBy(change => change.Time);

    private void Add(in Span span)
    {
        if (span.Kind == SpanKind.Held)
        {
            _changes.Add(new VcdChange(Of(span.Lane, GateName, 0), _picture.Begin(span), 0, span.Gate));
            if (span.End is not null)
                _changes.Add(new VcdChange(Of(span.Lane, GateName, 0), _picture.End(span), 0, ""));
            return;
        }
        Add(Of(span.Lane, NameOf(span.Kind), 1), span, 1);
        Lane lane = _picture.Lanes[span.Lane];
        if (lane.Key.Group != LaneGroup.Cpu || span.Kind == SpanKind.NotKnown)
            return;
        Add(OfCpu(lane.Heading, span.Kind == SpanKind.Requested ? "irr_depth" : "isr_depth", DepthBits), span, 1);
        // The vector, from 1, so that it has a sign.
        if (span.Kind == SpanKind.InService)
            Add(OfCpu(lane.Heading, Highest, VectorBits), span, span.Vector + 1);
    }

    private void Add(VcdSignal signal, in Span span, int what)
    {
        _changes.Add(new VcdChange(signal, _picture.Begin(span), what, null));
        if (span.End is not null)
            _changes.Add(new VcdChange(signal, _picture.End(span), -what, null));
    }

    private VcdSignal Of(int number, string name, int bits)
    {
        if (_ofLane.TryGetValue((number, name), out VcdSignal? known))
            return known;
        Lane lane = _picture.Lanes[number];
        string scope = lane.Key.Group switch
        {
            // Two devices may have one label.
            LaneGroup.Device => VcdWriter.Identifier(string.Create(CultureInfo.InvariantCulture, $"{lane.Name}_{lane.Key.Unit}_{lane.Key.Owner}")),
            LaneGroup.Cpu when lane.Key.Index >= 0 => string.Create(CultureInfo.InvariantCulture, $"vector_{lane.Key.Index:x2}"),
            LaneGroup.Cpu => "cpu",
            _ => VcdWriter.Identifier(lane.Name),
        };
        return _ofLane[(number, name)] = New(lane.Heading, scope, name, bits, number);
    }

    private VcdSignal OfCpu(string heading, string name, int bits) => _ofCpu.TryGetValue((heading, name), out VcdSignal? known) ? known
        : _ofCpu[(heading, name)] = New(heading, "", name, bits, _picture.Lanes.Index().First(lane => lane.Item.Heading == heading).Index);

    private VcdSignal New(string heading, string scope, string name, int bits, int lane)
    {
        var signal = new VcdSignal(heading, scope, name, bits, Code(_all.Count), lane);
        _all.Add(signal);
        return signal;
    }

    private static string Code(int number)
    {
        const int codes = LastCode - FirstCode + 1;
        var code = new StringBuilder();
        for (int left = number; ; left = left / codes - 1)
        {
            code.Insert(0, (char)(FirstCode + left % codes));
            if (left < codes)
                return code.ToString();
        }
    }

    private static string NameOf(SpanKind kind) => kind switch
    {
        SpanKind.Asserted => "asserted",
        SpanKind.RemoteIrr => "remote_irr",
        SpanKind.Requested => "irr",
        SpanKind.InService => "isr",
        SpanKind.Masked => "masked",
        SpanKind.AckWithheld => "ack_withheld",
        SpanKind.Braked => "braked",
        _ => "not_known",
    };
}
