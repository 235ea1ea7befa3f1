namespace Wirq.Tests.Qemu;

/// <summary>A chip whose every operation is one command to QEMU's qtest, or a few.</summary>
internal abstract class QtestSubject<TOperation>(QtestMachine machine) : ISubject<TOperation>
{
    public abstract IReadOnlyList<TOperation> Preamble { get; }

    public abstract void Restart();

    public abstract TOperation Draw(Random random);

    public abstract string Does(TOperation operation);

    /// <summary>The commands that do it to QEMU.</summary>
    protected abstract void Ask(TOperation operation, List<string> commands);

    /// <summary>What QEMU showed of it.</summary>
    protected abstract string Heard(TOperation operation, ReadOnlySpan<Answer> answers);

    public async Task<IReadOnlyList<string>> Hear(IReadOnlyList<TOperation> operations)
    {
        var commands = new List<string>();
        var ends = new List<int> { 0 };
        foreach (TOperation operation in operations)
        {
            Ask(operation, commands);
            ends.Add(commands.Count);
        }
        Answer[] answers = [.. await machine.Ask(commands)];
        string[] heard = new string[operations.Count];
        for (int i = 0; i < heard.Length; i++)
            heard[i] = Heard(operations[i], answers.AsSpan(ends[i]..ends[i + 1]));
        return heard;
    }
}
