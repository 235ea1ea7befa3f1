namespace Wirq.Lab.Historic;

/// <summary>All historic designs, by name.</summary>
public static class Designs
{
    private static readonly Func<Design>[] All =
    [
        () => new ServiceBeforeRoute(),
        () => new RouteEvenWhileMasked(),
        () => new RouteRemovedOnMask(),
        () => new AckAtEoi(),
        () => new NoServiceAfterEoi(),
        () => new EoiFirstMatch(),
        () => new BroadcastThoughSuppressed(),
        () => new ExtIntParseTakes(),
        () => new LastWriterWins(),
        () => new ResampleFirstMatch(),
        () => new IrqfdIgnoresMask(),
        () => new SpecialMaskIgnored(),
        () => new WideSelect(),
        () => new TranslateWhenProgrammed(),
        () => new FlushAll(),
        () => new NoInvalidationListener(),
        () => new StatusBeforeUnbind(),
        () => new RemoveRouteOnMask(),
        () => new ReadAfterBind(),
        () => new FirstSharerOnlyResample(),
        () => new OldRouteDropped(),
        () => new SaveThenUnbind(),
        () => new LineLevelNotSaved(),
        () => new EdgeOnRestore(),
        () => new AssertOnGuestFlag(),
        () => new ControlBlockBeforeHeads(),
        () => new ExpandAgainstReset(),
        () => new MapOnlyOnUnmask(),
        () => new MaskedEoiEndsNothing(),
        .. PassedOtherwise.All,
        .. ForwardedAsLevel.All,
        () => new ThreadReturnsAtOnce(),
        () => new UnmaskAtEveryAccess(),
        () => new LazyExclusiveLine(),
        () => new EnabledThoughMasked(),
        () => new UnmaskedThoughGone(),
        () => new MaskedTwice(),
        () => new HandlerDiesWithEventFd(),
    ];

    private static readonly Dictionary<string, Func<Design>> ByName = All.ToDictionary(make => make().Name);

    /// <summary>Their names.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>Their names and descriptions.</summary>
    public static IEnumerable<(string Name, string About)> Described => All.Select(make => make()).Select(design => (design.Name, design.About));

    /// <summary>Creates a design; each run needs its own.</summary>
    /// <exception cref="KeyNotFoundException">There is no design with that name.</exception>
    internal static Design Create(string name) => ByName[name]();
}
