using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>Finds what is owed at the end of one VM's records.</summary>
internal sealed partial class KvmOwed(VmTrail vm, KvmSurvey survey, int epoch)
{
    /// <summary>What came within this time of the end may have been about to be taken.</summary>
    private const long CutOff = 10_000_000;
    /// <summary>The same for a log without times, in records.</summary>
    private const long CutOffRecords = 100;
    /// <summary>Linux waits for its other CPUs so long, when it stops (smp.c, native_stop_other_cpus).</summary>
    private const long Stopping = 1_000_000_000;

    private readonly List<KvmOwedAnswer> _owed = [], _unknown = [], _masked = [];
    private readonly Stamps _stamps = survey.Stamps;

    private string At(Mark mark) => _stamps.At(mark);

    internal VmAnswer Find()
    {
        foreach (VcpuTrail vcpu in vm.Vcpus)
        {
            foreach (Accepted pending in vcpu.Pending.Values)
                AtVcpu(pending, vcpu);
            foreach (Accepted refused in vcpu.Refused.Values)
                Refused(refused, vcpu);
            foreach ((int vector, (Mark at, int known)) in vcpu.InService)
                InService(vector, at, known, vcpu);
            foreach ((int vector, Mark at, int known) in vcpu.AwaitedExits)
                MissingExit(vector, at, known, vcpu);
            Timer(vcpu);
        }
        if (vm.HasKernelChips)
        {
            foreach (PinState pin in vm.Pins)
                AtPin(pin);
            foreach (PicInput input in vm.Pic.Inputs)
                AtPic(input);
        }
        foreach (LostMessage message in vm.Lost.Concat(vm.Doubted))
            Nobody(message);
        if (survey.OneCpu is { } only)
            Doubt($"the log has records of CPU {only} alone: what became of it may stand in those of the others");
        else if (survey.Jumps.Count > 0)
            Doubt($"the times of the log go back at {At(survey.Jumps.First)}: what became of it may stand before it");
        else if (survey.GuessFailed && vm.Vm.Guessed)
            Doubt("which threads are of this VM is guessed, and one of the VMs ends what it does not raise");
        ILookup<int, KvmOwedAnswer> byCpu = _owed.ToLookup(one => one.Cpu);
        KvmSilent[] silent = [.. vm.Vcpus.Select(vcpu => Silence(vcpu, byCpu[vcpu.Index])).OfType<KvmSilent>()];
        return new(vm, InOrder(_owed), InOrder(_unknown), InOrder(_masked), silent, [.. Told()], [.. Notes()]);
    }

    /// <summary>What the last records lack may be in others.</summary>
    private void Doubt(string why)
    {
        _unknown.AddRange(_owed.Select(one => one with
        {
            Fate = Fate.NotKnown,
            Gate = KvmGate.NotKnown,
            Sentences = [.. one.Sentences, $"But {why}."],
        }));
        _owed.Clear();
    }

    private static KvmOwedAnswer[] InOrder(List<KvmOwedAnswer> answers) => [.. answers.OrderBy(one => one.At.Event)];

    /// <summary>A vCPU that the VMM stopped has its end there. Where no entry shows, it may have gone on.</summary>
    private Mark EndOf(VcpuTrail? vcpu) => survey.Counts[KvmEvent.Entry] > 0 && vcpu?.Stopped is { } stopped ? stopped : vm.End;

    /// <summary>Whether the end of the log, or of the VM, cuts off what would have come of it.</summary>
    private bool IsCut(Mark since, VcpuTrail? vcpu)
    {
        Mark end = EndOf(vcpu);
        if (!_stamps.HasTime)
            return end.Event - since.Event < CutOffRecords;
        if (end.Time - since.Time >= CutOff)
            return false;
        // A vCPU that is silent for longer was not about to take it; one that the VMM stopped could not.
        return vcpu?.LastSign is not { } sign || end.Time - sign.Time < CutOff || vcpu.Stopped is not null;
    }

