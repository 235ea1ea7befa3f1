using System.Globalization;
using Wirq.Events;
using Wirq.State;
using Wirq.Xen;

namespace Wirq.Tests.Xen;

/// <summary>What Xen's own lines of an HVM domain did, step by step, against ours. GSI 20 is owned by PIRQ 33.</summary>
internal sealed class CallbackVectors
{
    private const int OwnedGsi = 20, Pirq = 33, IsaPins = 16, Gsis = 48;
    private const ushort Domain = 1;
    private readonly XenMemory _memory = new(Domain + 1);
    private readonly EventChannels _channels;
    private readonly Fabric _fabric;
    private readonly XenPciLines _lines;
    private readonly XenCallback _callback;
    private readonly Source[] _isa;
    private readonly Owner _owner;
    private readonly int[] _counts = new int[Gsis];

    internal CallbackVectors()
    {
        _channels = new(new() { Domains = [new() { Id = Domain }] }, _memory);
        _fabric = new Fabric(FabricOptions.Pc(profile: Profile.Qemu) with { IoApics = [new() { Pins = Gsis }] });
        var arena = new StateArena();
        _lines = new XenPciLines(_fabric, arena);
        _callback = new XenCallback(_fabric, _channels, Domain, _lines, CallbackPolicy.Poll, arena);
        foreach ((int link, int irq) in new[] { (0, 10), (1, 11), (2, 5), (3, 10) })
            _lines.Route(link, irq);
        _isa = [.. Enumerable.Range(0, IsaPins).Select(irq => _fabric.Connect(_fabric.Gsis.OfIsaIrq(irq), $"ISA {irq}"))];
        _fabric.GsiOwner = _owner = new Owner(_fabric);
        _fabric.Events.Observing = true;
        _channels.Hypercall(Domain, EventChannelOperation.BindIpi, new byte[8]);
    }

    internal static bool Reads(string line) => line.Contains(" -> ", StringComparison.Ordinal) && line.Contains('|', StringComparison.Ordinal);

    /// <summary>Makes a step.</summary>
    /// <returns>The whole line, with what we did.</returns>
    internal string Step(string line)
    {
        string operation = line[..line.IndexOf(" -> ", StringComparison.Ordinal)];
        string[] words = operation.Split(' ');
        int[] numbers = words[0] == "via" ? [] : [.. words[1..].Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
        uint first = _fabric.Events.Taken;
        _owner.Rises.Clear();
        switch (words[0])
        {
            case "intx+" or "intx-":
                _lines.Drive(numbers[0], (PciInterruptPin)numbers[1], words[0] == "intx+");
                break;
            case "isa+" or "isa-":
                _isa[numbers[0]].Set(words[0] == "isa+");
                break;
            case "link":
                _lines.Route(numbers[0], numbers[1]);
                break;
            case "via":
                _callback.SetVia(new(ulong.Parse(words[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
                break;
            case "vmentry-poll":
                _callback.Enter(0);
                break;
            case "guest-clears":
                _memory.SharedInfo(Domain)[VcpuInfo.UpcallPending] = 0;
                break;
            case "xen-sets-pending":
                // The guest has taken the event of before, and left its flag.
                _memory.SharedInfo(Domain).Slice(Layout64.Selector, sizeof(ulong)).Clear();
                _memory.SharedInfo(Domain).Slice(Layout64.Pending, sizeof(ulong)).Clear();
                _channels.Send(Domain, 1);
                while (_channels.Events.TryTake(out Event upcall))
                    _callback.Upcall(XenUpcall.Of(upcall).Vcpu);
                break;
            default:
                throw new FormatException();
        }
        string effects = string.Join(' ', Effects(first, words[0].StartsWith("isa", StringComparison.Ordinal) ? numbers[0] : -1));
        return $"{operation} -> {effects}{(effects.Length > 0 ? " " : "")}| {Counts()}";
    }

    /// <summary>Lines that changed as what Xen tells of them.</summary>
    private List<string> Effects(uint first, int isaIrq)
    {
        List<string> told = [];
        for (uint number = first; _fabric.Events.TryTake(out Event e); number++)
        {
            if (e.Kind == EventKind.CpuInterrupt && _callback.Via.Kind == CallbackKind.Vector && !told.Contains("kick"))
                told.Add("kick");
            if (e.Kind != EventKind.LineChanged)
                continue;
            LineChanged line = LineChanged.Of(e);
            // ISA IRQ 0 leads to pin 2 of the I/OAPIC and to pin 0 of the 8259. Pin 2 of the 8259 is its cascade, which
            // Xen's lines drive as any other, and ours do not.
            int irq = line.Gsi == 2 && isaIrq == 0 ? 0 : line.Gsi;
            if (_owner.Rises.Contains(number + 1))
                told.Add($"pirq{Pirq}");
            else if (line.Asserted)
                told.Add($"io+{line.Gsi}");
            if (irq < IsaPins)
                told.Add($"pic{(line.Asserted ? '+' : '-')}{irq}");
        }
        return told;
    }

    private string Counts()
    {
        List<string> changed = [];
        for (int gsi = 0; gsi < Gsis; gsi++)
        {
            int count = _fabric.Lines.HoldersOf(gsi).Count;
            if (count != _counts[gsi])
                changed.Add($"g{gsi}={count}");
            _counts[gsi] = count;
        }
        return string.Join(' ', changed);
    }

    /// <summary>The PIRQ, which notes after which event it heard of a rise.</summary>
    private sealed class Owner(Fabric fabric) : IGsiOwner
    {
        internal HashSet<uint> Rises { get; } = [];

        public bool Owns(int gsi) => gsi == OwnedGsi;

        public void Rise(int gsi) => Rises.Add(fabric.Events.Appended);
    }
}
