using Wirq.Lab.Worlds;

namespace Wirq.Board.Twins;

/// <summary>The host's kernel did something else than the simulated one.</summary>
/// <param name="what">The difference, as a sentence.</param>
internal sealed class TwinException(string what) : WorldException($"KVM differs from the simulated kernel: {what}");
