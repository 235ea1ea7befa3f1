namespace Wirq;

/// <summary>Numbers the pins of all I/OAPICs of a machine in a row.</summary>
internal sealed class PinNumbers
{
    private readonly int[] _first;

    internal PinNumbers(IReadOnlyList<IoApicOptions> chips)
    {
        _first = new int[chips.Count];
        for (int chip = 0; chip < _first.Length; chip++)
        {
            _first[chip] = Count;
            Count += chips[chip].Pins;
        }
    }

    /// <summary>Pins of all I/OAPICs together.</summary>
    internal int Count { get; }

    /// <summary>The number of a pin.</summary>
    internal int Of(int chip, int pin) => _first[chip] + pin;
}
