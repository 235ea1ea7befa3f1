using Wirq.Routing;

namespace Wirq.Host;

/// <summary>How a <see cref="HostCall"/> ended.</summary>
internal enum HostAnswerKind : byte
{
    /// <summary>There is no port for the call.</summary>
    Nobody,
    /// <summary>It was done. If the call is a question, the answer is yes.</summary>
    Yes,
    /// <summary>It was done, and the answer is no.</summary>
    No,
    /// <summary>It was not done.</summary>
    Refused,
}

/// <summary>The answer to a <see cref="HostCall"/>.</summary>
/// <param name="Kind">How it ended.</param>
/// <param name="Failure">The failure that the host reported, if it refused; null for another cause.</param>
internal readonly record struct HostAnswer(HostAnswerKind Kind, KernelException? Failure = null)
{
    internal static HostAnswer Nobody => default;
    internal static HostAnswer Yes => new(HostAnswerKind.Yes);
    internal static HostAnswer No => new(HostAnswerKind.No);
    internal static HostAnswer Refused => new(HostAnswerKind.Refused);

    internal static HostAnswer Of(bool yes) => yes ? Yes : No;

    internal bool IsYes => Kind == HostAnswerKind.Yes;
    internal bool IsRefused => Kind == HostAnswerKind.Refused;
    internal bool IsNobody => Kind == HostAnswerKind.Nobody;
}
