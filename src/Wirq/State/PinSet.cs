using System.Numerics;

namespace Wirq.State;

/// <summary>A set of pins, 0 to 127.</summary>
/// <remarks>Shift counts of 64-bit words are taken modulo 64 by the language, which the upper word relies on.</remarks>
internal record struct PinSet(ulong Low, ulong High)
{
    /// <summary>One past the highest pin that fits.</summary>
    public const int Capacity = 128;

    /// <summary>Whether the set has no pin.</summary>
    public readonly bool IsEmpty => (Low | High) == 0;
    /// <summary>Whether <paramref name="pin"/> is in the set.</summary>
    public readonly bool Has(int pin) => ((pin < 64 ? Low : High) >> pin & 1) != 0;
    /// <summary>The set with <paramref name="pin"/>.</summary>
    public readonly PinSet With(int pin) => pin < 64 ? new(Low | 1ul << pin, High) : new(Low, High | 1ul << pin);
    /// <summary>The set without <paramref name="pin"/>.</summary>
    public readonly PinSet Without(int pin) => pin < 64 ? new(Low & ~(1ul << pin), High) : new(Low, High & ~(1ul << pin));
    /// <summary>The set with or without <paramref name="pin"/>.</summary>
    public readonly PinSet Set(int pin, bool present) => present ? With(pin) : Without(pin);

    /// <summary>Adds <paramref name="pin"/> to this set in place: one word changes, while <see cref="With"/> copies
    /// two.</summary>
    public void Add(int pin)
    {
        if (pin < 64)
            Low |= 1ul << pin;
        else
            High |= 1ul << pin;
    }

    /// <summary>Removes <paramref name="pin"/> from this set in place.</summary>
    public void Remove(int pin)
    {
        if (pin < 64)
            Low &= ~(1ul << pin);
        else
            High &= ~(1ul << pin);
    }

    /// <summary>Adds <paramref name="pin"/> to this set in place, or removes it.</summary>
    public void Assign(int pin, bool present)
    {
        if (present)
            Add(pin);
        else
            Remove(pin);
    }

    /// <summary>Removes the lowest pin and returns it; -1 from an empty set. Loops are written
    /// <c>for (int pin; (pin = PinSet.Next(ref set)) >= 0;)</c>.</summary>
    public static int Next(ref PinSet set)
    {
        if (set.Low != 0)
        {
            int pin = BitOperations.TrailingZeroCount(set.Low);
            set.Low &= set.Low - 1;
            return pin;
        }
        if (set.High == 0)
            return -1;
        int high = BitOperations.TrailingZeroCount(set.High);
        set.High &= set.High - 1;
        return high + 64;
    }

    /// <summary>Union.</summary>
    public static PinSet operator |(PinSet a, PinSet b) => new(a.Low | b.Low, a.High | b.High);
    /// <summary>Intersection.</summary>
    public static PinSet operator &(PinSet a, PinSet b) => new(a.Low & b.Low, a.High & b.High);
    /// <summary>Union.</summary>
    public static PinSet BitwiseOr(PinSet left, PinSet right) => left | right;
    /// <summary>Intersection.</summary>
    public static PinSet BitwiseAnd(PinSet left, PinSet right) => left & right;
}

/// <summary>What a chip needs done at its lines before it serves its pins again.</summary>
internal record struct PinWork
{
    private PinSet _acked, _resampled, _service;

    /// <summary>Pins whose line is acknowledged: sampled sources are lowered, and every holder gets the
    /// acknowledge.</summary>
    public PinSet Acked
    {
        readonly get => _acked;
        set => _acked = value;
    }

    /// <summary>Pins whose sampled sources are resampled: they are lowered, and those that asserted get an
    /// acknowledge.</summary>
    public PinSet Resampled
    {
        readonly get => _resampled;
        set => _resampled = value;
    }

    /// <summary>Pins that are served afterwards.</summary>
    public PinSet Service
    {
        readonly get => _service;
        set => _service = value;
    }

    /// <summary>Whether there is nothing to do.</summary>
    public readonly bool IsEmpty => _acked.IsEmpty && _resampled.IsEmpty && _service.IsEmpty;

    /// <summary>Adds a pin to <see cref="Acked"/>, in place.</summary>
    public void Ack(int pin) => _acked.Add(pin);
    /// <summary>Adds a pin to <see cref="Resampled"/>.</summary>
    public void Resample(int pin) => _resampled.Add(pin);
    /// <summary>Adds a pin to <see cref="Service"/>.</summary>
    public void Serve(int pin) => _service.Add(pin);
}
