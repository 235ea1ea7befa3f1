using Wirq.Remapping;
using Wirq.State;

namespace Wirq.Routing;

/// <content>The state as the fields of a snapshot. Slots are in it, owners and generations are not: handles of before a
/// restore are void. Indices are derived.</content>
public sealed partial class RouteCache
{
    // Whether a read waits is known from the queue, which is not saved.
    private const VirqFlags AllFlags = (VirqFlags)(((int)VirqFlags.Unbindable << 1) - 1);

    /// <summary>Moves the virqs, those that wait, and the routes.</summary>
    /// <param name="f">The fields.</param>
    /// <param name="lines">The lines, which are moved already.</param>
    /// <param name="units">How many remapping units there are: cookies name them.</param>
    internal void Move(Fields f, LineTable lines, int units)
    {
        S.Dirty = f.Flag("dirty", S.Dirty != 0) ? (ushort)1 : (ushort)0;
        S.Suspended = f.Flag("suspended", S.Suspended != 0) ? (ushort)1 : (ushort)0;
        if (f.IsReading)
            Empty();
        List<int> slots = f.IsReading ? [] : [.. Enumerable.Range(0, Capacity).Where(IsInUse)];
        int next = 0;
        f.List("virqs", slots.Count, Capacity, i => next = Move(f, f.IsReading ? -1 : slots[i], next, lines, units) + 1);
        _waiting.Move(f);
        _budget.Move(f, this);
        Pins?.Move(f);
        if (f.IsReading)
            Derive(f);
    }

    internal static void Move(Fields f, ref VirqSlot virq)
    {
        virq.State = f.Choice("state", virq.State);
        virq.Kind = f.Choice("kind", virq.Kind);
        virq.Flags = (VirqFlags)f.U16("flags", (ushort)(virq.Flags & AllFlags), (ushort)AllFlags);
        virq.Requester = f.U16("requester", virq.Requester);
        virq.Address = f.U64("address", virq.Address);
        virq.Data = f.U32("data", virq.Data);
        virq.Translation = new(f.U64("translation", virq.Translation.Bits, InterruptMessage.AllBits));
        virq.Cookie = new(f.U64("cookie", virq.Cookie.Bits, RouteCookie.None.Bits));
        virq.Gsi = f.Number("gsi", virq.Gsi, VirqSlot.NoGsi, KernelLimits.MaxRoutes - 1);
        virq.Trigger = new(f.Number("trigger", virq.Trigger.Number, -1, int.MaxValue));
        virq.Resample = new(f.Number("resample", virq.Resample.Number, -1, int.MaxValue));
        virq.Source = f.U16("source", virq.Source);
    }

    /// <summary>Makes every earlier handle void, and every earlier translation old.</summary>
    /// <param name="former">The virqs of before.</param>
    /// <param name="keepsHandles">Whether those stay valid whose slot is in use before and after.</param>
    internal void SetGenerations(RouteCache former, bool keepsHandles)
    {
        for (int slot = 0; slot < Capacity; slot++)
        {
            bool stays = keepsHandles && former.IsInUse(slot) && IsInUse(slot);
            _virqs[slot].Owner = former._virqs[slot].Owner + (stays ? 0 : 1u);
            _virqs[slot].Generation = former._virqs[slot].Generation + 1;
        }
    }

    /// <summary>For a laboratory: what a restore makes of a virq if its message was not saved.</summary>
    internal void LoseMessage(int slot)
    {
        ref VirqSlot virq = ref _virqs[slot];
        Invalidate(slot, ref virq);
        virq.Remove(VirqFlags.Programmed | VirqFlags.Latched);
        (virq.Address, virq.Data) = (0, 0);
    }

    /// <summary>Replaces the eventfds of all virqs by those that they have in this process.</summary>
    internal void MapEventFds(Func<EventFd, EventFd> map)
    {
        foreach (ref VirqSlot virq in _virqs.Span)
        {
            if (virq.Trigger.Exists)
                virq.Trigger = map(virq.Trigger);
            if (virq.Resample.Exists)
                virq.Resample = map(virq.Resample);
        }
    }

