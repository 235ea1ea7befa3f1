using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Tests.Shared.Exploring;

namespace Wirq.Lab.Tests.Exploring;

/// <summary>Worlds that are small enough for a search without any craft.</summary>
internal static class SmallWorlds
{
    internal const string Virq = """
        name: a virq
        machine: {kernel: split, pic: false, ioapics: [{pins: 1}], routeBudget: 1, batchCount: 1, devices: {nvme: {msi: {address: 0xfee00000, data: 0x41}, eventfd: true}}}
        handlers: {cpu0: {any: [eoi]}}
        actors: {device: [{nvme: send}, {nvme: send}], driver: [{nvme: mask}, {nvme: unmask}]}
        laws: [NoLostEdge, MaskedIsSilent]
        historic:
          - {design: remove-route-on-mask, breaks: NoLostEdge}
        """;

    internal const string Remapped = """
        name: a remapped message
        machine: {kernel: user, pic: false, ioapics: [{pins: 1}], vtd: {entries: 2}, devices: {nvme: {msi: {handle: 0}, requester: "00:03.0", eventfd: true}}}
        handlers: {cpu0: {any: [eoi]}}
        steps: [{cpu0: {irte: {0: {vector: 0x41}}}}]
        actors: {device: [{nvme: send}], guest: [{cpu0: {irte: {0: {vector: 0x42}}}}]}
        laws: [NoLostEdge]
        """;

    internal const string Counted = """
        name: taken in any order
        machine: {cpus: 2, devices: {a: {msi: {address: 0xfee00000, data: 0x41}}, b: {msi: {address: 0xfee01000, data: 0x42}}}}
        handlers: {cpus: {any: [eoi]}}
        actors: {a: [{a: send}, {a: send}], b: [{b: send}]}
        expect: {events: {vector-accepted: 3}}
        laws: [NoLostEdge]
        """;

    internal const string Events = """
        name: events of a Xen guest
        machine: {cpus: 2, pic: false, ioapics: [{pins: 2}], xen: {policy: poll, frames: 2, pirqs: 0}}
        handlers: {cpu0: {0x41: [upcall, eoi]}}
        steps:
          - cpu0: {write: {rte.1: {vector: 0x41, level: true}}}
          - cpu0: {xen: {set-callback: {gsi: 1}}}
          - cpu0: {xen: {bind-virq: {virq: timer, vcpu: 0}, as: timer}}
        actors:
          timer: [{xen: {raise-virq: timer}}, {xen: {raise-virq: timer}}]
          guest: [{cpu0: {change: {xen.mask.timer: 1/1}}}, {cpu0: {xen: {unmask: timer}}}]
          other: [{cpu1: enter}]
        expect: {registers: {xen.pending.timer: 0}, holders: {1: []}}
        laws: [UpcallMatchesLine, RemoteIrrMatches]
        """;

    internal const string Oneshot = """
        name: a ONESHOT device that is passed on
        machine:
          kernel: split
          pic: false
          ioapics: [{pins: 1}]
          batchCount: 1
          host: {lines: [{flow: fasteoi, oneshot: true}]}
          guest: {lines: [{gsi: 0, vector: 0x51}], drivers: {touch: {oneshot: true, thread: true}}}
          devices: {touch: {gsi: 0, eventfd: true, resample: true, vfio: {bus: platform, mode: oneshot}}}
        handlers: {cpu0: {0x51: [{irq: 0}]}}
        actors: {touch: [{touch: raise}]}
        expect: {registers: {vfio.asserts.touch: 0, vfio.waiting.touch: 0, host.masked.0: 0}}
        laws: [LevelRedelivered, RemoteIrrMatches, AckReachesAllSharers, OneshotHeld]
        historic:
          - {design: lazy-level-for-oneshot, breaks: OneshotHeld}
        """;

    internal const string HostSharers = """
        name: a passed device and one of the host's own
        machine:
          kernel: user
          pic: false
          ioapics: [{pins: 1}]
          host: {lines: [{flow: level}], drivers: {nic: {shared: true}}}
          devices: {disk: {gsi: 0, eventfd: true, vfio: {line: 0}}, nic: {hostLine: 0}}
        handlers: {cpu0: {0x51: [{serve: disk}, eoi]}}
        steps: [{cpu0: {write: {rte.0: {vector: 0x51, level: true}}}}]
        actors: {disk: [{disk: raise}], nic: [{nic: raise}]}
        expect: {registers: {vfio.asserts.disk: 0, vfio.masked.disk: 0, host.masked.0: 0}}
        laws: [LevelRedelivered, RemoteIrrMatches]
        """;

    internal static readonly string[] All = [WorldTexts.Sharers, Virq, Remapped, Counted, Events, Oneshot, HostSharers];

    internal static Scenario Read(string text) => ScenarioReader.Read("w.yaml", text, Designs.Names)[0];

    internal static World Make(Scenario scenario, string? design = null) =>
        new(scenario, design is null ? null : Designs.Create(design), options: new WorldOptions { KeepsTimeline = false });
}

/// <summary>A search by a dictionary of identities, level by level, each world copied as a whole. It stops at the first level with
/// a broken law or a failed expectation.</summary>
internal sealed class NaiveSearch
{
    internal int States, Transitions, Ends;
    /// <summary>Transitions to the nearest violation; -1 for none.</summary>
    internal int Violation = -1;
    internal Dictionary<UInt128, int> Depths { get; } = [];

    internal static NaiveSearch Of(Scenario scenario, string? design = null, string? law = null)
    {
        var search = new NaiveSearch();
        var level = new List<World> { SmallWorlds.Make(scenario, design) };
        search.Depths.Add(level[0].Identity(), 0);
        for (int depth = 1; level.Count > 0 && search.Violation < 0; depth++)
            level = search.Next(level, depth, law);
        search.States = search.Depths.Count;
        return search;
    }

    private List<World> Next(List<World> level, int depth, string? law)
    {
        var found = new List<World>();
        var enabled = new List<Transition>();
        foreach (World world in level)
        {
            world.Possible(enabled);
            if (enabled.Count == 0)
                Ends++;
            foreach (Transition transition in enabled.ToArray())
            {
                World next = world.Fork();
                next.Apply(transition);
                Transitions++;
                if (next.Failures.Count > 0 && law is null || next.Laws.Laws.Any(one => one.Break is not null && (law is null || one.Name == law)))
                    Violation = depth;
                else if (Depths.TryAdd(next.Identity(), depth))
                    found.Add(next);
                else
                    next.Dispose();
            }
            world.Dispose();
        }
        return found;
    }
}
