using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Wirq.Events;

namespace Wirq.Traces.Replay;

/// <summary>Accepted interrupts of one source at one CPU.</summary>
/// <param name="Source"><c>ioapic:PIN</c>, <c>pic:IRQ</c>, <c>msi:ADDRESS:DATA</c> or <c>irte:INDEX</c>.</param>
/// <param name="Cpu">The CPU; -1 if the log does not show it.</param>
/// <param name="Count">The number of accepted interrupts. Those that merged into a pending one do not count.</param>
public readonly record struct Delivered(string Source, int Cpu, long Count);

/// <summary>The source of an interrupt, by its name in reports.</summary>
internal readonly record struct SourceName(SourceName.Family Kind, ulong Address, uint Data)
{
    internal enum Family : byte { None, IoApic, Pic, Msi, Irte }

    internal static SourceName IoApic(int pin) => new(Family.IoApic, (uint)pin, 0);
    internal static SourceName Pic(int irq) => new(Family.Pic, (uint)irq, 0);
    internal static SourceName Of(Msi message) => new(Family.Msi, message.Address.Bits, message.Data.Bits);
    internal static SourceName Irte(int index) => new(Family.Irte, (uint)index, 0);

    public override string ToString() => Kind switch
    {
        Family.IoApic => $"ioapic:{Address}",
        Family.Pic => $"pic:{Address}",
        Family.Msi => $"msi:0x{Address:x8}:0x{Data:x4}",
        Family.Irte => $"irte:{Address}",
        _ => "",
    };
}

/// <summary>Counts accepted interrupts.</summary>
internal sealed class DeliveryCounts
{
    // A guest that writes its own messages can make any number of sources. A longer report would not be useful.
    private const int MostSources = 4096;

    private readonly Dictionary<(SourceName Source, int Cpu), long> _counts = [];

    internal void Count(SourceName source, int cpu)
    {
        if (source.Kind == SourceName.Family.None)
            return;
        ref long count = ref CollectionsMarshal.GetValueRefOrNullRef(_counts, (source, cpu));
        if (!Unsafe.IsNullRef(ref count))
            count++;
        else if (_counts.Count < MostSources)
            _counts.Add((source, cpu), 1);
    }

    internal IReadOnlyList<Delivered> ToList() =>
        [.. _counts.OrderBy(pair => pair.Key.Source.Kind).ThenBy(pair => pair.Key.Source.Address)
            .ThenBy(pair => pair.Key.Source.Data).ThenBy(pair => pair.Key.Cpu)
            .Select(pair => new Delivered(pair.Key.Source.ToString(), pair.Key.Cpu, pair.Value))];
}
