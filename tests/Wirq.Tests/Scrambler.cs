using Wirq.Events;
using Wirq.Host;
using Wirq.Tests.Shared;

namespace Wirq.Tests;

/// <summary>Drives a fabric with everything that a hostile guest and its devices can do.</summary>
internal sealed class Scrambler
{
    private static readonly int[] Sizes = [1, 2, 4, 8, 4, 4, 4, 3, 16];
    private static readonly uint[] ApicOffsets = [.. Enumerable.Range(0, 0x40).Select(i => (uint)i * 0x10)];
    private static readonly ushort[] Ports = [0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1, 0x1F, 0x22, 0x4CF, 0xFFFF];
    private static readonly ulong[] Words = [0, 1, 0xFF, 0x1FF, 0x8031, 0x18031, 0xFFFFFFFF, ulong.MaxValue, 0x700, 0x10000, 0x40031];

    private readonly Random _random;
    private readonly Source[] _sources;

    internal Scrambler(Fabric fabric, int seed, IEnumerable<int>? slots = null)
    {
        Fabric = fabric;
        _random = new Random(seed);
        _sources = slots is null ? [.. Connect(fabric)] : [.. slots.Select(fabric.SourceAt)];
    }

    internal Fabric Fabric { get; }

    internal IReadOnlyList<int> Slots => [.. _sources.Select(source => source.Slot)];

    /// <summary>A machine with two I/OAPICs, one of them wide, and CPUs in either mode.</summary>
    internal static FabricOptions Machine(Profile profile = Profile.Manual, AckPolicy ack = AckPolicy.Done, int cpus = 3) => FabricOptions.Pc(cpus, profile, ack) with
    {
        IoApics =
        [
            new() { Profile = profile, Ack = ack, StormLimit = 2, StormDelay = 1000 },
            new() { Profile = profile, Ack = ack, GsiBase = 24, Pins = 120, Address = 0xFEC01000, Version = 0x11, Id = 1, WideEntries = false },
        ],
    };

    private static IEnumerable<Source> Connect(Fabric fabric)
    {
        int[] gsis = [1, 2, 4, 9, 11, 11, 21, 21, 21, 23, 24, 60, 143];
        for (int i = 0; i < gsis.Length; i++)
            yield return fabric.Connect(gsis[i], $"source {i}", (SourceKind)(i % 3));
    }

    /// <summary>Does one thing, drains, and returns something that depends on the outcome.</summary>
    internal ulong Step(IEventObserver? port = null)
    {
        int cpu = _random.Next(Fabric.LocalApics!.Count);
        ulong outcome = 0;
        switch (_random.Next(16))
        {
            case 0 or 1:
                Fabric.TryWrite(cpu, LocalApicAddress(), Sizes[_random.Next(Sizes.Length)], Word());
                break;
            case 2:
                Fabric.TryRead(cpu, LocalApicAddress(), Sizes[_random.Next(Sizes.Length)], out outcome);
                break;
            case 3 or 4:
                ulong page = _random.Next(4) == 0 ? 0xFEC01000u : 0xFEC00000;
                Fabric.TryWrite(cpu, page, 4, (ulong)_random.Next(_random.Next(4) == 0 ? 256 : 64));
                Fabric.TryWrite(cpu, page + 0x10, 4, Word());
                break;
            case 5:
                ulong address = 0xFEC00000 + (ulong)_random.Next(0x3000);
                if (_random.Next(2) == 0)
                    Fabric.TryWrite(cpu, _random.Next(2) == 0 ? address & ~0xFul : address, Sizes[_random.Next(Sizes.Length)], Word());
                else
                    Fabric.TryRead(cpu, _random.Next(2) == 0 ? address & ~0xFul : address, Sizes[_random.Next(Sizes.Length)], out outcome);
                break;
            case 6 or 7:
                Fabric.TryWritePort(cpu, Ports[_random.Next(Ports.Length)], Sizes[_random.Next(3)], (uint)Word());
                break;
            case 8:
                Fabric.TryReadPort(cpu, Ports[_random.Next(Ports.Length)], Sizes[_random.Next(3)], out uint read);
                outcome = read;
                break;
            case 9:
                outcome = (ulong)Fabric.WriteMsr(cpu, Msr(), Word());
                break;
            case 10:
                Fabric.ReadMsr(cpu, Msr(), out outcome);
                break;
            case 11:
                outcome = (ulong)Fabric.Send(new Msi(MessageAddress(), (uint)Word()), (ushort)_random.Next());
                break;
            case 12 or 13:
                outcome = Wire();
                break;
            case 14:
                outcome = Fabric.HasInterrupt(cpu) || _random.Next(16) == 0 ? (ulong)(Fabric.Take(cpu) + 1) : 0;
                Eoi(cpu);
                break;
            default:
                if (_random.Next(64) == 0)
                    Fabric.Inta(cpu);
                else if (_random.Next(2) == 0)
                    outcome = Fabric.TryWriteCr8(cpu, _random.Next(4) == 0 ? Word() : (ulong)_random.Next(16)) ? 1u : 0;
                else
                    Fabric.Advance(Fabric.Now + (_random.Next(256) == 0 ? _random.NextInt64(1L << 40) : _random.Next(2000)));
                Repair(cpu);
                break;
        }
        Fabric.Drain(port);
        return outcome;
    }

