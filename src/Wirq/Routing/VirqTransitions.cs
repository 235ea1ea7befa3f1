namespace Wirq.Routing;

/// <summary>What happens to a virq.</summary>
internal enum VirqInput : byte
{
    /// <summary>An interrupt came: its eventfd was read, or it was triggered by hand.</summary>
    Interrupt,
    /// <summary>The guest programmed it, and its policy is to translate at once; no fault is recorded.</summary>
    Prefault,
    /// <summary>Its turn for a route has come.</summary>
    Promote,
    /// <summary>It is masked.</summary>
    Mask,
    /// <summary>It is unmasked.</summary>
    Unmask,
    /// <summary>Its translation is no longer valid: an invalidation reached it, or its message was changed.</summary>
    Invalidate,
    /// <summary>Another virq gets its route.</summary>
    Reclaim,
    /// <summary>It gets an eventfd.</summary>
    Attach,
    /// <summary>Its eventfd is taken away.</summary>
    Detach,
}

/// <summary>The condition of a transition.</summary>
internal enum VirqCondition : byte
{
    /// <summary>No condition.</summary>
    Always,
    /// <summary>It can be translated, and a route is wanted: it has an eventfd, and the kernel serves
    /// eventfds.</summary>
    RouteWanted,
    /// <summary>It can be translated, and no route is wanted.</summary>
    NoRouteWanted,
    /// <summary>It cannot be translated.</summary>
    Blocked,
    /// <summary>It has a valid translation.</summary>
    Translated,
    /// <summary>It has no translation that holds, but a route in the table.</summary>
    Routed,
    /// <summary>It has neither.</summary>
    Neither,
    /// <summary>It drives a line of a kernel that owns the I/OAPIC.</summary>
    KernelLine,
}

/// <summary>One row: from a state, by an input, on a condition, to a state.</summary>
/// <param name="From">The state before.</param>
/// <param name="Input">The input.</param>
/// <param name="When">The condition.</param>
/// <param name="To">The state after.</param>
/// <param name="Does">What else is done, besides what the change of reader requires, in words.</param>
internal readonly record struct VirqTransition(
    VirqState From, VirqInput Input, VirqCondition When, VirqState To, string Does = "");

/// <summary>The state changes of virqs. The state alone determines the reader of an eventfd, and with it what is bound,
/// unbound, polled and not polled.</summary>
internal static class VirqTransitions
{
    private const string Injects = "inject", Faults = "record the fault", Queues = "inject, wait for a route", Latches = "keep pending",
        Replays = "deliver what is pending";

