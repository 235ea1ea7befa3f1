using Wirq.Board.Devices;

namespace Wirq.Board.Firmware;

/// <summary>The table of ACPI's fixed hardware.</summary>
/// <remarks>ACPI 6.5, 5.2.9; the fields in their order. The machine has 8259s, a PIT and an RTC, so it is not "hardware
/// reduced". There is no SMI: ACPI is on from the start (5.2.9, SMI_CMD 0).</remarks>
internal static class Fadt
{
    private const int Revision = 5, PreferDesktop = 1;
    // More than 100 us for C2, and than 1000 us for C3: neither exists.
    private const int NoC2 = 101, NoC3 = 1001;
    private const byte Century = 0x32;
    // IAPC_BOOT_ARCH: 0 devices of ISA. Bit 1, a keyboard controller, is not set although there is one: nobody types, so no kernel need look for
    // it. 2 no VGA.
    private const ushort BootArchitecture = 1 << 0 | 1 << 2;
    // 0 WBINVD, 2 C1 on all CPUs, 4 and 5 no fixed buttons, 6 no wake by RTC in fixed registers, 8 PM timer of 32 bits, 10 reset
    // register.
    private const uint Flags = 1 << 0 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 8 | 1 << 10;
    private const byte SystemIo = 1, ByteAccess = 1, HalfAccess = 2, WordAccess = 3;

    internal static byte[] Of(uint facs, uint dsdt, int sciGsi)
    {
        var table = new TableWriter();
        table.Word(facs).Word(dsdt).Byte(0).Byte(PreferDesktop).Half(sciGsi)
            .Word(0).Zeros(4)
            .Word(PowerManagement.EventPort).Word(0).Word(PowerManagement.ControlPort).Word(0).Word(0).Word(PowerManagement.TimerPort)
            .Word(0).Word(0)
            .Byte(PowerManagement.EventBytes).Byte(PowerManagement.ControlBytes).Byte(0).Byte(PowerManagement.TimerBytes)
            .Zeros(4)
            .Half(NoC2).Half(NoC3).Half(0).Half(0).Byte(0).Byte(0)
            .Byte(0).Byte(0).Byte(Century)
            .Half(BootArchitecture).Byte(0).Word(Flags);
        Register(table, ResetControl.ResetPort, 1, ByteAccess);
        table.Byte(ResetControl.ResetMachine).Half(0).Byte(0)
            .Long(0).Long(dsdt);
        Register(table, PowerManagement.EventPort, PowerManagement.EventBytes, HalfAccess);
        Register(table, 0, 0, 0);
        Register(table, PowerManagement.ControlPort, PowerManagement.ControlBytes, HalfAccess);
        Register(table, 0, 0, 0);
        Register(table, 0, 0, 0);
        Register(table, PowerManagement.TimerPort, PowerManagement.TimerBytes, WordAccess);
        // GPE0 and GPE1; sleep control and status, which only hardware-reduced machines have.
        for (int i = 0; i < 4; i++)
            Register(table, 0, 0, 0);
        return AcpiTable.Of("FACP", Revision, table.ToArray());
    }

    /// <summary>A generic address structure (ACPI 6.5, 5.2.3.2).</summary>
    private static void Register(TableWriter table, ushort port, int bytes, byte access) =>
        table.Byte(bytes == 0 ? 0 : SystemIo).Byte(bytes * 8).Byte(0).Byte(access).Long(port);
}
