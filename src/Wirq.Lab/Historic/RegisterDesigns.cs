using Wirq.Events;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Historic;

/// <summary>Special mask mode is stored and has no effect.</summary>
internal sealed class SpecialMaskIgnored : Design
{
    private const byte ResetSpecialMask = 0x48;

    public override string Name => "special-mask-ignored";

    public override string About => "KVM, crosvm: the 8259 stores special mask mode and does not act on it";

    internal override void After(World world, in Event done)
    {
        // OCW3 with ESMM and SMM set (8259A data sheet, operation command words).
        if (done.Kind == EventKind.PortWrite && PortAccess.Of(done) is { Port: PicPair.MasterCommand or PicPair.SlaveCommand } write
            && (write.Value & 0xF8) == 0x68)
        {
            world.Fabric.Pic!.Write(write.Port, ResetSpecialMask, world.Fabric.Events);
            world.Fabric.Pic.Update(world.Fabric.Events);
        }
    }
}

/// <summary>IOREGSEL keeps all 32 bits that a guest writes.</summary>
internal sealed class WideSelect : Design
{
    private const ulong SelectPage = 0xFFF;

    public override string Name => "wide-select";

    public override string About => "XSA-239: IOREGSEL keeps more than its 8 bits";

    internal override void After(World world, in Event done)
    {
        if (done.Kind == EventKind.MemoryMappedWrite && MemoryMappedAccess.Of(done) is { Value: > byte.MaxValue } write
            && (write.Address & SelectPage) == IoApic.SelectOffset)
        {
            foreach (IoApic chip in world.Fabric.IoApics)
            {
                if (chip.Options.Address == write.Address)
                    chip.Selected = (uint)write.Value;
            }
        }
    }
}
