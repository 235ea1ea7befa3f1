using Wirq.Tests.Shared.Images;

namespace Wirq.Cli.Tests.Boot;

/// <summary>A guest that never ends: its CPUs halt, wake by their timers, and say so.</summary>
internal static class BusyGuest
{
    internal static TemporaryImage Write() => GuestImage.Write(guest =>
    {
        guest.EnableLocalApic();
        guest.Store(GuestImage.LocalApic + 0x3E0, 0xB);
        guest.Store(GuestImage.LocalApic + 0x320, 0x20041);
        guest.Store(GuestImage.LocalApic + 0x380, 100_000);
        Iced.Intel.Label again = guest.Asm.CreateLabel();
        guest.Asm.Label(ref again);
        guest.Asm.sti();
        guest.Asm.hlt();
        guest.Asm.cli();
        guest.Say(".\n");
        guest.Asm.jmp(again);
        guest.CountingHandler(0x41);
    });
}