    private int Move(Fields f, int slot, int least, LineTable lines, int units)
    {
        VirqSlot virq = slot < 0 ? default : _virqs[slot];
        slot = f.Number("slot", slot, least, Capacity - 1);
        string label = f.Text("label", _labels[slot], mayBeEmpty: false);
        Move(f, ref virq);
        Check(f, virq, slot, lines, units);
        if (f.IsReading)
        {
            (virq.Next, virq.Previous) = (VirqSlot.None, VirqSlot.None);
            _virqs[slot] = virq;
            _labels[slot] = label;
        }
        return slot;
    }

    private void Check(Fields f, in VirqSlot virq, int slot, LineTable lines, int units)
    {
        f.Demand(virq.State != VirqState.Free, "state", "Free", "the state of a virq that exists");
        bool translated = virq.Has(VirqFlags.Translated);
        f.Demand(translated || virq.Cookie == RouteCookie.None && virq.Translation == default, "cookie", $"{virq.Cookie}", "none: the virq has no translation");
        f.Demand(virq.Cookie == RouteCookie.None || virq.Cookie.Unit < units, "cookie", $"{virq.Cookie}", $"a unit below {units}, or no entry");
        bool latches = !virq.Trigger.Exists && (VirqTransitions.ReaderIn(virq.State) == VirqReader.Nobody || IsSuspended);
        f.Demand(!virq.Has(VirqFlags.Latched) || latches, "flags", $"{virq.Flags}", "no Latched: the virq is not masked, or has an eventfd");
        if (virq.Kind == VirqKind.Message)
            CheckMessage(f, virq, translated);
        else
            CheckOnLine(f, virq, slot, lines);
    }

    private void CheckMessage(Fields f, in VirqSlot virq, bool translated)
    {
        f.Demand(virq.Source == VirqSlot.None, "source", $"{virq.Source}", $"{VirqSlot.None}: it sends a message");
        bool needs = virq.State is VirqState.Warm or VirqState.Waiting or VirqState.Hot or VirqState.Parked;
        bool lacks = virq.State is VirqState.Cold or VirqState.Stale or VirqState.Faulted;
        f.Demand(translated ? !lacks : !needs, "state", $"{virq.State}", translated ? "a state with a translation" : "a state without a translation");
        bool routed = virq.State is VirqState.Hot or VirqState.Parked or VirqState.Stale;
        f.Demand(!routed || virq.Gsi >= 0, "gsi", "-1", $"a GSI: the virq is {virq.State}");
        f.Demand(virq.State != VirqState.Cold || virq.Gsi < 0, "gsi", $"{virq.Gsi}", "-1: the virq is Cold");
        f.Demand(virq.Gsi < 0 || _budget.Has(virq.Gsi), "gsi", $"{virq.Gsi}", $"-1, or one of the {Budget} GSIs for virqs");
        f.Demand(virq.State is not (VirqState.Hot or VirqState.Waiting or VirqState.Parked) || virq.Trigger.Exists, "trigger", "-1",
            $"an eventfd: the virq is {virq.State}");
        f.Demand(virq.State != VirqState.Waiting || HasRoutes, "state", "Waiting", "another: no kernel serves eventfds");
        f.Demand(!translated || virq.Has(VirqFlags.Programmed), "flags", $"{virq.Flags}", "Programmed with Translated");
    }

