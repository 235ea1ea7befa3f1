using Wirq.Host;

namespace Wirq.Schedules.Tests;

/// <summary>A level line with two holders, and a CPU that takes its interrupts and signals their end.</summary>
internal sealed class LevelRig
{
    private const int Pin = 3, Rounds = 4;
    private const byte Vector = 0x51;

    private readonly FabricHost _host;
    private readonly HostSource _first, _second;
    private int _firstHeard, _secondHeard, _ended;

    internal LevelRig()
    {
        var fabric = new Fabric(new FabricOptions { Pic = null, IsaOverrides = new Dictionary<int, int>(), IoApics = [new IoApicOptions { Pins = 4 }], Sources = 2 });
        _host = new FabricHost(fabric);
        _host.Do(machine =>
        {
            machine.TryWrite(0, ApicBase.DefaultPage + (uint)ApicRegister.SpuriousVector, 4, 0x1FF);
            var entry = RedirectionEntry.Create(Vector, destination: 0, level: true);
            WriteIndexed(machine, IoApic.EntryIndex(Pin) + 1, entry.High);
            WriteIndexed(machine, IoApic.EntryIndex(Pin), entry.Low);
        });
        _first = _host.Connect(Pin, "first", SourceKind.Sampled, () => _firstHeard++);
        _second = _host.Connect(Pin, "second", SourceKind.Wired, () =>
        {
            _secondHeard++;
            _second!.Lower();
        });
    }

    internal void RaiseFirst() => _first.Raise();

    internal void RaiseSecond() => _second.Raise();

    /// <summary>The CPU: takes what there is, and ends it.</summary>
    internal void Serve()
    {
        for (int i = 0; i < Rounds && _host.Do(machine => machine.Take(0)) >= 0; i++)
        {
            _ended++;
            _host.Do(machine => machine.TryWrite(0, ApicBase.DefaultPage + (uint)ApicRegister.Eoi, 4, 0));
        }
    }

    internal void ExpectAllServed()
    {
        Serve();
        Rig.Expect(_ended is 1 or 2 or 3, $"two raises came {_ended} times");
        Rig.Expect(_firstHeard == _ended && _secondHeard == _ended, $"{_ended} EOIs, heard {_firstHeard} and {_secondHeard} times");
        Rig.Expect(!_host.Do(machine => machine.Lines.IsAsserted(Pin)), "the line stays asserted");
    }

    private static void WriteIndexed(Fabric machine, uint index, uint value)
    {
        machine.TryWrite(0, IoApicOptions.DefaultAddress + IoApic.SelectOffset, 4, index);
        machine.TryWrite(0, IoApicOptions.DefaultAddress + IoApic.WindowOffset, 4, value);
    }
}
