using System.Globalization;
using System.Text.RegularExpressions;

namespace Wirq.Tests.HostIrq;

/// <summary>Reads QEMU's events of the I/OAPIC, and tells each level interrupt of each pin in the words of
/// <see cref="ThreadedGuest"/>.</summary>
internal static partial class ThreadedLog
{
    private const int Pins = 24, FirstEntry = 0x10, MaskBit = 1 << 16;

    // Without the ack, which a machine does and no log shows.
    private static readonly string s_ours = new ThreadedGuest(threaded: true).Interrupt().Replace(", ack", "", StringComparison.Ordinal);

    [GeneratedRegex(@"ioapic_(?<event>set_irq|set_remote_irr|clear_remote_irr|eoi_broadcast|mem_write) .*?(?:vector: (?<irq>\d+) level: (?<level>[01])|pin (?<pin>\d+)(?: vector (?<vector>\d+))?|for vector (?<vector>\d+)|addr 0x10 regsel: 0x(?<register>[0-9a-f]+) size 0x4 val 0x(?<value>[0-9a-f]+))\s*$")]
    private static partial Regex Line();

    /// <summary>The first interrupt of a log that has another order.</summary>
    /// <returns>Empty if all have ours.</returns>
    internal static string FirstParting(string file)
    {
        using StreamReader reader = VectorFiles.Open(file);
        var pins = new Told[Pins];
        for (int pin = 0; pin < Pins; pin++)
            pins[pin] = new Told();
        string name = Path.GetFileName(file);
        bool eoi = false;
        int interrupts = 0;
        for (int number = 1; reader.ReadLine() is { } line; number++)
        {
            Match match = Line().Match(line);
            if (!match.Success)
                continue;
            // QEMU tells of the broadcast first, and then which pins it ends.
            bool ended = eoi;
            eoi = match.Groups["event"].Value == "eoi_broadcast";
            if (PinOf(match) is not { } pin || pin >= Pins)
                continue;
            Told told = pins[pin];
            if (told.Take(match, ended, number) is not { } said)
                continue;
            interrupts++;
            if (said != s_ours)
                return $"{name}, line {told.EndedSince}: pin {pin}: Linux says \"{said}\", Wirq says \"{s_ours}\"";
        }
        return interrupts == 0 ? $"{name} has no interrupt of a level line that came to its end" : "";
    }

    private static int? PinOf(Match match)
    {
        if (match.Groups["irq"].Success)
            return int.Parse(match.Groups["irq"].Value, CultureInfo.InvariantCulture);
        if (match.Groups["pin"].Success)
            return int.Parse(match.Groups["pin"].Value, CultureInfo.InvariantCulture);
        if (!match.Groups["register"].Success)
            return null;
        int register = int.Parse(match.Groups["register"].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        // The low half has the mask.
        return register >= FirstEntry && register % 2 == 0 ? (register - FirstEntry) / 2 : null;
    }

    /// <summary>A pin, from the delivery of an interrupt to its unmask, or to the next delivery.</summary>
    private sealed class Told
    {
        private readonly List<string> _words = [];
        private bool _high, _masked = true, _inService;

        private int _since;

        /// <summary>The line of the log where the interrupt that ended last was delivered.</summary>
        internal int EndedSince { get; private set; }

        /// <summary>Takes an event of the pin.</summary>
        /// <returns>An interrupt that has ended, in words; null if none has.</returns>
        internal string? Take(Match match, bool ended, int number)
        {
            switch (match.Groups["event"].Value)
            {
                case "set_irq" when match.Groups["level"].Value == "1" != _high:
                    _high = !_high;
                    if (_inService)
                        _words.Add(_high ? "rises" : "falls");
                    return null;
                case "set_remote_irr":
                    // The rise is that of the next interrupt.
                    if (_inService && _words[^1] == "rises")
                        _words.RemoveAt(_words.Count - 1);
                    string? before = _inService ? End() : null;
                    (_inService, _since) = (true, number);
                    _words.AddRange(["rises", "delivered"]);
                    return before;
                case "clear_remote_irr" when _inService:
                    if (ended)
                        _words.Add("EOI");
                    _words.Add("Remote IRR clears");
                    return null;
                case "mem_write":
                    bool masked = (uint.Parse(match.Groups["value"].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture) & MaskBit) != 0;
                    if (masked == _masked)
                        return null;
                    _masked = masked;
                    if (!_inService)
                        return null;
                    _words.Add(masked ? "masked" : "unmasked");
                    return masked ? null : End();
                default:
                    return null;
            }
        }

        private string End()
        {
            string said = string.Join(", ", _words);
            _words.Clear();
            (_inService, EndedSince) = (false, _since);
            return said;
        }
    }
}
