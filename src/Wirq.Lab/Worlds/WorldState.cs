using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>The state of a world besides its machine, its devices and its CPUs.</summary>
internal struct WorldState : IState
{
    /// <summary>The end of a step that lets time pass, in ns of virtual time; 0 for none.</summary>
    public long Until;
    /// <summary>The token that a poll fetched, plus 1; 0 for none.</summary>
    public int TokenAndOne;
    /// <summary>1 if something happened since the last <see cref="TransitionKind.Rest"/>.</summary>
    public uint IsStirred;
    /// <summary>The depth of nested repetitions; 0 at the end of the scenario.</summary>
    public int Depth;
    /// <summary>1 while a step lets time pass.</summary>
    public uint IsPassing;

    internal static void MakeRelative(Span<WorldState> copy, long now)
    {
        if (copy[0].IsPassing != 0)
            copy[0].Until -= now;
    }
}

/// <summary>The position in a scenario, or in a repetition in it.</summary>
internal struct ScriptFrame : IState
{
    /// <summary>The next step.</summary>
    public int Step;
    /// <summary>How often the steps were run.</summary>
    public int Rounds;
}