    private ulong Wire()
    {
        Source source = _sources[_random.Next(_sources.Length)];
        switch (_random.Next(4))
        {
            case 0:
                source.Lower();
                break;
            case 1:
                source.Pulse();
                break;
            default:
                source.Raise();
                break;
        }
        return source.IsAsserted ? 1u : 0;
    }

    private void Eoi(int cpu)
    {
        if (_random.Next(4) == 0)
            return;
        Fabric.TryWrite(cpu, 0xFEE000B0, 4, 0);
        Fabric.WriteMsr(cpu, 0x80B, 0);
        Fabric.TryWritePort(cpu, 0x20, 1, 0x20);
        Fabric.TryWritePort(cpu, 0xA0, 1, 0x20);
    }

    /// <summary>Repairs a machine that is in an unusable state, so that the rest of a run is useful.</summary>
    private void Repair(int cpu)
    {
        if (_random.Next(64) != 0)
            return;
        Fabric.WriteMsr(cpu, 0x1B, 0xFEE00000);
        Fabric.WriteMsr(cpu, 0x1B, 0xFEE00800);
        if (_random.Next(2) == 0)
            Fabric.WriteMsr(cpu, 0x1B, 0xFEE00C00);
        Fabric.TryWrite(cpu, 0xFEE000F0, 4, 0x1FF);
        Fabric.WriteMsr(cpu, 0x80F, 0x1FF);
        Fabric.TryWriteCr8(cpu, 0);
    }

    private ulong LocalApicAddress()
    {
        ulong address = 0xFEE00000 + ApicOffsets[_random.Next(ApicOffsets.Length)];
        return _random.Next(16) == 0 ? address + (ulong)_random.Next(0x1000) : address;
    }

    private uint Msr() => _random.Next(8) switch
    {
        0 => 0x1B,
        1 => 0x6E0,
        2 => (uint)_random.Next(0x1000),
        _ => 0x800 + (uint)_random.Next(0x48),
    };

    private ulong MessageAddress()
    {
        ulong address = 0xFEE00000 | (ulong)_random.Next(1 << 20);
        return _random.Next(8) switch
        {
            0 => (ulong)_random.NextInt64(),
            1 => address | (ulong)_random.Next() << 32,
            2 => address,
            _ => 0xFEE00000 | (ulong)_random.Next(5) << 12 | (ulong)_random.Next(4) << 2,
        };
    }

    private ulong Word() => _random.Next(4) switch
    {
        0 => (ulong)_random.NextInt64(),
        1 => Words[_random.Next(Words.Length)],
        2 => (ulong)_random.Next(0x200),
        _ => (uint)(_random.Next(16, 256) | _random.Next(8) << 8 | _random.Next(2) << 15) | (ulong)_random.Next(256) << 56,
    };
}
