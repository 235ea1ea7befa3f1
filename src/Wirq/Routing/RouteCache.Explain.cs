using Wirq.Remapping;

namespace Wirq.Routing;

/// <summary>What one virq has, and why.</summary>
/// <param name="Slot">Its slot.</param>
/// <param name="Label">Who it is.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Reader">Who reads its eventfd.</param>
/// <param name="Gsi">Its GSI in the kernel's table; -1 for none.</param>
/// <param name="Message">What the guest programmed.</param>
/// <param name="Translation">What the kernel or userspace sends, where it holds; else null.</param>
/// <param name="Cookie">Where that came from.</param>
/// <param name="Why">Why it stands there, in a clause.</param>
public sealed record VirqReport(int Slot, string Label, VirqState State, VirqReader Reader, int Gsi, Msi Message,
    InterruptMessage? Translation, RouteCookie Cookie, string Why)
{
    /// <inheritdoc/>
    public override string ToString() => $"virq {Slot} ({Label}): {State}, {(Gsi < 0 ? "no GSI" : $"GSI {Gsi}")}: {Why}";
}

/// <content>Who has what.</content>
public sealed partial class RouteCache
{
    /// <summary>What each virq has, and why; in the order of their slots.</summary>
    public IReadOnlyList<VirqReport> Explain()
    {
        var reports = new List<VirqReport>();
        for (int slot = 0; slot < _virqs.Count; slot++)
        {
            ref VirqSlot virq = ref _virqs[slot];
            if (virq.State == VirqState.Free)
                continue;
            InterruptMessage? translation = virq.Has(VirqFlags.Translated) ? virq.Translation : null;
            reports.Add(new VirqReport(slot, _labels[slot], virq.State, VirqTransitions.ReaderIn(virq.State), virq.Gsi,
                virq.Message, translation, virq.Cookie, Why(virq)));
        }
        return reports;
    }

    private string Why(in VirqSlot virq) => virq.State switch
    {
        VirqState.Hot => "the kernel serves it",
        VirqState.Waiting => $"it waits for a route, with {_waiting.Count - 1} others",
        VirqState.Parked => "it is masked, and keeps its route",
        VirqState.Masked => "it is masked",
        VirqState.Stale => "its entry was invalidated or its message changed; the next interrupt translates anew",
        VirqState.Faulted => "its last interrupt could not be translated",
        _ when OnKernelLine(virq) => "the kernel owns its line, and it has no eventfd or could not be bound",
        _ when virq.Kind == VirqKind.Level => "a level is served in userspace, for a plain irqfd would go past Remote IRR",
        _ when virq.Kind == VirqKind.Edge => "its pin may be shared, so userspace serves it",
        _ when !virq.Has(VirqFlags.Programmed) => "the guest has given it no message",
        _ when !virq.Message.IsInterrupt(_format) => "its message writes memory",
        _ when !HasRoutes => "no kernel serves eventfds here",
        _ when !virq.Trigger.Exists => "it is triggered by hand",
        VirqState.Warm => "its route went to another, or it was masked before it had one",
        _ => virq.Has(VirqFlags.Prefault) ? "its entry could not be translated when it was programmed" : "it has not fired yet",
    };
}
