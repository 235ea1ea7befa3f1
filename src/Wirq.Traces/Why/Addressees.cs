using Wirq.Events;
using Wirq.Remapping.VtD;

namespace Wirq.Traces.Why;

/// <summary>Explains why no CPU accepted a message: what it requested, and the state of the CPUs.</summary>
/// <remarks>The same refusal often repeats, so the last text is kept while no register changes.</remarks>
/// <param name="vtd">Whether remapping unit 0 is a VT-d unit.</param>
internal sealed class Addressees(bool vtd)
{
    private const int MostNamed = 4;

    private (InterruptMessage Message, RefusalReason Reason, long Version) _last = (default, default, -1);
    private Refusal _refusal = new("", default);

    /// <summary>Counts the writes that can change which CPUs are addressed.</summary>
    public long Version { get; set; }

    /// <summary>The last message that a remapping unit blocked.</summary>
    private RemapFaulted _blocked;

    /// <summary>A remapping unit blocked a message; its sender gets the answer next.</summary>
    public void Note(RemapFaulted blocked)
    {
        if (_blocked != blocked)
            Version++;
        _blocked = blocked;
    }

    public void Explain(Attempt attempt, InterruptMessage message, RefusalReason reason, WhyEngine engine)
    {
        if (_last != (message, reason, Version))
        {
            (string words, Mark since) = Words(message, reason, engine);
            _refusal = new(words, since);
            _last = (message, reason, Version);
        }
        attempt.Refusal = _refusal;
    }

    private (string Words, Mark Since) Words(InterruptMessage message, RefusalReason reason, WhyEngine engine)
    {
        string destination = $"{(message.Logical ? "logical" : "physical")} destination 0x{message.Destination:x}";
        switch (reason)
        {
            case RefusalReason.NoDestination or RefusalReason.NotListed:
                CpuTrail[] all = [.. engine.AllCpus];
                string who = string.Join("; ", all.Take(MostNamed).Select(cpu => cpu.Identity));
                if (all.Length > MostNamed)
                    who += $"; and {all.Length - MostNamed} more CPUs, none of which matches";
                return ($"{destination} matches no CPU: {who}", all.MaxBy(cpu => cpu.IdentitySince.Event)!.IdentitySince);
            case RefusalReason.SoftwareDisabled:
                CpuTrail[] disabled = [.. engine.Cpus.Where(cpu => !cpu.Spurious.Enabled)];
                string names = Phrase.First(disabled.Select(cpu => $"cpu{cpu.Cpu}"), disabled.Length, MostNamed);
                return ($"{destination} names a local APIC that is software-disabled (SVR bit 8 clear)"
                    + (names.Length > 0 ? $"; disabled are {names}" : ""),
                    disabled.Length > 0 ? disabled.MaxBy(cpu => cpu.SpuriousSince.Event)!.SpuriousSince : default);
            case RefusalReason.IllegalVector:
                return ($"vector 0x{message.Vector:x2} is illegal (below 0x10)", default);
            case RefusalReason.ReservedMode:
                return ($"delivery mode {(int)message.Mode} ({message.Mode}) is not one that a local APIC takes so", default);
            case RefusalReason.NoRemapper:
                return ("no remapping unit passed the message on", default);
            case RefusalReason.RemappingFault:
                // The meaning of a reason is in the manual of the unit.
                return (vtd && _blocked.Unit == 0
                    ? $"the remapping unit blocked it: {Fault((VtdFaultReason)_blocked.Reason)} (reason 0x{_blocked.Reason:x2})"
                    : $"remapping unit {_blocked.Unit} blocked it (reason 0x{_blocked.Reason:x2})", default);
            case RefusalReason.ReservedBits:
                return ("the message has reserved bits set", default);
            default:
                return ("the kernel that owns the local APICs refused it", default);
        }
    }

    private string Fault(VtdFaultReason reason)
    {
        string entry = $"irte:{_blocked.Entry}";
        return reason switch
        {
            VtdFaultReason.RequestReserved => "the request has reserved bits set",
            VtdFaultReason.IndexOutOfRange => $"{entry} lies beyond the table",
            VtdFaultReason.NotPresent => $"{entry} is not present",
            VtdFaultReason.TableUnreadable => $"{entry} cannot be read",
            VtdFaultReason.EntryReserved => $"{entry} has reserved bits set",
            VtdFaultReason.CompatibilityBlocked => "compatibility format is not let through",
            VtdFaultReason.SourceRejected => $"{entry} is not for requester 0x{_blocked.Requester:x4}",
            _ => $"{entry} faults",
        };
    }
}
