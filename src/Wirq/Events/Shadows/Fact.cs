using Wirq.State;

namespace Wirq.Events.Shadows;

/// <summary>A yes or no that perhaps no event has reported.</summary>
internal enum Fact : byte
{
    /// <summary>No event has reported it.</summary>
    Unknown = 0,
    No,
    Yes,
}

/// <summary>Facts, further.</summary>
internal static class Facts
{
    /// <summary>The fact that an event reports.</summary>
    internal static Fact Of(bool yes) => yes ? Fact.Yes : Fact.No;

    extension(Fact fact)
    {
        internal bool IsKnown => fact != Fact.Unknown;
        internal bool IsYes => fact == Fact.Yes;
    }
}

/// <summary>One fact about each pin, 0 to 127.</summary>
internal struct FactSet
{
    private PinSet _yes, _known;

    /// <summary>The pins of which it is known to be so.</summary>
    public readonly PinSet Yes => _yes;
    /// <summary>The pins of which it is known whether it is so.</summary>
    public readonly PinSet Known => _known;

    /// <summary>Whether it is known to be so at a pin.</summary>
    public readonly bool Has(int pin) => _yes.Has(pin);

    public readonly Fact this[int pin] => !_known.Has(pin) ? Fact.Unknown : Facts.Of(_yes.Has(pin));

    /// <summary>An event reports the fact about a pin.</summary>
    public void Learn(int pin, bool yes)
    {
        _yes.Assign(pin, yes);
        _known.Add(pin);
    }

    /// <summary>It is not so at a pin unless an event reported otherwise.</summary>
    public void LearnNo(int pin) => _known.Add(pin);

    /// <summary>Of the pins of which it is known, it is so of none.</summary>
    public readonly FactSet NoneOfThem => new() { _known = _known };
}
