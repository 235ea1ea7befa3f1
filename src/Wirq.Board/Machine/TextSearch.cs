using System.Text;

namespace Wirq.Board.Machine;

/// <summary>Finds a text in bytes that come one by one, such as those of a console.</summary>
internal sealed class TextSearch
{
    private readonly byte[] _text;
    // For each length of a match, the length of the longest shorter one that ends at the same byte (Knuth, Morris, Pratt).
    private readonly int[] _shorter;
    private int _matched;

    /// <summary>Begins a search.</summary>
    /// <param name="text">The text, as UTF-8; not empty.</param>
    internal TextSearch(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        _text = Encoding.UTF8.GetBytes(text);
        _shorter = new int[_text.Length + 1];
        for (int i = 1; i < _text.Length; i++)
            _shorter[i + 1] = Extend(_shorter[i], _text[i]);
    }

    /// <summary>Takes the next byte.</summary>
    /// <returns>Whether the text ends with it.</returns>
    internal bool Take(byte value)
    {
        _matched = Extend(_matched, value);
        if (_matched < _text.Length)
            return false;
        _matched = _shorter[_matched];
        return true;
    }

    private int Extend(int matched, byte value)
    {
        while (matched > 0 && _text[matched] != value)
            matched = _shorter[matched];
        return _text[matched] == value ? matched + 1 : 0;
    }
}
