using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

// What waits where the guest may not want to hear of it. A guest that works has its reasons; one that has done nothing for a while may wait
// for just this (docs/why.md, masks).
internal sealed partial class KvmOwed
{
    /// <summary>A guest that does nothing for so long is silent: nanoseconds, as in logs of QEMU.</summary>
    private const long Idle = 100_000_000;

    /// <summary>A VMM drives all ends of a device's line in one go.</summary>
    private const int SameRaise = 24;

    private enum Guest
    {
        Works,
        Idle,
        NotTold,
    }

    private Guest? _guest;

    private Guest Activity => _guest ??= Look();

    /// <summary>Whether no vCPU has taken an interrupt or touched a register for a while, up to where the log or the VMM ends it.</summary>
    private Guest Look()
    {
        // What a machine that is off does not hear is not owed.
        if (!_stamps.HasTime || !vm.Vcpus.Any() || vm.TurnedOff is not null
            || vm.Vcpus.Any(vcpu => vcpu.LastSign is { } sign && EndOf(vcpu).Time - sign.Time < Idle))
            return Guest.Works;
        // One that never ran waits for its start. Of one that runs and gives no sign, signs were not traced, or are on no thread of it.
        bool told = survey.Threadless == 0 && vm.Vcpus.All(vcpu => vcpu.LastSign is not null || survey.Counts[KvmEvent.Entry] > 0 && vcpu.Entries == 0)
            && vm.Vcpus.Any(vcpu => vcpu.LastSign is not null);
        return told ? Guest.Idle : Guest.NotTold;
    }

    private void Chosen(KvmOwedAnswer answer)
    {
        if (Activity == Guest.Idle)
            Add(answer, epoch, null, mayBeCut: true);
        else if (Activity == Guest.Works)
            _masked.Add(answer);
        else
            NotTold(answer, $"{answer.Sentences[0]} Whether the guest works, and wants that, is not told: nothing shows what its vCPUs do.");
    }

    /// <summary>A line is high, and the guest opened none of its ends: neither the pin nor the 8259's input.</summary>
    private void Unheard(PinState pin, Mark raised)
    {
        if (IsHeardElsewhere(pin, raised))
            return;
        string other = InputOf(pin) is { Masked: true } input ? $", and the 8259 masks {input.Name} {Since(input.MaskSince)}" : "";
        Chosen(new(pin.Name, Fate.Held, KvmGate.PinMasked, raised, pin.MaskSince, -1, -1,
            [$"{pin.Name} was raised at {At(raised)} and its line is still asserted; the guest has not opened its entry{other}: no end of this line is open."],
            [new("raised", raised)]));
    }

    private PicInput? InputOf(PinState pin) => pin.Pin is 2 ? vm.Pic.Inputs[0] : pin.Pin < vm.Pic.Inputs.Length ? vm.Pic.Inputs[pin.Pin] : null;

    /// <summary>Whether another end of the line is open, where what it holds is told; or it may have fallen in a gap.</summary>
    private bool IsHeardElsewhere(PinState pin, Mark raised) =>
        InputOf(pin) is { Masked: false } || pin.RaisedEpoch != epoch || IsEndOfAnother(pin, raised);

    /// <summary>A device's line may lead to several GSIs, such as a PCI interrupt to a pin of its own and to an ISA interrupt. The guest listens to
    /// one of them, which rose with the others.</summary>
    private bool IsEndOfAnother(PinState pin, Mark raised) =>
        vm.Pins.Any(other => other != pin && other is { Programmed: true, High: true, Raised: { } at } && IsNear(at, raised))
        || vm.Pic.Inputs.Any(input => input is { Masked: false, Line: true } && IsNear(input.Last, raised));

    private static bool IsNear(Mark one, Mark other) => Math.Abs(one.Event - other.Event) <= SameRaise;

    /// <summary>An edge was delivered and its line never fell: the next event of its device makes no edge.</summary>
    private void EdgeHeld(PinState pin, Mark raised)
    {
        if (Activity != Guest.Idle || pin.Deliveries == 0 || pin.RaisedEpoch != epoch || IsCut(raised, null))
            return;
        NotTold(new(pin.Name, Fate.NotKnown, KvmGate.NotKnown, raised, null, -1, pin.Vector, [], [new("raised", raised)]),
            $"{pin.Name} (vector {Hex(pin.Vector)}) is edge-triggered. Its line rose at {At(raised)} and is still asserted: until it falls, no further edge can come. "
                + "Whether its device waits is not told.");
    }

    /// <summary>The 8259 has a request that its mask lets through, and the first vCPU's LINT0 does not.</summary>
    private void Lint0(PicInput input, Mark requested)
    {
        if (input.RequestedEpoch != epoch || Boot!.Known((int)ApicRegister.Lint0, epoch) is not { } lint0)
            return;
        Chosen(new(input.Name, Fate.Held, KvmGate.Lint0Closed, requested, lint0.At, 0, -1,
            [$"{input.Name} was raised at {At(requested)}, and is not ended since. LINT0 of vCPU 0, through which the 8259 reaches it, is masked since {At(lint0.At)} (LVT0 = 0x{lint0.Value:x})."],
            [new("raised", requested), new("masked", lint0.At)]));
    }

    /// <summary>A timer counts, and its entry lets nothing through.</summary>
    private void Timer(VcpuTrail vcpu)
    {
        if (vcpu.Known((int)ApicRegister.Timer, epoch) is not { } written || new LocalVectorEntry((uint)written.Value) is not { Masked: true } entry
            || vcpu.Known((int)ApicRegister.InitialCount, epoch) is not { Value: > 0 } count)
            return;
        // Once it has expired, a timer that counts once is at rest.
        bool periodic = entry.TimerMode == ApicTimerMode.Periodic;
        // A change to the mode of deadlines stops the count (Intel SDM 3A, 11.5.4.1); with another vector it is not known whether it came.
        if (!periodic && (entry.TimerMode != ApicTimerMode.OneShot || entry.Vector < 0x10))
            return;
        if (!periodic && vcpu.Counts.GetValueOrDefault(entry.Vector) is { Accepts: > 0 } came && came.LastAccept.Event > count.At.Event)
            return;
        Mark since = written.At, at = count.At;
        Chosen(new($"the timer of vCPU {vcpu.Index}", Fate.Lost, KvmGate.LvtMasked, at, since, vcpu.Index, entry.Vector,
            [$"The timer of vCPU {vcpu.Index} counts since {At(at)} (TMICT = 0x{count.Value:x}), and its entry is masked since {At(since)} (LVTT = 0x{written.Value:x}): what comes of it is lost."],
            [new("counts", at), new("masked", since)]));
    }
}
