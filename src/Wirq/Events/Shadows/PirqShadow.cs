using Wirq.State;
using Wirq.Xen;

namespace Wirq.Events.Shadows;

/// <summary>The lines that a PIRQ of Xen has. The I/OAPIC does not see such a line rise, and the 8259 does not see it
/// fall.</summary>
internal sealed class PirqShadow
{
    private readonly Block<PirqLine> _lines;
    private readonly ushort _domain;

    internal PirqShadow(FabricOptions options, int lines, StateArena arena)
    {
        if (options.Xen?.Pirqs is null)
            return;
        _domain = options.Xen.Domain;
        _lines = arena.Reserve<PirqLine>(lines);
    }

    /// <summary>Whether chips may have missed the last change of a line.</summary>
    internal bool ChipsMiss(int gsi) => gsi < _lines.Count && _lines[gsi].Misses != 0;

    internal void Learn(Fabric machine)
    {
        for (int gsi = 0; gsi < _lines.Count; gsi++)
        {
            bool has = machine.Xen!.Pirqs!.HasGsi(_domain, gsi);
            _lines[gsi] = new PirqLine { Has = has ? (byte)1 : (byte)0, Misses = has || machine.ChipsMiss(gsi) ? (byte)1 : (byte)0 };
        }
    }

    internal void Observe(in Event e)
    {
        if (_lines.Count == 0)
            return;
        if (e.Kind is EventKind.XenPirqMapped or EventKind.XenPirqUnmapped)
            Note(e.Kind == EventKind.XenPirqMapped, XenPirqMapped.Of(e).Call);
        else if (e.Kind == EventKind.LineChanged && e.Index < (uint)_lines.Count && _lines[e.Gsi].Has == 0)
            _lines[e.Gsi].Misses = 0;
    }

    private void Note(bool mapped, XenPirqCall call)
    {
        // PIRQ 0 counts as none.
        if (call is { Emulated: true, Answer: XenError.None, Pirq: not 0 } && call.Domain == _domain && (uint)call.Irq < (uint)_lines.Count)
            _lines[call.Irq] = new PirqLine { Has = mapped ? (byte)1 : (byte)0, Misses = 1 };
    }

    /// <summary>What a PIRQ makes of a line.</summary>
    private struct PirqLine : IState
    {
        /// <summary>1 while a PIRQ has it.</summary>
        public byte Has;
        /// <summary>1 from then on until the line changes without a PIRQ.</summary>
        public byte Misses;
    }
}