    /// <param name="answer">What is owed.</param>
    /// <param name="known">How many gaps the log had when it became known.</param>
    /// <param name="vcpu">The vCPU that would take it.</param>
    /// <param name="mayBeCut">It needs a guest that goes on.</param>
    /// <param name="closed">Since when its gate is closed: a handler that runs masks its pin, and unmasks it later.</param>
    private void Add(KvmOwedAnswer answer, int known, VcpuTrail? vcpu, bool mayBeCut, Mark? closed = null)
    {
        if (known != epoch)
        {
            KvmGap gap = survey.Gaps.FirstOrDefault(one => one.At.Event >= answer.At.Event) ?? survey.LastGap!;
            _unknown.Add(answer with
            {
                Fate = Fate.NotKnown,
                Gate = KvmGate.RecordsLost,
                Since = gap.At,
                Sentences = [$"{First(answer)} What became of it is not known: {(gap.Loss == KvmLoss.WentBack ? "the times go back" : "records are missing")} at {At(gap.At)}."],
            });
        }
        else if (vcpu is not null && vm.TurnedOff is { } off && IsOfTheEnd(answer, vcpu, off))
            AtPowerOff(answer, vcpu, off);
        else if (mayBeCut && IsCut(closed is { } shut && shut.Event > answer.At.Event ? shut : answer.At, vcpu))
        {
            string end = _stamps.HasTime ? $"{Stamps.Span(Math.Max(0, vm.End.Time - (closed ?? answer.At).Time))} before the end of {vm.Vm.Name}'s records"
                : $"{vm.End.Event - answer.At.Event} records before the end";
            string stopped = vcpu?.Stopped is { } at && at.Event < answer.At.Event ? $", after the VMM had stopped vCPU {vcpu.Index} at {At(at)}" : "";
            _unknown.Add(answer with { Sentences = [$"{First(answer)} It came {end}{stopped}: it may have been about to be taken."] });
        }
        else
            _owed.Add(answer);
    }

    /// <summary>A guest turns its machine off with interrupts disabled: what came then waits for ever. But a guest that hangs may be turned off by
    /// another of its CPUs. So it must have come not long before, and its vCPU has taken nothing since.</summary>
    private bool IsOfTheEnd(KvmOwedAnswer answer, VcpuTrail vcpu, PowerOff off)
    {
        // A vCPU that ran on was not turned off.
        if (answer.At.Event > off.At.Event)
            return !(vcpu.LastEntry is { } entry && entry.Event > answer.At.Event);
        long before = off.At.Time - answer.At.Time;
        return _stamps.HasTime && answer.Fate switch
        {
            Fate.Pending => before < Stopping && !(vcpu.LastTaken is { } taken && taken.Event > answer.At.Event),
            // Its handler was about to run, or ran.
            Fate.InService => before < CutOff,
            _ => false,
        };
    }

    private void AtPowerOff(KvmOwedAnswer answer, VcpuTrail vcpu, PowerOff off)
    {
        if (answer.At.Event > off.At.Event)
        {
            if (survey.Counts[KvmEvent.Entry] == 0)
                NotTold(answer, $"{First(answer)} The guest may have turned the machine off before, at {At(off.At)} ({off.How}): whether it ran on is not told, for kvm_entry was not traced.");
            else
                Withdraw(answer, $"The guest had turned the machine off at {At(off.At)} ({off.How}): it is not owed.");
            return;
        }
        string end = $"The guest turned the machine off at {At(off.At)} ({off.How}), {Stamps.Span(Math.Max(0, off.At.Time - answer.At.Time))} later";
        if (vcpu.LastDisabled is { } disabled && disabled.Event > answer.At.Event && disabled.Event < off.At.Event)
        {
            Withdraw(answer, $"{end}, and had disabled this local APIC for that at {At(disabled)} (SPIV): it is not owed.");
        }
        else
        {
            string why = answer.Fate == Fate.InService ? "its handler was about to end it, or hung" : "a vCPU that is about to be turned off has interrupts disabled, or this one hung";
            _unknown.Add(answer with { Gate = KvmGate.NotKnown, Sentences = [$"{First(answer)} {end}: {why}."] });
        }
    }

    private void Withdraw(KvmOwedAnswer answer, string why) =>
        _masked.Add(answer with { Fate = Fate.Withdrawn, Sentences = [$"{First(answer)} {why}"] });

