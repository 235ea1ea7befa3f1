using System.Globalization;

namespace Wirq.Traces.Dumps.Text;

/// <summary>How a line fits a form.</summary>
internal enum Fit : byte
{
    /// <summary>It is of another form.</summary>
    None,
    /// <summary>It fits.</summary>
    Whole,
    /// <summary>It fits as far as it goes, and ends too early.</summary>
    Cut,
    /// <summary>It begins as the form does, and goes on as something else.</summary>
    Bad,
}

/// <summary>Reads a line of fixed form from left to right. After the first part that does not fit, nothing more is read, and
/// <see cref="Fit"/> says whether the line ended there or went on differently.</summary>
internal ref struct LineScanner(string text)
{
    private readonly string _text = text;
    private int _at;

    /// <summary>How the line fits so far.</summary>
    internal Fit Fit { get; private set; } = Fit.Whole;
    /// <summary>What was expected where it stopped to fit.</summary>
    internal string Expected { get; private set; } = "";

    /// <summary>What is not read yet.</summary>
    internal readonly string Rest => _text[_at..];

    /// <summary>Reads a word; blanks before it are skipped. A blank in it stands for any number of them.</summary>
    internal void Word(string word)
    {
        foreach (string part in word.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Fit != Fit.Whole)
                return;
            SkipBlanks();
            ReadOnlySpan<char> rest = _text.AsSpan(_at);
            if (rest.StartsWith(part, StringComparison.Ordinal))
                _at += part.Length;
            else
                Stop(part.AsSpan().StartsWith(rest, StringComparison.Ordinal), $"'{part}'");
        }
    }

    /// <summary>Whether a word comes next; if so, it is read.</summary>
    internal bool TryWord(string word)
    {
        if (Fit != Fit.Whole)
            return false;
        SkipBlanks();
        if (!_text.AsSpan(_at).StartsWith(word, StringComparison.Ordinal))
            return false;
        _at += word.Length;
        return true;
    }

    /// <summary>Whether a word comes next that may be left out; if so, it is read. A line that ends inside of it is cut.</summary>
    internal bool TryOptional(string word)
    {
        if (TryWord(word))
            return true;
        if (Fit == Fit.Whole && _at < _text.Length && word.AsSpan().StartsWith(_text.AsSpan(_at), StringComparison.Ordinal))
            Stop(true, $"'{word}'");
        return false;
    }

    /// <summary>Whether a word comes next without a blank before it; if so, it is read.</summary>
    internal bool TryAdjoining(string word)
    {
        if (Fit != Fit.Whole || !_text.AsSpan(_at).StartsWith(word, StringComparison.Ordinal))
            return false;
        _at += word.Length;
        return true;
    }

    /// <summary>Reads a hexadecimal number of a number of digits.</summary>
    internal ulong Hex(int fewest, int most) => Number(fewest, most, NumberStyles.AllowHexSpecifier, "hexadecimal digits");

    /// <summary>Reads a decimal number up to a greatest one.</summary>
    internal int Decimal(int greatest)
    {
        const int digits = 9;
        ulong value = Number(1, digits, NumberStyles.None, "decimal digits");
        if (Fit == Fit.Whole && value > (ulong)greatest)
            Stop(false, $"a number up to {greatest}");
        return Fit == Fit.Whole ? (int)value : 0;
    }

    private ulong Number(int fewest, int most, NumberStyles style, string what)
    {
        if (Fit != Fit.Whole)
            return 0;
        SkipBlanks();
        int end = _at;
        while (end < _text.Length && (style == NumberStyles.None ? char.IsAsciiDigit(_text[end]) : char.IsAsciiHexDigit(_text[end])))
            end++;
        int digits = end - _at;
        string expected = fewest == most ? $"{most} {what}" : $"{fewest} to {most} {what}";
        if (digits < fewest || digits > most)
            Stop(end == _text.Length && digits < fewest, expected);
        else
        {
            ulong value = ulong.Parse(_text.AsSpan(_at, digits), style, CultureInfo.InvariantCulture);
            _at = end;
            return value;
        }
        return 0;
    }

    private void Stop(bool ended, string expected) => (Fit, Expected) = (ended ? Fit.Cut : Fit.Bad, expected);

    private void SkipBlanks()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
            _at++;
    }
}
