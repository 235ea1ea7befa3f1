using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Wirq.Linux.Tests.Differential;

/// <summary>One of two implementations that are compared.</summary>
/// <typeparam name="TOperation">An operation; a failure prints its text.</typeparam>
internal interface ISide<TOperation>
{
    /// <summary>Resets it to the initial state of every sequence.</summary>
    void Reset();

    /// <summary>Performs an operation, and reads all visible state afterwards.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="seen">Filled with the visible state; as long as
    /// <see cref="Differential{TOperation}.Names"/>.</param>
    void Do(TOperation operation, Span<ulong> seen);
}

/// <summary>Drives KVM's chip and Wirq's with the same random operations, and compares all visible state after each.
/// The first sequence that differs is reduced to the shortest one that still differs.</summary>
internal sealed class Differential<TOperation>
{
    private const int Default = 30_000, Long = 1_000_000;
    private static readonly TimeSpan s_default = TimeSpan.FromSeconds(3), s_long = TimeSpan.FromMinutes(60);

    private readonly ISide<TOperation> _kvm, _wirq;
    private readonly ulong[] _ofKvm, _ofWirq;

    internal Differential(ISide<TOperation> kvm, ISide<TOperation> wirq, params string[] names)
    {
        (_kvm, _wirq, Names) = (kvm, wirq, names);
        (_ofKvm, _ofWirq) = (new ulong[names.Length], new ulong[names.Length]);
    }

    /// <summary>The required number of operations: a million (WIRQ_LONG=1), or WIRQ_OPERATIONS; null for as many as fit
    /// in the default time.</summary>
    private static int? Demanded => int.TryParse(Environment.GetEnvironmentVariable("WIRQ_OPERATIONS"), out int count) ? count
        : Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? Long : null;

    /// <summary>The time limit of a run.</summary>
    internal static TimeSpan Bound => Demanded is null ? s_default : s_long;

    /// <summary>The names of the visible state.</summary>
    internal string[] Names { get; }

    /// <summary>Compares them.</summary>
    /// <param name="draw">Makes the next operation.</param>
    /// <param name="length">Operations of a sequence; each sequence begins with a reset.</param>
    /// <param name="seed">Of the random numbers; WIRQ_SEED is another.</param>
    internal void Run(Func<Random, TOperation> draw, int length, int seed)
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("WIRQ_SEED"), out int other))
            seed = other;
        var random = new Random(seed);
        int wanted = Demanded ?? Default, done = 0;
        var operations = new TOperation[length];
        long start = Stopwatch.GetTimestamp();
        while (done < wanted && Stopwatch.GetElapsedTime(start) < Bound)
        {
            for (int i = 0; i < length; i++)
                operations[i] = draw(random);
            int differs = FirstDifference(operations);
            if (differs >= 0)
                Fail(operations.AsSpan(0, differs + 1), seed, done);
            done += length;
        }
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"differential seed={seed} operations={done} differences=0 seconds={Stopwatch.GetElapsedTime(start).TotalSeconds:f1}"));
        Assert.True(done >= (Demanded ?? length), $"{done} operations were run within {Bound.TotalSeconds} s, not {Demanded ?? length}");
    }

    private int FirstDifference(ReadOnlySpan<TOperation> operations)
    {
        _kvm.Reset();
        _wirq.Reset();
        for (int i = 0; i < operations.Length; i++)
        {
            _kvm.Do(operations[i], _ofKvm);
            _wirq.Do(operations[i], _ofWirq);
            if (!_ofKvm.AsSpan().SequenceEqual(_ofWirq))
                return i;
        }
        return -1;
    }

    private void Fail(ReadOnlySpan<TOperation> operations, int seed, int done)
    {
        TOperation[] shortest = operations.ToArray();
        string first = Differing(), last = first;
        for (int part = Math.Max(1, shortest.Length / 2); ; part = Math.Max(1, part / 2))
        {
            bool shorter = false;
            for (int from = 0; from < shortest.Length;)
            {
                TOperation[] without = [.. shortest.AsSpan(0, from), .. shortest.AsSpan(Math.Min(shortest.Length, from + part))];
                int differs = without.Length == 0 ? -1 : FirstDifference(without);
                if (differs < 0)
                {
                    from += part;
                    continue;
                }
                shortest = without[..(differs + 1)];
                last = Differing();
                shorter = true;
            }
            if (part == 1 && !shorter)
                break;
        }
        var text = new StringBuilder();
        text.AppendLine($"seed {seed}, after {done} operations without a difference. The shortest sequence that differs:");
        foreach (TOperation operation in shortest)
            text.AppendLine($"  {operation}");
        text.Append(last);
        if (FirstDifference(shortest) < 0)
            text.AppendLine($"It does not differ each time; the first one, of {operations.Length} operations, differed in {first}");
        Assert.Fail(text.ToString());
    }

    private string Differing()
    {
        var text = new StringBuilder();
        for (int i = 0; i < Names.Length; i++)
        {
            if (_ofKvm[i] != _ofWirq[i])
                text.AppendLine($"{Names[i]}: KVM 0x{_ofKvm[i]:x}, Wirq 0x{_ofWirq[i]:x}");
        }
        return text.ToString();
    }
}
