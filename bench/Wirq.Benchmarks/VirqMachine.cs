using Wirq.Events;
using Wirq.Remapping;
using Wirq.Remapping.VtD;
using Wirq.Routing;
using Wirq.Tests.Shared.Remapping;

namespace Wirq.Benchmarks;

/// <summary>A machine with a remapping unit and many virqs, all of its own: no kernel. Recorder and laws are off.</summary>
public sealed class VirqMachine
{
    /// <summary>As many virqs as Linux has routes.</summary>
    public const int LinuxRoutes = 4096;
    /// <summary>As many virqs as a machine can have.</summary>
    public const int Most = 65534;

    private const ulong SpuriousVector = ApicBase.DefaultPage + (uint)ApicRegister.SpuriousVector;
    private const int FirstVector = 0x20, Vectors = 200, Seed = 1;

    private readonly Fabric _fabric;
    private readonly RouteCache _cache;
    private readonly RemappedGuest _guest;
    private readonly VirqHandle[] _virqs;
    private readonly int[] _order;

    /// <summary>Builds the machine, with every translation cached.</summary>
    /// <param name="virqs">How many virqs it has, at most <see cref="Most"/>.</param>
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

    /// <summary>What a trigger looks up: the translation of a virq, put into the queue for whoever injects it.</summary>
    public Event LookUp()
    {
        _cache.Trigger(_virqs[1]);
        _fabric.Events.TryTake(out Event injected);
        return injected;
    }

    /// <summary>A trigger by hand, up to IRR.</summary>
    public void Trigger() => Trigger(1);

    /// <summary>As <see cref="Trigger()"/>, of each virq once, in no order.</summary>
    public void TriggerAll()
    {
        foreach (int virq in _order)
            Trigger(virq);
    }

    /// <summary>Has all translations forgotten.</summary>
    public void ForgetAll() => _guest.InvalidateAll();

    /// <summary>Ends the translation of one entry, as far as the cache goes.</summary>
    /// <param name="turn">Counts on; the entries come in no order.</param>
    /// <returns>How many virqs it touched.</returns>
    public int Invalidate(int turn)
    {
        var cookie = new RouteCookie(0, _order[turn % _order.Length]);
        return _cache.Invalidate(new CookieRange(cookie, cookie));
    }

    /// <summary>As <see cref="Invalidate"/>, all the way: the guest writes descriptors and the queue's tail, and finds the
    /// status that says it is done.</summary>
    public bool InvalidateByQueue(int turn) => _guest.Invalidate(_order[turn % _order.Length]);

    /// <summary>Has a translation cached again.</summary>
    public void Restore(int turn) => Trigger(_order[turn % _order.Length]);

    private void Trigger(int virq)
    {
        _cache.Trigger(_virqs[virq]);
        _fabric.Drain();
    }
}
