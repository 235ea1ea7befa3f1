namespace Wirq.Traces.Replay;

/// <summary>What is known about the trigger modes of the 8259's inputs, which no line shows: the inputs that are level
/// from the start, and what one pass over the log showed.</summary>
/// <remarks>Inputs are bits 0 to 15, those of the slave from 8 on.</remarks>
internal sealed class TriggerModes(ushort fromStart)
{
    /// <summary>Inputs that can be level: the timer, the keyboard, the cascade, the clock and the coprocessor
    /// cannot.</summary>
    internal const ushort CanBeLevel = PicOptions.LevelInputsOfPc;

    private ushort _shownLevel, _shownEdge;

    /// <summary>Inputs that are level from the first line on.</summary>
    internal ushort FromStart => fromStart;

    /// <summary>Inputs that are edge here, and that the log showed to be level.</summary>
    internal ushort ShownLevel => _shownLevel;

    /// <summary>Inputs that are level from the start, and that the log showed to be edge at some line.</summary>
    internal ushort Contradicted => (ushort)(_shownEdge & fromStart);

    /// <summary>The log shows an input in the other mode than it has here.</summary>
    internal void Note(int irq, bool level)
    {
        ref ushort shown = ref level ? ref _shownLevel : ref _shownEdge;
        shown |= (ushort)(1 << irq);
    }

    /// <summary>Finds the inputs that are level at every line of the log that shows their mode.</summary>
    /// <param name="pass">Replays the log, and records what it shows.</param>
    /// <param name="edges">What a replay showed in which all inputs were edge; null if there was none so far.</param>
    /// <returns>Those inputs, and the inputs that the log shows in both modes: they begin as edge.</returns>
    /// <remarks>Each pass except the last adds an input, or finds that one has both modes. So 11 inputs need at most 23
    /// passes. Real logs need two.</remarks>
    internal static (ushort Level, ushort Changing) Learn(Action<TriggerModes> pass, TriggerModes? edges = null)
    {
        TriggerModes modes = edges ?? new(0);
        if (edges is null)
            pass(modes);
        ushort changing = 0;
        for (; ; )
        {
            changing |= modes.Contradicted;
            ushort level = modes.FromStart, next = (ushort)((level | modes.ShownLevel) & ~changing);
            if (next == level)
                return (level, changing);
            modes = new TriggerModes(next);
            pass(modes);
        }
    }

    /// <summary>Inputs by number, for a sentence.</summary>
    internal static string Words(ushort inputs)
    {
        var numbers = new List<int>();
        for (int irq = 0; irq < 16; irq++)
        {
            if ((inputs >> irq & 1) != 0)
                numbers.Add(irq);
        }
        return numbers.Count == 1 ? $"input {numbers[0]}" : $"inputs {string.Join(", ", numbers[..^1])} and {numbers[^1]}";
    }
}