    private void CheckOnLine(Fields f, in VirqSlot virq, int slot, LineTable lines)
    {
        int source = virq.Source;
        bool drives = source < lines.Capacity && lines.InUse(source) && lines.VirqOf(source) == slot
            && lines.KindOf(source) == (virq.Kind == VirqKind.Level ? SourceKind.Sampled : SourceKind.Edge);
        f.Demand(drives, "source", $"{source}", $"a source that virq {slot} drives, of kind {(virq.Kind == VirqKind.Level ? SourceKind.Sampled : SourceKind.Edge)}");
        bool kernelLine = _options.Kernel is { OwnsIoApic: true, HasIrqfd: true };
        f.Demand(virq.Gsi < 0 || kernelLine && virq.Gsi == lines.GsiOf(source), "gsi", $"{virq.Gsi}",
            kernelLine ? $"-1, or {lines.GsiOf(source)}, its line" : "-1: no kernel has its line");
        bool bindable = virq.Gsi >= 0 && virq.Trigger.Exists;
        bool possible = virq.State switch
        {
            VirqState.Cold or VirqState.Warm or VirqState.Masked => true,
            VirqState.Stale => virq.Gsi >= 0,
            VirqState.Hot or VirqState.Parked => bindable,
            _ => false,
        };
        f.Demand(possible, "state", $"{virq.State}", bindable ? "Cold, Warm, Masked, Stale, Hot or Parked" : "Cold, Warm or Masked: no kernel serves its line");
        f.Demand(!virq.Has(VirqFlags.Translated | VirqFlags.Programmed), "flags", $"{virq.Flags}", "neither Programmed nor Translated: it drives a line");
    }

    private void Empty()
    {
        foreach (ref VirqSlot virq in _virqs.Span)
        {
            virq = new VirqSlot
            {
                Gsi = VirqSlot.NoGsi,
                Trigger = EventFd.None,
                Resample = EventFd.None,
                Source = VirqSlot.None,
                Next = VirqSlot.None,
                Previous = VirqSlot.None,
            };
        }
        Array.Fill(_labels, "");
    }

    private void Derive(Fields f)
    {
        _freeVirqs.Rebuild(slot => !IsInUse(slot));
        var triggers = new HashSet<int>();
        int waiting = 0;
        for (int slot = 0; slot < Capacity; slot++)
        {
            ref readonly VirqSlot virq = ref _virqs[slot];
            if (virq.Has(VirqFlags.Translated) && virq.Cookie != RouteCookie.None)
                _cookies.Enter(slot);
            if (virq.State == VirqState.Waiting)
                waiting++;
            if (virq is { Kind: VirqKind.Message, State: VirqState.Hot or VirqState.Parked })
            {
                bool routed = _budget.TryGetRoute(virq.Gsi, out InterruptMessage route) && route == virq.Translation;
                f.Demand(routed, $"route of GSI {virq.Gsi}", "another", $"the translation of virq {slot}, which is {virq.State}");
            }
            f.Demand(!virq.Trigger.Exists || triggers.Add(virq.Trigger.Number), "trigger", $"{virq.Trigger.Number}", $"an eventfd of its own; virq {slot} is not the first that has it");
        }
        f.Demand(waiting == _waiting.Count, "waitingCount", $"{_waiting.Count}", $"{waiting}, as many as are Waiting");
    }
}

internal sealed partial class WaitingList
{
    /// <summary>Moves the order of the list. Two places for one virq, or a virq that does not wait, are refused: so there is
    /// no cycle.</summary>
    internal void Move(Fields f)
    {
        List<int> slots = [];
        if (!f.IsReading)
        {
            for (int slot = _state.Value.First; slot != VirqSlot.None; slot = _virqs[slot].Next)
                slots.Add(slot);
        }
        long deadline = f.Time("waitingUntil", Deadline, never: 0);
        var seen = new HashSet<int>();
        f.List("waiting", slots.Count, _virqs.Count, i =>
        {
            int slot = f.Number("virq", f.IsReading ? 0 : slots[i], 0, _virqs.Count - 1);
            if (!f.IsReading)
                return;
            f.Demand(seen.Add(slot) && _virqs[slot].State == VirqState.Waiting, "virq", $"{slot}", "a virq that is Waiting, each once");
            Add(slot, deadline);
        });
        f.Demand(!f.IsReading || (Deadline == 0) == (Count == 0), "waitingUntil", Deadline == 0 ? "none" : "a time", "a time exactly while virqs wait");
        if (f.IsReading)
            Deadline = Count == 0 ? 0 : deadline;
    }
}

