using Wirq.Events;
using Wirq.HostIrq;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Vfio;

namespace Wirq.Lab.Historic;

/// <summary>What designs of vfio-pci's INTx ask about a call.</summary>
internal static class IntxCalls
{
    // The library never emits work with an index.
    private const uint Late = 1;

    /// <summary>Whether a step sets the eventfd of INTx, or takes it away.</summary>
    internal static bool SetsTrigger(this VfioStep step) => step.Action == VfioAction.SetIrqs && step.Set.Index == (uint)VfioIrqIndex.Intx
        && (step.Set.Flags & (VfioIrqSetBits.ActionTrigger | VfioIrqSetBits.DataEventFd)) == (VfioIrqSetBits.ActionTrigger | VfioIrqSetBits.DataEventFd);

    /// <summary>Whether a step signals the eventfd of INTx by hand.</summary>
    internal static bool Signals(this VfioStep step) => step.Action == VfioAction.SetIrqs && step.Set is { Index: (uint)VfioIrqIndex.Intx, Count: 1 }
        && (step.Set.Flags & VfioIrqSetBits.ActionTrigger) != 0 && (step.Set.Flags & VfioIrqSetBits.DataEventFd) == 0;

    /// <summary>Does the rest of a call later: others may come in between.</summary>
    internal static void FinishLater(World world, int passed) =>
        world.Below!.Events.Emit(new Event(EventKind.VfioWork, (ushort)passed, Late));

    /// <summary>Whether it is the rest of a call.</summary>
    internal static bool IsRest(in Event next) => next is { Kind: EventKind.VfioWork, Index: Late };

    /// <summary>Whether a device's line is its own, because it cannot mask itself.</summary>
    internal static bool IsExclusive(this VfioHost vfio, int passed) => vfio.Options.Devices[passed] is { Bus: VfioBus.Pci, UsesIntxDisable: false };

    internal static int LineOf(this VfioHost vfio, int passed) => vfio.Options.Devices[passed].Line!.Value;

    internal static MachineSpec AsLinux(MachineSpec machine) => machine.Host is not { } host ? machine
        : machine with { Host = host with { Irqs = host.Irqs with { Profile = HostProfile.Linux } } };
}

/// <summary>The request enables an exclusive line, though the guest has it masked; it is disabled after that.</summary>
internal sealed class EnabledThoughMasked : Design
{
    private Marks _enables, _unfinished;

    public override string Name => "enabled-though-masked";

    public override string About => "CVE-2024-27437, vfio-pci: with DisINTx set, the request of an exclusive line opens it; what fires before the disable disables it too, and one enable is not enough";

    public override MachineSpec Alter(MachineSpec machine) => IntxCalls.AsLinux(machine);

    internal override void Join(World world) =>
        (_enables, _unfinished) = (new Marks(world, world.Spec.Devices.Count), new Marks(world, world.Spec.Devices.Count));

    internal override bool Instead(World world, VfioStep step)
    {
        // Only the interrupt races with it: another call waits for this one.
        while (_unfinished[step.Device] != 0)
            world.Below!.CarryNext();
        _enables[step.Device] = step.SetsTrigger() && !world.Below!.Vfio!.IsEnabled(world.Below.PassedOf(step.Device)) ? 1u : 0;
        return false;
    }

    internal override void After(World world, VfioStep done)
    {
        int passed = world.Below!.PassedOf(done.Device);
        VfioHost vfio = world.Below.Vfio!;
        bool enabled = _enables[done.Device] != 0;
        _enables[done.Device] = 0;
        if (!enabled || !vfio.IsMasked(passed) || !vfio.IsExclusive(passed))
            return;
        vfio.Irqs.Enable(vfio.LineOf(passed));
        _unfinished[done.Device] = 1;
        IntxCalls.FinishLater(world, passed);
    }

    internal override bool InterceptsHost(World world, in Event next)
    {
        if (!IntxCalls.IsRest(next))
            return false;
        VfioHost vfio = world.Below!.Vfio!;
        _unfinished[world.Below.DeviceOf(next.Unit)] = 0;
        vfio.Irqs.Disable(vfio.LineOf(next.Unit));
        return true;
    }
}

