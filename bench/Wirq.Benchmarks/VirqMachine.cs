using Wirq.Events;
using Wirq.Remapping;
using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.Tests.Shared.Remapping;

namespace Wirq.Benchmarks;

/// <summary>A machine with a remapping unit and many virqs, without a kernel. There is no recorder and there are no
/// laws.</summary>
public sealed class VirqMachine
{
    /// <summary>The number of routes of Linux.</summary>
    public const int LinuxRoutes = 4096;
    /// <summary>The highest number of virqs of a machine.</summary>
    public const int Most = 65534;

    private const ulong SpuriousVector = ApicBase.DefaultPage + (uint)ApicRegister.SpuriousVector;
    private const int FirstVector = 0x20, Vectors = 200, Seed = 1;

    private readonly Fabric _fabric;
    private readonly RouteCache _cache;
    private readonly RemappedGuest _guest;
    private readonly VirqHandle[] _virqs;
    private readonly int[] _order;

    /// <summary>Builds the machine, with every translation cached.</summary>
    /// <param name="virqs">The number of virqs, at most <see cref="Most"/>.</param>
    public VirqMachine(int virqs = LinuxRoutes)
    {
        _virqs = new VirqHandle[virqs];
        _order = [.. Enumerable.Range(0, virqs)];
        var memory = new SmallMemory(RemappedGuest.MemoryBytes, shared: false);
        _fabric = new Fabric(FabricOptions.Pc() with
        {
            Routing = new RoutingOptions { Virqs = virqs },
            Vtd = new VtdOptions(),
            Pic = null,
        })
        { Memory = memory };
        _fabric.TryWrite(0, SpuriousVector, 4, 0x1FF);
        _guest = new RemappedGuest(memory, _fabric.Options.Vtd!.Address, (address, size, value) =>
        {
            _fabric.TryWrite(0, address, size, value);
            _fabric.Drain();
        });
        _cache = _fabric.RouteCache!;
        new Random(Seed).Shuffle(_order);
        for (int i = 0; i < virqs; i++)
        {
            _guest.Put(i, (byte)(FirstVector + i % Vectors), cpu: 0);
            _virqs[i] = _cache.Register($"virq {i}", RemappedGuest.Requester);
            _cache.SetMessage(_virqs[i], RemappedGuest.Handle(i));
        }
        TriggerAll();
    }

    /// <summary>The look-up of a trigger: the translation of a virq is put into the queue, to be injected.</summary>
    public Event LookUp()
    {
        _cache.Trigger(_virqs[1]);
        _fabric.Events.TryTake(out Event injected);
        return injected;
    }

    /// <summary>A trigger in userspace, up to IRR.</summary>
    public void Trigger() => Trigger(1);

    /// <summary>As <see cref="Trigger()"/>, once for each virq, in random order.</summary>
    public void TriggerAll()
    {
        foreach (int virq in _order)
            Trigger(virq);
    }

    /// <summary>Drops all translations.</summary>
    public void ForgetAll() => _guest.InvalidateAll();

    /// <summary>Ends the translation of one entry, in the cache only.</summary>
    /// <param name="turn">A counter; the entries are in random order.</param>
    /// <returns>The number of virqs that it touched.</returns>
    public int Invalidate(int turn)
    {
        var cookie = new RouteCookie(0, _order[turn % _order.Length]);
        return _cache.Invalidate(new CookieRange(cookie, cookie));
    }

    /// <summary>As <see cref="Invalidate"/>, with the work of the guest: it writes descriptors and the queue's tail,
    /// and reads the status that reports completion.</summary>
    public bool InvalidateByQueue(int turn) => _guest.Invalidate(_order[turn % _order.Length]);

    /// <summary>Caches a translation again.</summary>
    public void Restore(int turn) => Trigger(_order[turn % _order.Length]);

    private void Trigger(int virq)
    {
        _cache.Trigger(_virqs[virq]);
        _fabric.Drain();
    }
}
