using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Dumps.Linux;

/// <summary>"irq N: nobody cared", its handlers, and "Disabling IRQ #N". Linux says it when of 100,000 interrupts of a line
/// more than 99,900 were served by none of its handlers, and then masks the line.</summary>
internal sealed partial class NobodyCared(DumpParts parts) : DumpReader
{
    private const int MostHandlers = 64;

    private int _irq = -1;
    private bool _handlers, _disabled;
    private readonly List<string> _names = [];
    private ValuePlace? _place, _end;

    internal override Fit Take(in DumpLine line)
    {
        if (Nobody().Match(line.Text) is { Success: true } nobody)
        {
            End();
            Open(nobody, line);
            return Fit.Whole;
        }
        if (Disabling().Match(line.Text) is { Success: true } disabling)
        {
            string irq = disabling.Groups["irq"].Value;
            // At the end of the file the number may have lost a digit.
            bool same = _irq >= 0 && (line.IsLast ? $"{_irq}".StartsWith(irq, StringComparison.Ordinal) : $"{_irq}" == irq);
            if (!same)
            {
                End();
                Open(disabling, line);
            }
            (_disabled, _end) = (true, line.Place("message", ""));
            Say();
            return Fit.Whole;
        }
        if (_irq < 0)
            return Fit.None;
        if (line.Text.EndsWith("handlers:", StringComparison.Ordinal))
        {
            _handlers = true;
            return Fit.Whole;
        }
        if (!_handlers || Handler().Match(line.Text) is not { Success: true } handler)
            return Fit.None;
        if (_names.Count < MostHandlers)
            _names.Add(Named(handler));
        return Fit.Whole;
    }

    internal override void End()
    {
        if (_irq >= 0)
            Say();
    }

    private void Open(Match match, in DumpLine line)
    {
        (_irq, _place) = (int.Parse(match.Groups["irq"].Value, CultureInfo.InvariantCulture), line.Place("message", ""));
        (_handlers, _disabled, _end) = (false, false, null);
        _names.Clear();
    }

    private static string Named(Match handler)
    {
        string name = handler.Groups["name"].Value, module = handler.Groups["module"].Value;
        // The handler that wakes a thread says nothing; the thread's function does.
        if (handler.Groups["thread"].Success)
            (name, module) = (handler.Groups["thread"].Value, handler.Groups["threads"].Value);
        return module.Length > 0 ? $"{name} ({module})" : name;
    }

    private void Say()
    {
        string who = _names.Count switch
        {
            0 => "Its handlers are not in the text.",
            1 => $"Its one handler is {_names[0]}; a device without a handler, or one whose handler does not know its device's request, holds the line.",
            _ => $"The line is shared by {Phrase.All(_names, 8)}; one of their devices, or one without a handler, holds the line.",
        };
        string end = _disabled ? $"Linux disabled it (Disabling IRQ #{_irq}): its devices get no more interrupts through it, and those that they asked for are owed."
            : "That Linux disabled it then is not in the text.";
        string why = _place == _end ? $"irq {_irq} was disabled by Linux, as it does where nobody cared for a line; that message is not in the text."
            : $"irq {_irq}: nobody cared. More than 99,900 of 100,000 interrupts of this line were served by none of its handlers: the line stays asserted, or comes without a cause.";
        KernelLog.Part(parts, _place?.File).Find(new($"irq:{_irq}", Standing.Owed, Gate.PinMasked, -1, -1, _irq,
            $"{why} {who} {end} Which device holds it, the message does not tell; lspci -vv does (INTx+ in Status).", [.. new[] { _place, _end == _place ? null : _end }.OfType<ValuePlace>()]));
        _irq = -1;
        _handlers = false;
    }

    [GeneratedRegex(@"\birq (?<irq>[0-9]{1,6}): nobody cared\b", RegexOptions.ExplicitCapture)]
    private static partial Regex Nobody();

    [GeneratedRegex(@"\bDisabling IRQ #(?<irq>[0-9]{1,6})\b", RegexOptions.ExplicitCapture)]
    private static partial Regex Disabling();

    [GeneratedRegex(@"\[<[0-9a-fx.]*>\] +\(?(?<name>[A-Za-z_][\w.]*)(\+0x[0-9a-f]+/0x[0-9a-f]+)?( \[(?<module>\w+)\])?\)?( threaded \[<[0-9a-fx.]*>\] +(?<thread>[A-Za-z_][\w.]*)(\+0x[0-9a-f]+/0x[0-9a-f]+)?( \[(?<threads>\w+)\])?)?", RegexOptions.ExplicitCapture)]
    private static partial Regex Handler();
}