internal sealed partial class GsiBudget
{
    /// <summary>Whether a GSI is one of those for virqs.</summary>
    internal bool Has(int gsi) => gsi >= _first && gsi < _first + Count;

    /// <summary>Moves the routes and the clock. Which virq has a GSI follows from the virqs.</summary>
    internal void Move(Fields f, RouteCache virqs)
    {
        if (f.IsReading)
            TakeOwners(f, virqs);
        ref GsiBudgetState state = ref _state.Value;
        state.ClockHand = f.Number("clockHand", state.ClockHand, 0, Used == 0 ? 0 : _rows.Count - 1);
        List<int> indices = f.IsReading ? [] : [.. Enumerable.Range(0, Count).Where(index => IsTold(_rows[index]))];
        int next = 0;
        f.List("routes", indices.Count, Count, i =>
        {
            int index = f.Number("gsi", f.IsReading ? 0 : _first + indices[i], _first + next, _first + Count - 1) - _first;
            next = index + 1;
            GsiRow row = _rows[index];
            Move(f, ref row);
            f.Demand(IsTold(row), "committed", "0", "1: no virq has the GSI");
            if (f.IsReading)
                _rows[index] = row;
        });
    }

    internal static void Move(Fields f, ref GsiRow row)
    {
        row.Use = f.Choice("use", row.Use);
        f.Demand(row.Use != GsiUse.Pinned && (row.Use == GsiUse.Idle || row.Owner != VirqSlot.None), "use", $"{row.Use}", "Idle, or Recent where a virq has the GSI");
        row.Committed = f.Flag("committed", row.Committed);
        row.Message = new(f.U64("message", row.Message.Bits, row.Committed != 0 ? InterruptMessage.AllBits : 0));
    }

    private static bool IsTold(in GsiRow row) => row.Owner != VirqSlot.None || row.Committed != 0;

    private void TakeOwners(Fields f, RouteCache virqs)
    {
        foreach (ref GsiRow row in _rows.Span)
            row = new GsiRow { Owner = VirqSlot.None };
        _state.Value = default;
        for (int slot = 0; slot < virqs.Capacity; slot++)
        {
            int gsi = virqs.BudgetGsiOf(slot);
            if (gsi < 0)
                continue;
            f.Demand(_rows[gsi - _first].Owner == VirqSlot.None, "virqs", $"virq {slot} with GSI {gsi}", "a GSI that no other virq has");
            _rows[gsi - _first].Owner = (ushort)slot;
            _state.Value.Used++;
        }
        _free.Rebuild(index => index < Count && _rows[index].Owner == VirqSlot.None || index >= Count);
    }

    /// <summary>The route of a GSI in the kernel's table; false if it has none.</summary>
    internal bool TryGetRoute(int gsi, out InterruptMessage message)
    {
        ref readonly GsiRow row = ref RowOf(gsi);
        message = row.Message;
        return row.Committed != 0;
    }
}

internal sealed partial class PinRoutes
{
    /// <summary>Moves the routes of all pins.</summary>
    internal void Move(Fields f) => f.Row("pinRoutes", _pins.Count, i => Move(f, ref _pins[i]));

    internal static void Move(Fields f, ref PinRoute route)
    {
        route.HasNow = f.Flag("hasNow", route.HasNow != 0) ? (ushort)1 : (ushort)0;
        route.Now = new(f.U64("now", route.Now.Bits, InterruptMessage.AllBits));
        route.HasBefore = f.Flag("hasBefore", route.HasBefore != 0) ? (ushort)1 : (ushort)0;
        route.Before = new(f.U64("before", route.Before.Bits, InterruptMessage.AllBits));
        route.SentAddress = f.U64("sentAddress", route.SentAddress);
        route.SentData = f.U32("sentData", route.SentData);
    }
}
