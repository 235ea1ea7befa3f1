using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <content>The interrupt controllers in the kernel, and their state.</content>
public sealed partial class KvmVm
{
    private const string ChipAdvice = "the irqchip is chosen once, before the first vCPU";

    /// <summary>The interrupt controllers that are in the kernel.</summary>
    public KvmIrqChip IrqChip { get; private set; }

    /// <summary>With a split irqchip: EOIs of level vectors are reported for GSIs below this number
    /// (KVM_EXIT_IOAPIC_EOI). Measured: a level route on a higher GSI causes no exit.</summary>
    public int ReservedGsis { get; private set; }

    /// <summary>The enabled parts of the x2APIC interface.</summary>
    public X2ApicApi X2ApicApi { get; private set; }

    /// <summary>The format of destinations in messages: <see cref="MsiFormat.KvmHighAddress"/> with
    /// <see cref="X2ApicApi.Use32BitIds"/>, else <see cref="MsiFormat.Compatibility"/>.</summary>
    public MsiFormat MsiFormat =>
        (X2ApicApi & X2ApicApi.Use32BitIds) != 0 ? MsiFormat.KvmHighAddress : MsiFormat.Compatibility;

    /// <summary>Creates the local APICs in the kernel; the other controllers are in userspace
    /// (KVM_CAP_SPLIT_IRQCHIP).</summary>
    /// <param name="reservedGsis">See <see cref="ReservedGsis"/>; one for each I/OAPIC pin.</param>
    /// <exception cref="KernelException">There is an irqchip or a vCPU already, or the number is too high.</exception>
    public void CreateSplitIrqChip(int reservedGsis = 24)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(reservedGsis);
        Enable(KvmCapability.SplitIrqChip, (ulong)reservedGsis, ChipAdvice);
        (IrqChip, ReservedGsis) = (KvmIrqChip.Split, reservedGsis);
    }

    /// <summary>Creates all interrupt controllers in the kernel (KVM_CREATE_IRQCHIP).</summary>
    /// <exception cref="KernelException">There is an irqchip or a vCPU already, or this kernel is built without
    /// them.</exception>
    public void CreateIrqChip()
    {
        KvmCalls.CreateIrqChip.Invoke(_descriptor, advice: ChipAdvice);
        IrqChip = KvmIrqChip.Full;
    }

    /// <summary>Enables parts of the x2APIC interface (KVM_CAP_X2APIC_API). Call it before routes are set: it changes
    /// how they are read.</summary>
    /// <param name="flags">All parts to enable; the last call counts.</param>
    /// <exception cref="KernelException">This kernel, or this irqchip, does not support one of them.</exception>
    public void EnableX2ApicApi(X2ApicApi flags)
    {
        Enable(KvmCapability.X2ApicApi, (ulong)flags,
            $"check the supported flags with CheckExtension after the irqchip is created ({flags} requested)");
        X2ApicApi = flags;
    }

    /// <summary>Reads the state of the in-kernel I/OAPIC (KVM_GET_IRQCHIP).</summary>
    /// <exception cref="KernelException">The kernel has none.</exception>
    public KvmIoApicState GetIoApic() => GetChip(IrqChipData.IoApicChip).IoApic;

    /// <summary>Sets the state of the in-kernel I/OAPIC (KVM_SET_IRQCHIP). Measured: an unmask of a pin whose line is
    /// high injects.</summary>
    /// <exception cref="KernelException">The kernel has none.</exception>
    public void SetIoApic(in KvmIoApicState state) =>
        SetChip(new IrqChipData { Chip = IrqChipData.IoApicChip, IoApic = state });

    /// <summary>Reads the state of an in-kernel 8259A (KVM_GET_IRQCHIP).</summary>
    /// <param name="slave">The slave, else the master.</param>
    /// <exception cref="KernelException">The kernel has none.</exception>
    public KvmPicState GetPic(bool slave = false) => GetChip(slave ? IrqChipData.Slave : IrqChipData.Master).Pic;

    /// <summary>Sets the state of an in-kernel 8259A (KVM_SET_IRQCHIP).</summary>
    /// <param name="state">The state.</param>
    /// <param name="slave">Of the slave, else of the master.</param>
    /// <exception cref="KernelException">The kernel has none.</exception>
    public void SetPic(in KvmPicState state, bool slave = false) =>
        SetChip(new IrqChipData { Chip = slave ? IrqChipData.Slave : IrqChipData.Master, Pic = state });

    private IrqChipData GetChip(uint chip)
    {
        var data = new IrqChipData { Chip = chip };
        KvmCalls.GetIrqChip.Invoke(_descriptor, ref data, advice: ChipStateAdvice);
        return data;
    }

    private void SetChip(IrqChipData data) => KvmCalls.SetIrqChip.Invoke(_descriptor, ref data, advice: ChipStateAdvice);

    private string? ChipStateAdvice =>
        IrqChip == KvmIrqChip.Full ? null : "only a machine with a full irqchip has this chip in the kernel";

    private void Enable(KvmCapability capability, ulong argument, string advice)
    {
        var enable = new EnableCapability { Capability = capability, Argument0 = argument };
        KvmCalls.EnableCapability.Invoke(_descriptor, ref enable, advice: $"{capability}: {advice}");
    }
}