    /// <summary>The table. An input that it does not name leaves the state unchanged, without effect.</summary>
    public static IReadOnlyList<VirqTransition> Rows { get; } =
    [
        .. Misses(VirqState.Cold), .. Misses(VirqState.Stale), .. Misses(VirqState.Faulted),
        new(VirqState.Warm, VirqInput.Interrupt, VirqCondition.RouteWanted, VirqState.Waiting, Queues),
        new(VirqState.Warm, VirqInput.Interrupt, VirqCondition.NoRouteWanted, VirqState.Warm, Injects),
        new(VirqState.Waiting, VirqInput.Interrupt, VirqCondition.RouteWanted, VirqState.Waiting, Injects),
        new(VirqState.Hot, VirqInput.Interrupt, VirqCondition.RouteWanted, VirqState.Hot, Injects),
        new(VirqState.Masked, VirqInput.Interrupt, VirqCondition.Always, VirqState.Masked, Latches),
        new(VirqState.Parked, VirqInput.Interrupt, VirqCondition.Always, VirqState.Parked, Latches),

        new(VirqState.Cold, VirqInput.Prefault, VirqCondition.RouteWanted, VirqState.Waiting, "wait for a route"),
        new(VirqState.Cold, VirqInput.Prefault, VirqCondition.NoRouteWanted, VirqState.Warm),
        new(VirqState.Cold, VirqInput.Prefault, VirqCondition.Blocked, VirqState.Cold),
        new(VirqState.Stale, VirqInput.Prefault, VirqCondition.RouteWanted, VirqState.Waiting, "wait for a route"),
        new(VirqState.Stale, VirqInput.Prefault, VirqCondition.NoRouteWanted, VirqState.Warm),
        new(VirqState.Stale, VirqInput.Prefault, VirqCondition.Blocked, VirqState.Stale),

        new(VirqState.Waiting, VirqInput.Promote, VirqCondition.Always, VirqState.Hot, "commit where the table changed"),

        new(VirqState.Cold, VirqInput.Mask, VirqCondition.Always, VirqState.Masked),
        new(VirqState.Warm, VirqInput.Mask, VirqCondition.Always, VirqState.Masked),
        new(VirqState.Waiting, VirqInput.Mask, VirqCondition.Always, VirqState.Masked, "wait no longer"),
        new(VirqState.Stale, VirqInput.Mask, VirqCondition.Always, VirqState.Masked),
        new(VirqState.Faulted, VirqInput.Mask, VirqCondition.Always, VirqState.Masked),
        new(VirqState.Hot, VirqInput.Mask, VirqCondition.Always, VirqState.Parked),

        new(VirqState.Masked, VirqInput.Unmask, VirqCondition.Translated, VirqState.Warm, Replays),
        new(VirqState.Masked, VirqInput.Unmask, VirqCondition.Routed, VirqState.Stale, Replays),
        new(VirqState.Masked, VirqInput.Unmask, VirqCondition.Neither, VirqState.Cold, Replays),
        new(VirqState.Parked, VirqInput.Unmask, VirqCondition.Always, VirqState.Hot, "the kernel delivers what is pending"),

        .. Losses(VirqState.Warm), .. Losses(VirqState.Waiting), .. Losses(VirqState.Faulted),
        new(VirqState.Hot, VirqInput.Invalidate, VirqCondition.Always, VirqState.Stale),
        new(VirqState.Parked, VirqInput.Invalidate, VirqCondition.Always, VirqState.Masked),

        new(VirqState.Hot, VirqInput.Reclaim, VirqCondition.Always, VirqState.Warm),
        new(VirqState.Stale, VirqInput.Reclaim, VirqCondition.Always, VirqState.Cold),
        new(VirqState.Parked, VirqInput.Reclaim, VirqCondition.Always, VirqState.Masked),

        new(VirqState.Cold, VirqInput.Attach, VirqCondition.KernelLine, VirqState.Hot, "with its resample eventfd"),
        new(VirqState.Masked, VirqInput.Attach, VirqCondition.KernelLine, VirqState.Parked),

        new(VirqState.Waiting, VirqInput.Detach, VirqCondition.Always, VirqState.Warm, "wait no longer"),
        new(VirqState.Hot, VirqInput.Detach, VirqCondition.Always, VirqState.Warm),
        new(VirqState.Parked, VirqInput.Detach, VirqCondition.Always, VirqState.Masked),
    ];

    private static readonly int s_inputs = Enum.GetValues<VirqInput>().Length;
    private static readonly int s_conditions = Enum.GetValues<VirqCondition>().Length;
    private static readonly VirqState[] s_next = Compile();

    /// <summary>The reader of a virq's eventfd in a state.</summary>
    public static VirqReader ReaderIn(VirqState state) => state switch
    {
        VirqState.Hot => VirqReader.Kernel,
        VirqState.Free or VirqState.Masked or VirqState.Parked => VirqReader.Nobody,
        _ => VirqReader.Userspace,
    };

    /// <summary>The state after an input.</summary>
    /// <param name="from">The state before.</param>
    /// <param name="input">What happens.</param>
    /// <param name="when">The condition that holds; any, if the table has no condition.</param>
    public static VirqState Next(VirqState from, VirqInput input, VirqCondition when = VirqCondition.Always) =>
        s_next[Place(from, input, when)];

    private static IEnumerable<VirqTransition> Misses(VirqState from) =>
    [
        new(from, VirqInput.Interrupt, VirqCondition.RouteWanted, VirqState.Waiting, Queues),
        new(from, VirqInput.Interrupt, VirqCondition.NoRouteWanted, VirqState.Warm, Injects),
        new(from, VirqInput.Interrupt, VirqCondition.Blocked, VirqState.Faulted, Faults),
    ];

    private static IEnumerable<VirqTransition> Losses(VirqState from) =>
    [
        new(from, VirqInput.Invalidate, VirqCondition.Routed, VirqState.Stale),
        new(from, VirqInput.Invalidate, VirqCondition.Neither, VirqState.Cold),
    ];

    private static VirqState[] Compile()
    {
        VirqState[] states = Enum.GetValues<VirqState>();
        var next = new VirqState[states.Length * s_inputs * s_conditions];
        foreach (VirqState state in states)
            next.AsSpan(Place(state, 0, 0), s_inputs * s_conditions).Fill(state);
        foreach (VirqTransition row in Rows)
        {
            if (row.When != VirqCondition.Always)
                next[Place(row.From, row.Input, row.When)] = row.To;
            else
                next.AsSpan(Place(row.From, row.Input, 0), s_conditions).Fill(row.To);
        }
        return next;
    }

    private static int Place(VirqState state, VirqInput input, VirqCondition when) =>
        ((int)state * s_inputs + (int)input) * s_conditions + (int)when;
}
