using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Historic;

/// <summary>The CPUs are saved before the kernel has let go of the eventfds.</summary>
internal sealed class SaveThenUnbind : Design
{
    public override string Name => "save-then-unbind";

    public override string About => "cloud-hypervisor #7963, #8004: what fires between the save of the CPUs and the unbind of its irqfd is lost";

    internal override bool SavesBeforeUnbind => true;
}

/// <summary>The level of a line is not saved.</summary>
internal sealed class LineLevelNotSaved : Design
{
    public override string Name => "line-level-not-saved";

    public override string About => "OpenVMM #3018: after a restore a line that was held is low, and is not delivered again";

    internal override Omissions Omits => Omissions.Levels;
}

/// <summary>Restoring the level of a line drives its pins.</summary>
internal sealed class EdgeOnRestore : Design
{
    public override string Name => "edge-on-restore";

    public override string About => "a restore drives each held line again, and the edge is latched as a new interrupt";

    internal override void Restored(World world)
    {
        for (int gsi = 0; gsi < world.Fabric.Lines.Count; gsi++)
        {
            if (!world.Fabric.Lines.IsAsserted(gsi) || world.Fabric.KernelOwns(gsi))
                continue;
            world.Fabric.DrivePins(gsi, asserted: false);
            world.Fabric.DrivePins(gsi, asserted: true);
        }
    }
}
