using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>The state of a world besides its machine, its devices, its CPUs and its scripts.</summary>
internal struct WorldState : IState
{
    /// <summary>The token that a poll fetched, plus 1; 0 for none.</summary>
    public int TokenAndOne;
    /// <summary>1 if something happened since the last <see cref="TransitionKind.Rest"/>.</summary>
    public uint IsStirred;
    /// <summary>The CPU that holds the guest's lock, plus 1; 0 for none.</summary>
    public int LockedByAndOne;
    /// <summary>What the holder of the lock read, to change and to write it back.</summary>
    public uint Latch;
}

/// <summary>The position of a script: of the scenario's own steps, or of an actor's.</summary>
internal struct ScriptState : IState
{
    /// <summary>The end of a step that lets time pass, in ns of virtual time; 0 for none.</summary>
    public long Until;
    /// <summary>The depth of nested repetitions; 0 at the end of the script.</summary>
    public int Depth;
    /// <summary>1 while a step lets time pass.</summary>
    public uint IsPassing;

    internal static void MakeRelative(Span<ScriptState> copy, long now)
    {
        foreach (ref ScriptState script in copy)
        {
            if (script.IsPassing != 0)
                script.Until -= now;
        }
    }
}

/// <summary>The position in a script, or in a repetition in it.</summary>
internal struct ScriptFrame : IState
{
    /// <summary>The next step.</summary>
    public int Step;
    /// <summary>How often the steps were run.</summary>
    public int Rounds;
}

/// <summary>Whether an actor or a CPU waits until its last call returns.</summary>
internal struct WaitState : IState
{
    /// <summary>How many events leave the queue before that.</summary>
    public int Events;
}
