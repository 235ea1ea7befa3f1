
namespace Wirq.Cli.Tests.Snapshots.Qemu;

/// <summary>Guests that stop in a state in which one is found that hangs.</summary>
internal static class Guests
{
    internal const byte Serial = 0x44, Other = 0x61;

    private const int SerialPin = 4;
    private const uint Level = 1 << 15, Masked = 1 << 16;

    /// <summary>The handler of a level pin gives no EOI: Remote IRR, its vector in service.</summary>
    internal static byte[] NoEoi() => BiosGuest.Bytes(guest =>
    {
        guest.StartPics(0xFF, 0xFF);
        guest.Entry(SerialPin, Serial | Level);
        guest.RaiseSerial();
        guest.Asm.sti();
        guest.Asm.hlt();
        guest.Handler(Serial);
        guest.Rest(interrupts: true);
    });

    /// <summary>The handler gives the entry another vector before its EOI, which so does not reach the pin.</summary>
    internal static byte[] LostEoi() => BiosGuest.Bytes(guest =>
    {
        guest.StartPics(0xFF, 0xFF);
        guest.Entry(SerialPin, Serial | Level);
        guest.RaiseSerial();
        guest.Asm.sti();
        guest.Asm.hlt();
        guest.Handler(Serial);
        guest.Entry(SerialPin, Other | Level);
        guest.Store(BiosGuest.LocalApic + 0xB0, 0);
        guest.Rest(interrupts: true);
    });

    /// <summary>The CPU halts with interrupts off, and the vector waits for it.</summary>
    internal static byte[] Deaf() => BiosGuest.Bytes(guest =>
    {
        guest.StartPics(0xFF, 0xFF);
        guest.Entry(SerialPin, Serial | Level);
        guest.RaiseSerial();
        guest.Rest(interrupts: false);
    });

    /// <summary>The pin is masked while its line is up.</summary>
    internal static byte[] MaskedPin() => BiosGuest.Bytes(guest =>
    {
        guest.StartPics(0xFF, 0xFF);
        guest.Entry(SerialPin, Serial | Level | Masked);
        guest.RaiseSerial();
        guest.Rest(interrupts: true);
    });

    /// <summary>Nothing is asked, sent or served.</summary>
    internal static byte[] Idle() => BiosGuest.Bytes(guest =>
    {
        guest.StartPics(0xFF, 0xFF);
        guest.Entry(SerialPin, Serial | Level);
        guest.Rest(interrupts: true);
    });

    /// <summary>The handler of IRQ 4 at the 8259 gives no EOI. The clock's IRQ 0 is masked, so nothing else comes.</summary>
    internal static byte[] PicWithoutEoi() => BiosGuest.Bytes(guest =>
    {
        const byte onlySerial = 0xEF;
        guest.StartPics(onlySerial, 0xFF);
        guest.Store(BiosGuest.LocalApic + 0x350, BiosGuest.ExtInt);
        guest.RaiseSerial();
        guest.Asm.sti();
        guest.Asm.hlt();
        guest.Handler(0x20 + SerialPin);
        guest.Rest(interrupts: true);
    });

    /// <summary>The pin is for CPU 1, whose handler gives no EOI; CPU 0 rests.</summary>
    internal static byte[] OnTheOtherCpu() => BiosGuest.Bytes(guest =>
    {
        guest.StartPics(0xFF, 0xFF);
        guest.Entry(SerialPin, Serial | Level, destination: 1);
        guest.StartOtherCpus();
        guest.Rest(interrupts: true);
        guest.OtherCpus();
        guest.RaiseSerial();
        guest.Asm.sti();
        guest.Asm.hlt();
        guest.Handler(Serial);
        guest.Rest(interrupts: true);
    });
}
