namespace Wirq.Board.Devices;

/// <summary>How a guest requested a reset.</summary>
internal enum ResetCause
{
    /// <summary>Bit 0 of port 0x92 rose: INIT of the CPU.</summary>
    Port92,
    /// <summary>The keyboard controller pulled its reset line: INIT of the CPU.</summary>
    KeyboardController,
    /// <summary>Port 0xCF9 without bit 1: INIT of the CPU.</summary>
    ResetControlCpu,
    /// <summary>Port 0xCF9 with bit 1: a reset of the whole machine.</summary>
    ResetControlSystem,
}
