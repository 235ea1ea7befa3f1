using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring;

/// <summary>The ways in which a world can be wrong.</summary>
internal enum ViolationKind
{
    /// <summary>A law is broken.</summary>
    Law,
    /// <summary>An expectation of the scenario failed.</summary>
    Expectation,
    /// <summary>The world cannot continue.</summary>
    Stuck,
    /// <summary>Code of this library threw what it must not throw.</summary>
    Fault,
    /// <summary>Nothing can happen, and an interrupt is owed or a script is not at its end.</summary>
    Deadlock,
    /// <summary>The world can go round forever, though nobody who can always move is passed over.</summary>
    Livelock,
}

/// <summary>What was violated.</summary>
/// <param name="Kind">How.</param>
/// <param name="Name">The name of the law, or a word for the kind.</param>
/// <param name="Text">A sentence.</param>
internal sealed record Violation(ViolationKind Kind, string Name, string Text)
{
    internal static Violation Of(Exception thrown) => thrown is WorldException or Routing.KernelException
        ? new(ViolationKind.Stuck, "stuck", thrown.Message)
        : new(ViolationKind.Fault, "fault", $"{thrown.GetType().Name}: {thrown.Message}");

    /// <summary>Whether another one is the same, however it is told.</summary>
    internal bool IsLike(Violation other) => Kind == other.Kind && Name == other.Name;
}
