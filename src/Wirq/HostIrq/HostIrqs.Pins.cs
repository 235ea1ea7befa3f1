namespace Wirq.HostIrq;

/// <content>The pins of the chips.</content>
public sealed partial class HostIrqs
{
    /// <summary>The wire of a line changes.</summary>
    /// <returns>False if there is no such line.</returns>
    public bool SetLevel(int line, bool high)
    {
        if (!Has(line))
            return false;
        ref HostLineState its = ref _lines[line];
        bool rises = high && its.PinHigh == 0;
        its.PinHigh = high ? (byte)1 : (byte)0;
        if (rises && !Options.Lines[line].IsLevel && (its.PinMasked == 0 || Chip(line).LatchesWhileMasked))
            its.PinLatched = 1;
        return true;
    }

    /// <summary>Whether the pin would interrupt now: it is not masked, nothing is in service, and its level is up or an edge is
    /// latched.</summary>
    public bool Wants(int line) => Has(line) && Wants(line, _lines[line]);

    /// <summary>The lowest line whose pin would interrupt now; -1 for none.</summary>
    public int NextWanting()
    {
        for (int line = 0; line < _lines.Count; line++)
        {
            if (Wants(line, _lines[line]))
                return line;
        }
        return -1;
    }

    /// <summary>The pin interrupts the CPU to which it goes, if it would.</summary>
    /// <returns>Whether it did.</returns>
    public bool Deliver(int line)
    {
        if (!Wants(line))
            return false;
        ref HostLineState its = ref _lines[line];
        (its.PinInService, its.PinLatched) = (1, 0);
        return Interrupt(line, its.Cpu);
    }

    private bool Wants(int line, in HostLineState its) => its is { PinMasked: 0, PinInService: 0 }
        && (its.PinLatched != 0 || Options.Lines[line].IsLevel && its.PinHigh != 0);

    private void DoAtPin(int line, ref HostLineState its, ChipCall call)
    {
        bool needsEnabled = Chip(line).EoiNeedsEnabled;
        switch (call)
        {
            case ChipCall.Eoi when needsEnabled && its.Disabled != 0:
                break;
            case ChipCall.Unmask or ChipCall.Enable when needsEnabled && its.InProgress == 0:
                (its.PinMasked, its.PinInService) = (0, 0);
                break;
            case ChipCall.Mask or ChipCall.Disable:
                its.PinMasked = 1;
                break;
            case ChipCall.Unmask or ChipCall.Enable:
                its.PinMasked = 0;
                break;
            case ChipCall.Ack or ChipCall.Eoi:
                its.PinInService = 0;
                break;
            case ChipCall.MaskAck:
                (its.PinMasked, its.PinInService) = (1, 0);
                break;
            case ChipCall.Retrigger:
                its.PinLatched = 1;
                break;
        }
    }
}