/// <summary>An access to configuration space looks whether INTx is enabled, and unmasks it without a lock.</summary>
internal sealed class UnmaskedThoughGone : Design
{
    public override string Name => "unmasked-though-gone";

    public override string About => "CVE-2024-26810, vfio-pci: who clears DisINTx has seen INTx enabled, and enables the line after the process has given it back";

    internal override bool Instead(World world, VfioStep step)
    {
        int passed = world.Below!.PassedOf(step.Device);
        VfioHost vfio = world.Below.Vfio!;
        if (step is not { Action: VfioAction.DisableIntx, On: false } || !vfio.IsExclusive(passed) || !vfio.IsEnabled(passed) || !vfio.IsMasked(passed))
            return false;
        IntxCalls.FinishLater(world, passed);
        return true;
    }

    internal override bool InterceptsHost(World world, in Event next)
    {
        if (!IntxCalls.IsRest(next))
            return false;
        VfioHost vfio = world.Below!.Vfio!;
        bool isGone = !vfio.IsEnabled(next.Unit);
        vfio.SetVirtualDisable(next.Unit, false);
        // The shutdown of a line set its depth to 1 then, whatever it had been.
        for (int line = vfio.LineOf(next.Unit); isGone && vfio.Irqs.DepthOf(line) > 0;)
            vfio.Irqs.Enable(line);
        return true;
    }
}

/// <summary>The handler of an exclusive line does not look whether the line was masked while it was on its way.</summary>
internal sealed class MaskedTwice : Design
{
    public override string Name => "masked-twice";

    public override string About => "vfio-pci to this day: its handler of an exclusive line disables it once more if it was masked meanwhile, and one unmask does not open it";

    public override MachineSpec Alter(MachineSpec machine) => IntxCalls.AsLinux(machine);
}

/// <summary>The handler is requested with an eventfd, and freed with it.</summary>
internal sealed class HandlerDiesWithEventFd : Design
{
    private const string NullPointer = "the kernel of the host signals an eventfd that is gone: it follows a null pointer";

    public override string Name => "handler-dies-with-eventfd";

    public override string About => "CVE-2024-26812, vfio-pci: without an eventfd there is no handler, and an unmask eventfd or a call that signals follows a null pointer";

    internal override bool Instead(World world, VfioStep step)
    {
        int passed = world.Below!.PassedOf(step.Device);
        VfioHost vfio = world.Below.Vfio!;
        if (!vfio.IsEnabled(passed))
            return false;
        if (step.Signals() && !vfio.HasTrigger(passed))
            world.Crash(NullPointer);
        if (step.SetsTrigger() && vfio.HasTrigger(passed))
            Free(world.Below, vfio, passed);
        return false;
    }

    private static void Free(HostKernel host, VfioHost vfio, int passed)
    {
        int line = vfio.LineOf(passed);
        // free_irq waits for the handler.
        while (vfio.Irqs.IsInProgress(line))
            host.CarryNext();
        for (int action = 0; action < vfio.Irqs.Options.Actions; action++)
        {
            if (vfio.Irqs.OwnerOf(line, action) == passed + 1)
                vfio.Irqs.Free(line, action);
        }
    }

    internal override void After(World world, VfioStep done)
    {
        int passed = world.Below!.PassedOf(done.Device);
        VfioHost vfio = world.Below.Vfio!;
        if (!done.SetsTrigger() || !vfio.HasTrigger(passed))
            return;
        int line = vfio.LineOf(passed);
        for (int other = 0; other < vfio.Irqs.Options.Actions; other++)
        {
            if (vfio.Irqs.OwnerOf(line, other) == passed + 1)
                return;
        }
        bool exclusive = vfio.IsExclusive(passed);
        vfio.Irqs.Request(line, new(exclusive ? HostRequestBits.None : HostRequestBits.Shared), out int action);
        vfio.Irqs.OwnerOf(line, action) = (ushort)(passed + 1);
        if (exclusive && vfio.IsMasked(passed))
            vfio.Irqs.Disable(line);
    }

    internal override bool InterceptsHost(World world, in Event next)
    {
        // The eventfd may be gone since the work was queued, or before the unmask.
        if (next.Kind == EventKind.VfioWork && !world.Below!.Vfio!.HasTrigger(next.Unit))
            world.Crash(NullPointer);
        return false;
    }
}