    private static string First(KvmOwedAnswer answer) => answer.Sentences[0];

    private static string Of(Accepted accepted) => accepted.Source is { } source ? $" of {source}" : "";

    private static string Hex(int vector) => $"0x{vector:x2}";

    private KvmSilent? Silence(VcpuTrail vcpu, IEnumerable<KvmOwedAnswer> answers)
    {
        KvmOwedAnswer[] owed = [.. answers];
        if (owed.Length == 0)
            return null;
        Mark first = owed.MinBy(one => one.At.Event)!.At;
        if (vcpu.LastSign is { } sign && (sign.Event > first.Event || _stamps.HasTime && vm.End.Time - sign.Time < CutOff))
            return null;
        string since = vcpu.LastSign is { } last ? $"since {At(last)}" : "in the whole log";
        string exit = vcpu.LastExit is { Exit: KvmExit.Halt } halt && !(vcpu.LastEntry?.Event > halt.At.Event)
            ? $" Its last exit is a HLT, at {At(halt.At)}." : vcpu.Entries > 0 && vcpu.LastEntry is { } entry ? $" It entered the guest last at {At(entry)}." : "";
        return new(vcpu.Index, vcpu.LastSign, [$"vCPU {vcpu.Index} is silent {since}: it has taken no interrupt and touched no register.{exit}"]);
    }

    private IEnumerable<ToldAnswer> Told()
    {
        foreach (VcpuTrail vcpu in vm.Vcpus)
        {
            foreach ((int vector, VectorCount count) in vcpu.Counts)
            {
                string[] parts = [.. Parts(count)];
                yield return new($"vector {Hex(vector)} at vCPU {vcpu.Index}", $"{string.Join(", ", parts)}; {At(count.First)} to {At(count.Last)}",
                    Math.Max(count.Accepts + count.Refusals, count.Ends), count.First, count.Last);
            }
        }
        foreach (PinState pin in vm.Pins.Where(pin => pin.Raises > 0 && pin.Programmed))
            yield return new(pin.Name, $"raised {Phrase.Times(pin.Raises)}, delivered {Phrase.Times(pin.Deliveries)}; {At(pin.FirstRaise)} to {At(pin.LastRaise)}", pin.Raises, pin.FirstRaise, pin.LastRaise);
        foreach (PicInput input in vm.Pic.Inputs.Where(input => input.Acknowledged > 0))
            yield return new(input.Name, $"raised {Phrase.Times(input.Raises)}{(input.Injected > 0 ? $", injected {Phrase.Times(input.Injected)}" : "")}, ended {Phrase.Times(input.Acknowledged)}", input.Raises, input.First, input.Last);
    }

    private IEnumerable<string> Parts(VectorCount count)
    {
        if (count.Accepts > 0)
            yield return $"accepted {Phrase.Times(count.Accepts)}";
        if (count.Refusals > 0)
            yield return $"refused {Phrase.Times(count.Refusals)}";
        if (count.Injections > 0)
            yield return $"injected {Phrase.Times(count.Injections)}";
        if (!vm.Vm.HasNoChips)
            yield return count.Ends > 0 ? $"ended {Phrase.Times(count.Ends)}" : "never ended";
    }

    private IEnumerable<string> Notes()
    {
        if (vm.TurnedOff is { } off)
            yield return $"The guest turned the machine off at {At(off.At)}: {off.How}, by vCPU {off.Cpu}.";
        foreach (VcpuTrail vcpu in vm.Vcpus.Where(one => one.Spurious > 0))
        {
            yield return $"vCPU {vcpu.Index} wrote {Phrase.Count(vcpu.Spurious, "EOI")} that found nothing in service, the last at {At(vcpu.LastSpurious!.Value)}.";
        }
        if (!survey.EndsAtInjection)
            yield break;
        foreach (VcpuTrail vcpu in vm.Vcpus.Where(one => one.Handlers.Count > 0))
        {
            (int vector, Mark at) = vcpu.Handlers[^1];
            yield return $"The handler of vector {Hex(vector)} at vCPU {vcpu.Index}, injected at {At(at)}, has not written its EOI; on this host that holds nothing back.";
        }
    }
}
