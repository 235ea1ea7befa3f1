namespace Wirq;

/// <summary>The registers of a local APIC by their offset in the page (Intel SDM vol. 3, table 11-1). In x2APIC mode
/// each is an MSR: <see cref="ApicMsr"/>.</summary>
public enum ApicRegister : uint
{
    /// <summary>Id.</summary>
    Id = 0x20,
    /// <summary>Version.</summary>
    Version = 0x30,
    /// <summary>Task priority.</summary>
    TaskPriority = 0x80,
    /// <summary>Arbitration priority: reads 0, as since the Pentium 4.</summary>
    ArbitrationPriority = 0x90,
    /// <summary>Processor priority.</summary>
    ProcessorPriority = 0xA0,
    /// <summary>End of interrupt.</summary>
    Eoi = 0xB0,
    /// <summary>Remote read: reads 0, as since the Pentium 4.</summary>
    RemoteRead = 0xC0,
    /// <summary>Logical destination.</summary>
    LogicalDestination = 0xD0,
    /// <summary>Destination format.</summary>
    DestinationFormat = 0xE0,
    /// <summary>Spurious-interrupt vector.</summary>
    SpuriousVector = 0xF0,
    /// <summary>First of eight in-service registers.</summary>
    InService = 0x100,
    /// <summary>First of eight trigger mode registers.</summary>
    TriggerMode = 0x180,
    /// <summary>First of eight interrupt request registers.</summary>
    Request = 0x200,
    /// <summary>Error status.</summary>
    ErrorStatus = 0x280,
    /// <summary>Corrected machine check entry of the LVT.</summary>
    Cmci = 0x2F0,
    /// <summary>Interrupt command, low half; all of it in x2APIC mode.</summary>
    CommandLow = 0x300,
    /// <summary>Interrupt command, high half.</summary>
    CommandHigh = 0x310,
    /// <summary>Timer entry of the LVT.</summary>
    Timer = 0x320,
    /// <summary>Thermal sensor entry of the LVT.</summary>
    Thermal = 0x330,
    /// <summary>Performance counter entry of the LVT.</summary>
    Performance = 0x340,
    /// <summary>LINT0 entry of the LVT.</summary>
    Lint0 = 0x350,
    /// <summary>LINT1 entry of the LVT.</summary>
    Lint1 = 0x360,
    /// <summary>Error entry of the LVT.</summary>
    Error = 0x370,
    /// <summary>Initial count of the timer.</summary>
    InitialCount = 0x380,
    /// <summary>Current count of the timer.</summary>
    CurrentCount = 0x390,
    /// <summary>Divide configuration of the timer.</summary>
    DivideConfiguration = 0x3E0,
    /// <summary>Self IPI, in x2APIC mode only.</summary>
    SelfIpi = 0x3F0,
}

/// <summary>What software may do with a register in a mode.</summary>
[Flags]
internal enum RegisterAccess : byte
{
    None = 0,
    Read = 1,
    Write = 2,
    ReadWrite = Read | Write,
}

/// <summary>The registers that exist, as data.</summary>
internal static class ApicRegisters
{
    private const uint Stride = LocalApics.RegisterStride, Slots = 64;

    private static readonly RegisterAccess[] s_xApic = Build(x2Apic: false);
    private static readonly RegisterAccess[] s_x2Apic = Build(x2Apic: true);

    /// <summary>What xAPIC mode allows at an offset that is a multiple of 16; None if it is reserved.</summary>
    public static RegisterAccess XApic(ApicRegister register) => In(s_xApic, register);
    /// <summary>What x2APIC mode allows; any other access raises #GP.</summary>
    public static RegisterAccess X2Apic(ApicRegister register) => In(s_x2Apic, register);

    /// <summary>Which of the eight registers of a 256-bit one this is.</summary>
    public static int Word(ApicRegister register) => (int)((uint)register / Stride & 7);

    /// <summary>Whether it is an entry of the LVT, and which.</summary>
    public static bool IsLocalVector(ApicRegister register, out LocalVector entry)
    {
        entry = register == ApicRegister.Cmci ? LocalVector.Cmci
            : (LocalVector)((register - ApicRegister.Timer) / Stride + (uint)LocalVector.Timer);
        return register is ApicRegister.Cmci or (>= ApicRegister.Timer and <= ApicRegister.Error);
    }

    private static RegisterAccess In(RegisterAccess[] table, ApicRegister register)
    {
        uint slot = (uint)register / Stride;
        return slot < Slots ? table[slot] : RegisterAccess.None;
    }

    private static RegisterAccess[] Build(bool x2Apic)
    {
        var table = new RegisterAccess[Slots];
        void Set(RegisterAccess access, params ReadOnlySpan<ApicRegister> registers)
        {
            foreach (ApicRegister register in registers)
                table[(uint)register / Stride] = access;
        }

        for (uint word = 0; word < 8; word++)
        {
            uint at = word * Stride;
            Set(RegisterAccess.Read, ApicRegister.InService + at, ApicRegister.TriggerMode + at,
                ApicRegister.Request + at);
        }
        Set(RegisterAccess.Read, ApicRegister.Version, ApicRegister.ProcessorPriority, ApicRegister.CurrentCount);
        Set(RegisterAccess.Write, ApicRegister.Eoi);
        Set(RegisterAccess.ReadWrite, ApicRegister.TaskPriority, ApicRegister.SpuriousVector, ApicRegister.ErrorStatus,
            ApicRegister.Cmci, ApicRegister.CommandLow, ApicRegister.Timer, ApicRegister.Thermal,
            ApicRegister.Performance, ApicRegister.Lint0, ApicRegister.Lint1, ApicRegister.Error,
            ApicRegister.InitialCount, ApicRegister.DivideConfiguration);
        if (x2Apic)
        {
            Set(RegisterAccess.Read, ApicRegister.Id, ApicRegister.LogicalDestination);
            Set(RegisterAccess.Write, ApicRegister.SelfIpi);
        }
        else
        {
            Set(RegisterAccess.ReadWrite, ApicRegister.Id, ApicRegister.LogicalDestination,
                ApicRegister.DestinationFormat, ApicRegister.CommandHigh);
            // Table 11-1, note: they do not exist since the Pentium 4, but their addresses are not illegal.
            Set(RegisterAccess.Read, ApicRegister.ArbitrationPriority, ApicRegister.RemoteRead);
        }
        return table;
    }
}

/// <summary>The version register.</summary>
/// <remarks><code>
///  31  25   24    23       16 15  8 7       0
/// +------+-------+-----------+-----+---------+
/// |  0   | SEOIB | last LVT  |  0  | version |
/// +------+-------+-----------+-----+---------+
/// </code>Intel SDM vol. 3, 11.4.8. Version 0x14, as QEMU and KVM have it.</remarks>
internal readonly record struct ApicVersion(uint Bits)
{
    private const uint Version = 0x14, SuppressBit = 1 << 24;
    private const int EntriesShift = 16;

    /// <summary>The register of a local APIC with these features.</summary>
    public static ApicVersion For(bool cmci, bool suppression) =>
        new(Version | (cmci ? 6u : 5u) << EntriesShift | (suppression ? SuppressBit : 0));
}
