namespace Wirq.Linux.Interop;

/// <summary>The calls of KVM that are used here (Linux include/uapi/linux/kvm.h; documented in
/// Documentation/virt/kvm/api.rst).</summary>
internal static class KvmCalls
{
    private const byte Kvm = 0xAE;

    // Of the system.
    internal static readonly KvmCall GetApiVersion = new("KVM_GET_API_VERSION", Ioctl.Plain(Kvm, 0x00));
    internal static readonly KvmCall CreateVm = new("KVM_CREATE_VM", Ioctl.Plain(Kvm, 0x01));
    internal static readonly KvmCall CheckExtension = new("KVM_CHECK_EXTENSION", Ioctl.Plain(Kvm, 0x03));
    internal static readonly KvmCall GetVcpuMmapSize = new("KVM_GET_VCPU_MMAP_SIZE", Ioctl.Plain(Kvm, 0x04));
    internal static readonly KvmCall GetSupportedCpuid =
        new("KVM_GET_SUPPORTED_CPUID", Ioctl.ReadWrite<CpuidHeader>(Kvm, 0x05));

    // Of a machine.
    internal static readonly KvmCall CreateVcpu = new("KVM_CREATE_VCPU", Ioctl.Plain(Kvm, 0x41));
    internal static readonly KvmCall SetUserMemoryRegion =
        new("KVM_SET_USER_MEMORY_REGION", Ioctl.Write<MemoryRegion>(Kvm, 0x46));
    internal static readonly KvmCall SetTssAddress = new("KVM_SET_TSS_ADDR", Ioctl.Plain(Kvm, 0x47));
    internal static readonly KvmCall CreateIrqChip = new("KVM_CREATE_IRQCHIP", Ioctl.Plain(Kvm, 0x60));
    internal static readonly KvmCall IrqLine = new("KVM_IRQ_LINE", Ioctl.Write<IrqLevel>(Kvm, 0x61));
    internal static readonly KvmCall GetIrqChip = new("KVM_GET_IRQCHIP", Ioctl.ReadWrite<IrqChipData>(Kvm, 0x62));
    // The header declares this one as a read, although the kernel reads the argument.
    internal static readonly KvmCall SetIrqChip = new("KVM_SET_IRQCHIP", Ioctl.Read<IrqChipData>(Kvm, 0x63));
    internal static readonly KvmCall IrqLineStatus = new("KVM_IRQ_LINE_STATUS", Ioctl.ReadWrite<IrqLevel>(Kvm, 0x67));
    internal static readonly KvmCall SetGsiRouting = new("KVM_SET_GSI_ROUTING", Ioctl.Write<RoutingHeader>(Kvm, 0x6A));
    internal static readonly KvmCall AssignIrqfd = new("KVM_IRQFD", Ioctl.Write<Irqfd>(Kvm, 0x76));
    internal static readonly KvmCall EnableCapability = new("KVM_ENABLE_CAP", Ioctl.Write<EnableCapability>(Kvm, 0xA3));
    internal static readonly KvmCall SetMsrFilter = new("KVM_X86_SET_MSR_FILTER", Ioctl.Write<MsrFilter>(Kvm, 0xC6));
    internal static readonly KvmCall SignalMsi = new("KVM_SIGNAL_MSI", Ioctl.Write<MsiRequest>(Kvm, 0xA5));

    // Of a vCPU.
    internal static readonly KvmCall Run = new("KVM_RUN", Ioctl.Plain(Kvm, 0x80));
    internal static readonly KvmCall GetRegisters = new("KVM_GET_REGS", Ioctl.Read<KvmRegisters>(Kvm, 0x81));
    internal static readonly KvmCall SetRegisters = new("KVM_SET_REGS", Ioctl.Write<KvmRegisters>(Kvm, 0x82));
    internal static readonly KvmCall GetSystemRegisters = new("KVM_GET_SREGS", Ioctl.Read<KvmSystemRegisters>(Kvm, 0x83));
    internal static readonly KvmCall SetSystemRegisters =
        new("KVM_SET_SREGS", Ioctl.Write<KvmSystemRegisters>(Kvm, 0x84));
    internal static readonly KvmCall Interrupt = new("KVM_INTERRUPT", Ioctl.Write<InterruptRequest>(Kvm, 0x86));
    internal static readonly KvmCall GetMsrs = new("KVM_GET_MSRS", Ioctl.ReadWrite<MsrsHeader>(Kvm, 0x88));
    internal static readonly KvmCall SetMsrs = new("KVM_SET_MSRS", Ioctl.Write<MsrsHeader>(Kvm, 0x89));
    internal static readonly KvmCall GetLapic = new("KVM_GET_LAPIC", Ioctl.Read<LapicState>(Kvm, 0x8E));
    internal static readonly KvmCall SetLapic = new("KVM_SET_LAPIC", Ioctl.Write<LapicState>(Kvm, 0x8F));
    internal static readonly KvmCall SetCpuid = new("KVM_SET_CPUID2", Ioctl.Write<CpuidHeader>(Kvm, 0x90));
    internal static readonly KvmCall GetCpuid = new("KVM_GET_CPUID2", Ioctl.ReadWrite<CpuidHeader>(Kvm, 0x91));
    internal static readonly KvmCall GetMpState = new("KVM_GET_MP_STATE", Ioctl.Read<MpStateWord>(Kvm, 0x98));
    internal static readonly KvmCall SetMpState = new("KVM_SET_MP_STATE", Ioctl.Write<MpStateWord>(Kvm, 0x99));
    internal static readonly KvmCall Nmi = new("KVM_NMI", Ioctl.Plain(Kvm, 0x9A));
    internal static readonly KvmCall SetGuestDebug = new("KVM_SET_GUEST_DEBUG", Ioctl.Write<GuestDebugRequest>(Kvm, 0x9B));
    internal static readonly KvmCall GetTscFrequency = new("KVM_GET_TSC_KHZ", Ioctl.Plain(Kvm, 0xA3));
    internal static readonly KvmCall GetVcpuEvents = new("KVM_GET_VCPU_EVENTS", Ioctl.Read<KvmVcpuEvents>(Kvm, 0x9F));
    internal static readonly KvmCall SetVcpuEvents = new("KVM_SET_VCPU_EVENTS", Ioctl.Write<KvmVcpuEvents>(Kvm, 0xA0));
}
