namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Splits the steps of CPUs that change a shared register into their accesses, so that something else can happen
/// between two of them.</summary>
/// <remarks>Like Linux, a guest makes the accesses of one change under one lock, with interrupts off
/// (<c>ioapic_lock</c>, <c>i8259A_lock</c>): IOREGSEL is shared.</remarks>
internal static class Accesses
{
    private const int WordSize = sizeof(uint);
    private const int SlaveFirst = 8, CascadeBit = 4;
    private const uint VectorMask = 0xFF;

    /// <summary>The steps, with each access as one step. Repetitions stay repetitions.</summary>
    internal static IReadOnlyList<Step> Split(IReadOnlyList<Step> steps) => [.. steps.SelectMany(Split)];

    /// <summary>As <see cref="Split(IReadOnlyList{Step})"/>, with repetitions written out.</summary>
    internal static IReadOnlyList<Step> SplitAndUnroll(IReadOnlyList<Step> steps) => [.. steps.SelectMany(step => step is RepeatStep repeat
        ? Enumerable.Repeat(SplitAndUnroll(repeat.Steps), repeat.Times).SelectMany(turn => turn) : Split(step))];

    private static IEnumerable<Step> Split(Step step) => step switch
    {
        RepeatStep repeat => [repeat with { Steps = Split(repeat.Steps) }],
        CpuStep cpu => Locked(cpu, [.. Parts(cpu.Command)]),
        _ => [step],
    };

    /// <summary>The accesses of a command, and what is said of each; none if it is one access, or all that it accesses
    /// is the CPU's own.</summary>
    private static IEnumerable<(CpuCommand Command, string Text)> Parts(CpuCommand command)
    {
        switch (command)
        {
            case MaskCommand mask:
                ulong bit = RedirectionEntry.Reset.WithMask(true).Low;
                return Change(mask.IoApic, IoApic.EntryIndex(mask.Pin), new RegisterValue(mask.Masked ? bit : 0, bit));
            case MigrateCommand migrate:
                uint low = IoApic.EntryIndex(migrate.Pin);
                IEnumerable<(CpuCommand, string)> high = Write(migrate.IoApic, low + 1, RedirectionEntry.Create(0, migrate.To & 0x7FFF).High);
                return migrate.Vector < 0 ? high
                    : high.Concat(Change(migrate.IoApic, low, new RegisterValue((uint)migrate.Vector, VectorMask)));
            case WriteCommand { Register: { Kind: RegisterKind.Entry or RegisterKind.EntryLow or RegisterKind.EntryHigh or RegisterKind.IoApicIndex } register } write:
                return Halves(register).SelectMany(half => Write(register.Unit, half.Index, (uint)(write.Value.Bits >> half.Shift)));
            case ChangeCommand { Register: { Kind: RegisterKind.Entry or RegisterKind.EntryLow or RegisterKind.EntryHigh or RegisterKind.IoApicIndex } register } change:
                return Halves(register)
                    .Select(half => (half.Index, Value: new RegisterValue((uint)(change.Value.Bits >> half.Shift), (uint)(change.Value.Mask >> half.Shift))))
                    .Where(half => half.Value.Mask != 0)
                    .SelectMany(half => Change(register.Unit, half.Index, half.Value));
            case ChangeCommand { Register: { Kind: RegisterKind.Port } register } change:
                return Change(register, change.Value);
            case MaskIrqCommand { Masked: false, Irq: >= SlaveFirst } unmask:
                return Change(DataPort(unmask.Irq), Bit(unmask)).Concat(Change(DataPort(0), new RegisterValue(0, CascadeBit)));
            case MaskIrqCommand mask:
                return Change(DataPort(mask.Irq), Bit(mask));
            default:
                return [];
        }
    }

    // The high half first, as Linux does; the low half contains the mask.
    private static IEnumerable<(uint Index, int Shift)> Halves(RegisterName register)
    {
        if (register.Kind == RegisterKind.IoApicIndex)
            return [((uint)register.Number, 0)];
        uint low = IoApic.EntryIndex((int)register.Number);
        return register.Kind switch
        {
            RegisterKind.EntryLow => [(low, 0)],
            RegisterKind.EntryHigh => [(low + 1, 0)],
            _ => [(low + 1, 32), (low, 0)],
        };
    }

    private static IEnumerable<(CpuCommand, string)> Write(int ioApic, uint index, uint value) =>
        [Select(ioApic, index), (new WriteCommand(Window(ioApic), new RegisterValue(value, uint.MaxValue)), "writes it")];

    private static IEnumerable<(CpuCommand, string)> Change(int ioApic, uint index, RegisterValue value) =>
        [Select(ioApic, index), .. Change(Window(ioApic), value)];

    private static IEnumerable<(CpuCommand, string)> Change(RegisterName register, RegisterValue value) =>
        [(new LoadCommand(register), "reads it"), (new StoreCommand(register, value), "writes it")];

    private static (CpuCommand, string) Select(int ioApic, uint index) =>
        (new WriteCommand(At(ioApic, IoApic.SelectOffset, "ioapic.select"), new RegisterValue(index, uint.MaxValue)), "selects it");

    private static RegisterName Window(int ioApic) => At(ioApic, IoApic.WindowOffset, "ioapic.window");

    private static RegisterName At(int ioApic, uint offset, string text) => new(RegisterKind.IoApicOffset, ioApic, offset, WordSize, text);

    private static RegisterName DataPort(int irq) => irq < SlaveFirst
        ? new RegisterName(RegisterKind.Port, 0, PicPair.MasterData, 1, "pic.master.data")
        : new RegisterName(RegisterKind.Port, 0, PicPair.SlaveData, 1, "pic.slave.data");

    private static RegisterValue Bit(MaskIrqCommand command)
    {
        ulong bit = 1ul << (command.Irq & (SlaveFirst - 1));
        return new RegisterValue(command.Masked ? bit : 0, bit);
    }

    private static IEnumerable<Step> Locked(CpuStep step, (CpuCommand Command, string Text)[] parts)
    {
        if (parts.Length == 0)
            return [step];
        return parts.Select((part, index) => step with
        {
            Text = $"{step.Text}: {part.Text}",
            Command = part.Command,
            Lock = (index == 0 ? LockUse.Take : 0) | (index == parts.Length - 1 ? LockUse.Release : 0),
        });
    }
}
