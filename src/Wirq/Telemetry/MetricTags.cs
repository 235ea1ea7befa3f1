using Wirq.Events;
using Wirq.Remapping;
using Wirq.Routing;
using Tag = System.Collections.Generic.KeyValuePair<string, object?>;

namespace Wirq.Telemetry;

/// <summary>The tags of metrics, made once, so that counting allocates nothing. A value is one of an enumeration.</summary>
internal static class MetricTags
{
    internal static readonly Tag ByLocalApic = new("wirq.road", "local_apic"), ByKernel = new("wirq.road", "kernel"),
        ByExtInt = new("wirq.road", "extint");

    private static readonly Tag[] s_sources = Of<OriginKind>("wirq.source"), s_reasons = Of<RefusalReason>("wirq.reason"),
        s_misuses = Of<Misuse>("wirq.misuse"), s_states = Of<VirqState>("wirq.state");

    private static readonly Tag s_byEventFd = new("wirq.trigger", "eventfd"), s_byCall = new("wirq.trigger", "call");

    // By error number; what has no name there is "_OTHER" (OpenTelemetry's convention for error.type).
    private static readonly Tag[] s_errors = [.. Enumerable.Range(0, 64).Select(errno =>
        new Tag("error.type", KernelException.Name(errno) is var name && name.StartsWith('E') ? name : "_OTHER"))];

    internal static Tag Source(OriginKind kind) => s_sources[(int)kind];
    internal static Tag Reason(RefusalReason reason) => s_reasons[(int)reason];
    internal static Tag What(Misuse what) => s_misuses[(int)what];
    internal static Tag State(VirqState state) => s_states[(int)state];
    internal static Tag Trigger(bool byEventFd) => byEventFd ? s_byEventFd : s_byCall;
    internal static Tag Error(int errno) => s_errors[(uint)errno < (uint)s_errors.Length ? errno : 0];

    private static Tag[] Of<T>(string name) where T : struct, Enum => [.. Enum.GetNames<T>().Select(one => new Tag(name, Words(one)))];

    /// <summary>The name of a constant as the conventions write values: words with underscores.</summary>
    private static string Words(string name) =>
        string.Concat(name.Select((one, at) => char.IsUpper(one) ? (at == 0 ? "" : "_") + char.ToLowerInvariant(one) : one.ToString()));
}
