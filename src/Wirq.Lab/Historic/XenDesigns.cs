using System.Runtime.InteropServices;
using Wirq.Lab.Worlds;
using Wirq.State;
using Wirq.Xen;

namespace Wirq.Lab.Historic;

/// <summary>The line of the callback follows the guest's flag, whoever set it.</summary>
internal sealed class AssertOnGuestFlag : Design
{
    public override string Name => "assert-on-guest-flag";

    public override string About => "a Xen callback that is the flag itself: a guest that sets its own flag raises the line";

    internal override void AtRest(World world) => Follow(world);

    internal override void GoesOn(World world, int cpu) => Follow(world);

    private static void Follow(World world)
    {
        if (world.Fabric.Xen is not { } xen || xen.Callback.Slots.Line is not (>= 0 and var slot))
            return;
        bool isSet = xen.Channels.IsUpcallPending(xen.Domain, vcpu: 0);
        if (world.Fabric.Lines.IsAsserting(slot) != isSet)
            world.Fabric.SetOwnSource(slot, isSet);
    }
}

/// <summary>A control block can be used before its heads are set.</summary>
internal sealed class ControlBlockBeforeHeads : Design
{
    private Block<UnfinishedControl> _unfinished;

    public override string Name => "control-block-before-heads";

    public override string About => "Xen before 2020: a control block is published before its heads are set, and an event that comes in between is lost";

    internal override void Join(World world) => _unfinished = world.Arena.Reserve<UnfinishedControl>(1);

    internal override XenError? Answers(World world, ushort domain, int vcpu, EventChannelOperation operation, Span<byte> argument)
    {
        if (operation != EventChannelOperation.InitControl)
            return null;
        XenError answer = world.Fabric.Xen!.Channels.Hypercall(domain, operation, argument);
        if (answer == XenError.None)
        {
            var its = MemoryMarshal.Read<InitControlArgument>(argument);
            _unfinished.Value = new UnfinishedControl { FrameAndOne = its.Frame + 1, Offset = its.Offset, Domain = domain, Cpu = (ushort)vcpu };
        }
        return answer;
    }

    internal override void GoesOn(World world, int cpu)
    {
        if (_unfinished.Value.FrameAndOne == 0 || _unfinished.Value.Cpu != cpu)
            return;
        UnfinishedControl its = _unfinished.Value;
        _unfinished.Value = default;
        world.Fabric.XenPages.Page(its.Domain, its.FrameAndOne - 1).Slice((int)its.Offset + ControlBlock.Heads, ControlBlock.Queues * sizeof(uint)).Clear();
    }
}

/// <summary>A control block whose heads are not set yet; frame 0 for none.</summary>
internal struct UnfinishedControl : IState
{
    public ulong FrameAndOne;
    public uint Offset;
    public ushort Domain;
    public ushort Cpu;
}

/// <summary>A page of event words is added after the ABI was looked at outside the lock.</summary>
internal sealed class ExpandAgainstReset : Design
{
    private Block<UnfinishedExpansion> _unfinished;

    public override string Name => "expand-against-reset";

    public override string About => "XSA-505: expand_array reads the FIFO state outside the event lock, and a reset in between is not seen";

    internal override void Join(World world) => _unfinished = world.Arena.Reserve<UnfinishedExpansion>(1);

    internal override XenError? Answers(World world, ushort domain, int vcpu, EventChannelOperation operation, Span<byte> argument)
    {
        XenDomain its = world.Fabric.Xen!.Channels.DomainOf(domain);
        if (operation != EventChannelOperation.ExpandArray || its.State.IsFifo == 0)
            return null;
        _unfinished.Value = new UnfinishedExpansion { FrameAndOne = MemoryMarshal.Read<ulong>(argument) + 1, Domain = domain, Cpu = (ushort)vcpu };
        return XenError.None;
    }

    internal override void GoesOn(World world, int cpu)
    {
        if (_unfinished.Value.FrameAndOne == 0 || _unfinished.Value.Cpu != cpu)
            return;
        XenDomain its = world.Fabric.Xen!.Channels.DomainOf(_unfinished.Value.Domain);
        its.AddPage(_unfinished.Value.FrameAndOne - 1);
        _unfinished.Value = default;
    }
}

/// <summary>A page of event words that is not added yet; frame 0 for none.</summary>
internal struct UnfinishedExpansion : IState
{
    public ulong FrameAndOne;
    public ushort Domain;
    public ushort Cpu;
    public uint Reserved;
}
