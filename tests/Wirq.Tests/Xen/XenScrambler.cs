using Wirq.Host;
using Wirq.Tests.Shared;
using Wirq.Xen;

namespace Wirq.Tests.Xen;

/// <summary>Drives a machine that is a domain of Xen with everything that domains can do.</summary>
internal sealed class XenScrambler
{
    private const int Operations = 16, MostWords = 6;

    private readonly Fabric _fabric;
    private readonly XenMachine _xen;
    private readonly Random _random;
    private readonly XenMemory _memory;
    private readonly IReadOnlyList<XenDomainOptions> _domains;

    internal XenScrambler(Fabric fabric, int seed)
    {
        (_fabric, _xen, _random) = (fabric, fabric.Xen!, new Random(seed));
        _domains = fabric.Options.Xen!.Channels.Domains;
        // A restored machine has memory in which its guests have written nothing.
        _memory = new XenMemory(_domains.Max(domain => domain.Id) + 1);
        fabric.XenPages = _memory;
    }

    /// <summary>Does one thing, and drains.</summary>
    internal void Step(IEventObserver? port = null)
    {
        XenDomainOptions domain = _domains[_random.Next(_domains.Count)];
        switch (_random.Next(12))
        {
            case 0 or 1 or 2:
                Hypercall(domain.Id);
                break;
            case 3 or 4:
                _xen.Channels.Send(domain.Id, Word());
                break;
            case 5:
                Span<byte> page = _random.Next(2) == 0 ? _memory.SharedInfo(domain.Id) : _memory.Page(domain.Id, (ulong)_random.Next(8));
                page[_random.Next(_random.Next(2) == 0 ? page.Length : 128)] = (byte)_random.Next(256);
                break;
            case 6:
                _xen.Callback.Enter(0);
                break;
            case 7:
                _xen.Channels.RaiseVirq(domain.Id, _random.Next(domain.Vcpus), _random.Next(VirtualInterrupt.Count));
                break;
            case 10 or 11 when _xen.Pirqs is not null:
                Physical(domain.Id);
                break;
            case 8 when _random.Next(8) == 0:
                Reconfigure();
                break;
            case 8:
                _xen.Lines?.Drive(_random.Next(XenPciLines.Devices), (PciInterruptPin)_random.Next(4), _random.Next(2) == 0);
                break;
            default:
                _xen.Lines?.Route(_random.Next(XenPciLines.Links), _random.Next(16));
                break;
        }
        _fabric.Drain(port);
    }

    private void Hypercall(ushort caller)
    {
        var argument = new byte[MostWords * sizeof(uint)];
        foreach (ref uint word in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(argument.AsSpan()))
            word = Word();
        _xen.Channels.Hypercall(caller, (EventChannelOperation)_random.Next(Operations), argument);
    }

    private void Physical(ushort domain)
    {
        Pirqs pirqs = _xen.Pirqs!;
        var passthrough = new Passthrough(pirqs, _xen);
        var argument = new byte[Domctl.Size];
        foreach (ref uint word in System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(argument.AsSpan()))
            word = Word();
        switch (_random.Next(6))
        {
            case 0 or 1:
                pirqs.Hypercall(domain, Any<PhysdevOperation>(), argument);
                break;
            case 2 or 3:
                byte[] control = Domctl.Make(XenVersion.Current, Any<DomctlOperation>(), (ushort)_random.Next(3), 0);
                argument.AsSpan(16).CopyTo(control.AsSpan(16));
                passthrough.Domctl(0, control);
                break;
            case 4:
                pirqs.SetWire(_random.Next(pirqs.Options.Gsis), _random.Next(2) == 0);
                break;
            default:
                passthrough.GuestEoi(domain, _random.Next(48));
                passthrough.EntryWritten(domain, _random.Next(48), new RedirectionEntry((uint)_random.Next(1 << 17)), RedirectionEntry.Reset);
                break;
        }
    }

    private T Any<T>() where T : struct, Enum => Enum.GetValues<T>()[_random.Next(Enum.GetValues<T>().Length)];

    private void Reconfigure()
    {
        switch (_random.Next(4))
        {
            case 0:
                _xen.Callback.SetVector((uint)_random.Next(4), (byte)_random.Next(256));
                break;
            case 1:
                _xen.Channels.RegisterVcpuInfo(_xen.Domain, (uint)_random.Next(4), (ulong)_random.Next(70), (uint)_random.Next(9) * 8);
                break;
            default:
                _xen.Callback.SetVia(new CallbackVia((ulong)_random.NextInt64(4) << 56 | (uint)_random.Next(1 << 16)));
                break;
        }
    }

    private uint Word() => _random.Next(8) switch
    {
        0 => (uint)_random.Next(),
        1 => XenDomainOptions.SelfId,
        2 => 0,
        _ => (uint)_random.Next(12),
    };
}
