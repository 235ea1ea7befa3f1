using Wirq.Remapping;

namespace Wirq.Routing;

/// <summary>The state of one virq, and the reason for it.</summary>
/// <param name="Slot">Its slot.</param>
/// <param name="Label">Its name.</param>
/// <param name="State">Its state.</param>
/// <param name="Reader">The reader of its eventfd.</param>
/// <param name="Gsi">Its GSI in the kernel's table; -1 for none.</param>
/// <param name="Message">The message that the guest programmed.</param>
/// <param name="Translation">The message that the kernel or userspace sends, if the translation is valid; else
/// null.</param>
/// <param name="Cookie">The cookie of the translation.</param>
/// <param name="Why">The reason for its state, in a clause.</param>
public sealed record VirqReport(int Slot, string Label, VirqState State, VirqReader Reader, int Gsi, Msi Message,
    InterruptMessage? Translation, RouteCookie Cookie, string Why)
{
    /// <inheritdoc/>
    public override string ToString() => $"virq {Slot} ({Label}): {State}, {(Gsi < 0 ? "no GSI" : $"GSI {Gsi}")}: {Why}";
}

/// <content>Reports on virqs.</content>
public sealed partial class RouteCache
{
    /// <summary>The state of each virq, and the reason for it; in the order of their slots.</summary>
    public IReadOnlyList<VirqReport> Explain()
    {
        var reports = new List<VirqReport>();
        for (int slot = 0; slot < _virqs.Count; slot++)
        {
            if (IsInUse(slot))
                reports.Add(ReportOf(slot));
        }
        return reports;
    }

    /// <summary>The report on the virq in a slot that has an owner.</summary>
    internal VirqReport ReportOf(int slot)
    {
        ref VirqSlot virq = ref _virqs[slot];
        InterruptMessage? translation = virq.Has(VirqFlags.Translated) ? virq.Translation : null;
        return new VirqReport(slot, _labels[slot], virq.State, VirqTransitions.ReaderIn(virq.State), virq.Gsi,
            virq.Message, translation, virq.Cookie, Why(virq));
    }

    /// <summary>How many virqs are in each state, by <see cref="VirqState"/>.</summary>
    internal long[] CountStates()
    {
        var counts = new long[(int)VirqState.Parked + 1];
        foreach (ref VirqSlot virq in _virqs.Span)
            counts[(int)virq.State]++;
        return counts;
    }

    private string Why(in VirqSlot virq) => virq.State switch
    {
        VirqState.Hot => "the kernel serves it",
        VirqState.Waiting => $"it waits for a route, with {_waiting.Count - 1} others",
        VirqState.Parked => "it is masked, and keeps its route",
        VirqState.Masked => "it is masked",
        VirqState.Stale => "its entry was invalidated or its message changed; the next interrupt translates it again",
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
