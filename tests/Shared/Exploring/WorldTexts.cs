namespace Wirq.Tests.Shared.Exploring;

/// <summary>Worlds that are explored in a moment.</summary>
internal static class WorldTexts
{
    /// <summary>Two sharers of a line, and two designs that are caught.</summary>
    internal const string Sharers = """
        name: two sharers
        machine: {pic: false, ioapics: [{pins: 1}], devices: {disk: {gsi: 0}, card: {gsi: 0, kind: sampled}}}
        handlers: {cpu0: {0x41: [eoi, {serve: card}, {serve: disk}]}}
        steps: [{cpu0: {write: {rte.0: {vector: 0x41, level: true}}}}]
        actors: {disk: [{disk: raise}], card: [{card: raise}]}
        expect: {holders: {0: []}}
        historic:
          - {design: last-writer-wins, breaks: SharersIndependent}
          - {design: resample-first-match, breaks: AckReachesAllSharers}
        """;

    /// <summary>The EOI is not broadcast, and nobody writes the EOI register of the I/OAPIC.</summary>
    internal const string Deadlock = """
        name: an EOI that never reaches its pin
        machine: {pic: false, suppressEoiBroadcast: true, ioapics: [{pins: 1}], devices: {disk: {gsi: 0}}}
        handlers: {cpu0: {0x41: [eoi]}}
        steps: [{cpu0: {change: {apic.svr: {suppress-eoi-broadcast: true}}}}, {cpu0: {write: {rte.0: {vector: 0x41, level: true}}}}]
        actors: {disk: [{disk: raise}]}
        laws: [NoPhantom]
        """;

    /// <summary>No handler can make the device be still, and nothing brakes it.</summary>
    internal const string Livelock = """
        name: a device that never lowers its line
        machine: {pic: false, ioapics: [{pins: 1, stormLimit: 0}], devices: {disk: {gsi: 0, stuck: true}}}
        handlers: {cpu0: {0x41: [{serve: disk}, eoi]}}
        steps: [{cpu0: {write: {rte.0: {vector: 0x41, level: true}}}}]
        actors: {disk: [{disk: raise}]}
        laws: [LevelRedelivered]
        """;
}
