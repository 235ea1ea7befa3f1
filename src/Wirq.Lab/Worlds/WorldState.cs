using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>What a world remembers besides its machine, its devices and its CPUs.</summary>
internal struct WorldState : IState
{
    /// <summary>Until when time passes, in ns of virtual time; 0 while it does not.</summary>
    public long Until;
    /// <summary>The token that a poll fetched, plus 1; 0 for none.</summary>
    public int TokenAndOne;
    /// <summary>1 where something happened that no <see cref="TransitionKind.Rest"/> came after.</summary>
    public uint IsStirred;
    /// <summary>How deep in repetitions the scenario is; 0 where it is at its end.</summary>
    public int Depth;
    /// <summary>1 while a step lets time pass.</summary>
    public uint IsPassing;

    internal static void MakeRelative(Span<WorldState> copy, long now)
    {
        if (copy[0].IsPassing != 0)
            copy[0].Until -= now;
    }
}

/// <summary>Where a scenario, or a repetition in it, is.</summary>
internal struct ScriptFrame : IState
{
    /// <summary>The step that is next.</summary>
    public int Step;
    /// <summary>How many times the steps were gone through.</summary>
    public int Rounds;
}
