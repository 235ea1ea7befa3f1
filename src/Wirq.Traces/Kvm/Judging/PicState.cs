using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>An input of the 8259 pair.</summary>
internal sealed class PicInput(int irq)
{
    internal int Irq => irq;
    internal string Name => $"pic:{irq}";
    internal bool Line { get; set; }
    internal bool Level { get; set; }
    internal bool? Masked { get; set; }
    internal Mark? MaskSince { get; set; }
    internal bool WasUnmasked { get; set; }
    internal Mark? Requested { get; set; }
    internal int RequestedEpoch { get; set; }
    internal Mark? InService { get; private set; }
    internal int InServiceEpoch { get; private set; }
    internal long Raises { get; set; }
    internal long Acknowledged { get; set; }
    internal long Injected { get; set; }
    internal Mark First { get; set; }
    internal Mark Last { get; set; }

    internal void Serve(Mark at, int epoch) => (InService, InServiceEpoch) = (at, epoch);

    internal void End() => InService = null;
}

/// <summary>What a log tells of KVM's 8259 pair.</summary>
internal sealed class PicState
{
    private const int InputsOfChip = PicPair.SlaveFirst;

    private readonly int[] _icw = new int[2], _base = [-1, -1];
    private readonly bool[] _icw4 = new bool[2];

    internal PicInput[] Inputs { get; } = [.. Enumerable.Range(0, 2 * InputsOfChip).Select(irq => new PicInput(irq))];

    internal PicInput Cascade => Inputs[GsiMap.CascadeIrq];

    /// <summary>Masks and initialisation, from the guest's writes to ports.</summary>
    internal void Write(ulong port, ulong value, Mark at)
    {
        int chip = port is PicPair.MasterCommand or PicPair.MasterData ? 0 : 1;
        if (port is PicPair.MasterCommand or PicPair.SlaveCommand)
        {
            var word = (byte)value;
            if (!Icw1.Is(word))
                return;
            (_icw[chip], _icw4[chip]) = (2, new Icw1(word).NeedsIcw4);
            foreach (PicInput input in Of(chip))
            {
                input.End();
                if (!input.Level)
                    input.Requested = null;
                Mask(input, masked: false, at);
            }
            return;
        }
        switch (_icw[chip])
        {
            case 2:
                _base[chip] = (int)value & 0xF8;
                _icw[chip] = 3;
                break;
            case 3:
                _icw[chip] = _icw4[chip] ? 4 : 0;
                break;
            case 4:
                _icw[chip] = 0;
                break;
            default:
                foreach (PicInput input in Of(chip))
                    Mask(input, (value >> (input.Irq & 7) & 1) != 0, at);
                break;
        }
    }

    internal static void Mask(PicInput input, bool masked, Mark at)
    {
        if (input.Masked != masked)
            input.MaskSince = masked ? at : null;
        input.Masked = masked;
        input.WasUnmasked |= !masked;
    }

    /// <summary>A line of kvm_pic_set_irq; the level is that of the kvm_set_irq before it.</summary>
    internal void Drive(KvmRecord record, bool level, Mark at, int epoch)
    {
        if (!record.IsOfPic)
            return;
        PicInput input = Inputs[record.Irq];
        Mask(input, record.Masked, at);
        input.Level = record.LevelTrigger;
        bool rise = level && !input.Line;
        input.Line = level;
        if (rise)
        {
            input.First = input.Raises++ == 0 ? at : input.First;
            input.Last = at;
            // An edge that is not coalesced found no request: the one before was taken.
            if (input is { InService: null, Requested: { } before, Level: false } && !record.Masked && !record.Coalesced)
                input.Serve(before, input.RequestedEpoch);
            (input.Requested, input.RequestedEpoch) = (at, epoch);
        }
        else if (!level && input.Level)
            input.Requested = null;
    }

    internal void Acknowledge(int irq, Mark at, int epoch)
    {
        PicInput input = Inputs[irq];
        input.Acknowledged++;
        if (input.InService is not null)
            input.End();
        else
            input.Requested = null;
        if (input.Level)
            (input.Requested, input.RequestedEpoch) = (input.Line ? at : null, epoch);
    }

    /// <summary>KVM injected a vector that no local APIC had: it is the 8259's.</summary>
    /// <returns>Whether one of its inputs has it.</returns>
    internal bool Inject(int vector, Mark at, int epoch)
    {
        PicInput? input = Inputs.FirstOrDefault(one => one.Requested is not null && one.Masked != true && (vector & 7) == (one.Irq & 7)
            && _base[one.Irq / InputsOfChip] is var first && (first < 0 || (vector & 0xF8) == first));
        if (input is null)
            return false;
        input.Serve(at, epoch);
        input.Injected++;
        if (!input.Level)
            input.Requested = null;
        return true;
    }

    internal void Forget()
    {
        foreach (PicInput input in Inputs)
        {
            input.Requested = null;
            input.End();
        }
    }

    private IEnumerable<PicInput> Of(int chip) => Inputs.Skip(chip * InputsOfChip).Take(InputsOfChip);
}
