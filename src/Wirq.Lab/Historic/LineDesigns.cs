using Wirq.Events;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Historic;

/// <summary>The level of a line is the last written level of any source.</summary>
internal sealed class LastWriterWins : Design
{
    public override string Name => "last-writer-wins";

    public override string About => "QEMU #2731: one device's drop lowers a line that another still holds";

    internal override void After(World world, in Event done)
    {
        if (done.Kind is EventKind.SourceRaised or EventKind.SourceLowered)
            Drive(world, done.Gsi, done.Kind == EventKind.SourceRaised);
    }

    private static void Drive(World world, int gsi, bool high)
    {
        Fabric fabric = world.Fabric;
        GsiTarget target = fabric.Gsis[gsi];
        if (target.Irq >= 0)
            fabric.Pic!.SetPin(target.Irq, high, fabric.Events);
        if (target.IoApic >= 0)
            fabric.IoApics[target.IoApic].SetPin(target.Pin, high, fabric.Events);
    }
}

/// <summary>An acknowledge reaches only the first source that is registered for the line.</summary>
internal sealed class ResampleFirstMatch : Design
{
    private Marks _heard;

    public override string Name => "resample-first-match";

    public override string About => "QEMU, split irqchip: kvm_resample_fd_notify returns at the first source of the GSI";

    internal override void Join(World world) => _heard = new Marks(world, world.Fabric.Lines.Count);

    internal override bool Intercept(World world, in Event next) => next.Kind == EventKind.Ack && !_heard.Add(next.Gsi);

    internal override void AtRest(World world) => _heard.Clear();
}
