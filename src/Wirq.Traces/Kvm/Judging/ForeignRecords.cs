using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>A thread of the kernel works for any VM: its records are taken where they fit one VM's entry or vectors, and no other's. What may
/// be of a VM, and is not certainly, is counted there.</summary>
internal sealed class ForeignRecords(VmTrail[] vms)
{
    private const int MostLost = 256;

    private readonly Dictionary<(uint Destination, int Vector), (Mark First, long Count)> _lost = [];
    private (Mark First, long Count) _more;

    /// <returns>The VM that certainly has it; null where that is not told.</returns>
    internal VmTrail? Take(KvmRecord record, Mark at, ThreadContext context, int epoch)
    {
        switch (record.Event)
        {
            case KvmEvent.SetIrq:
                CloseMessage(context);
                context.Drive(record, at);
                break;
            case KvmEvent.AcceptIrq:
                return Accept(record, at, context, epoch);
            case KvmEvent.IoApicSetIrq:
                VmTrail? taker = AtPin(record, at, context, epoch);
                // They were of this pin, whoever has it.
                (context.Accepts, context.Refusals) = (0, 0);
                return taker;
            case KvmEvent.PicSetIrq:
                if (vms is [var alone])
                {
                    alone.Take(record, at, context, epoch);
                    return alone;
                }
                if (!record.Masked)
                    CountPin(vms, at);
                break;
            case KvmEvent.MsiSetIrq:
                CloseMessage(context);
                context.Close();
                context.Message = VmTrail.Open(record, at);
                break;
        }
        return null;
    }

    /// <summary>Nothing more comes of a message that a thread of the kernel sent.</summary>
    internal void CloseMessage(ThreadContext context)
    {
        OpenMessage message = context.Message;
        context.Message = default;
        if (!message.CanBeLost || message.Accepts > 0)
            return;
        (uint, int) key = (message.Destination, message.Vector);
        if (_lost.TryGetValue(key, out (Mark First, long Count) known))
            _lost[key] = (known.First, known.Count + 1);
        else if (_lost.Count < MostLost)
            _lost[key] = (message.At, 1);
        else
            _more = (_more.Count == 0 ? message.At : _more.First, _more.Count + 1);
    }

    /// <summary>Tells each VM of the messages that nobody accepted.</summary>
    internal void Finish()
    {
        (Mark First, long Count)[] all = [.. _lost.Values.Append(_more).Where(one => one.Count > 0)];
        foreach (VmTrail vm in vms.Where(_ => all.Length > 0))
            (vm.ForeignSends, vm.FirstForeignSend) = (all.Sum(one => one.Count), all.MinBy(one => one.First.Event).First);
    }

    private VmTrail? Accept(KvmRecord record, Mark at, ThreadContext context, int epoch)
    {
        if (context.Message.Is && context.Message.Vector != record.Vector)
            CloseMessage(context);
        else if (context.Message.Is)
        {
            context.Message.Accepts++;
            // An interrupt tries first; what it cannot deliver, a kworker sends again.
            _lost.Remove((context.Message.Destination, context.Message.Vector));
        }
        VmTrail[] fitting = [.. vms.Where(vm => vm.HasVcpu(record.Vcpu) && vm.Vm.Knows(record.Vector))];
        if (fitting is [var only])
        {
            only.Accept(record, at, context, epoch, foreign: true);
            return only;
        }
        context.Accepts++;
        foreach (VmTrail vm in vms.Where(vm => vm.HasVcpu(record.Vcpu)))
            vm.FirstForeign = vm.ForeignAccepts++ == 0 ? at : vm.FirstForeign;
        return null;
    }

    private VmTrail? AtPin(KvmRecord record, Mark at, ThreadContext context, int epoch)
    {
        if (!VmTrail.IsPin(record.Pin))
            return null;
        VmTrail[] fitting = [.. vms.Where(vm => vm.Pins[record.Pin].Fits(record))];
        // An entry that no record tells may be this one too, unless its reset value is told by the VM's beginning.
        VmTrail[] unclear = [.. vms.Where(vm => vm.Pins[record.Pin].Low is null && !vm.FromStart)];
        if (fitting is [var only] && (unclear.Length == 0 || vms.Length == 1))
        {
            only.Take(record, at, context, epoch);
            return only;
        }
        if (record.Vector >= 0x10)
            CountPin(fitting.Length + unclear.Length > 0 ? fitting.Union(unclear) : vms, at);
        return null;
    }

    private static void CountPin(IEnumerable<VmTrail> candidates, Mark at)
    {
        foreach (VmTrail vm in candidates)
            vm.FirstForeignPin = vm.ForeignPins++ == 0 ? at : vm.FirstForeignPin;
    }
}
