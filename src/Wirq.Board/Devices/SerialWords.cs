namespace Wirq.Board.Devices;

/// <summary>The interrupts of a 16550A that are enabled, or that are pending.</summary>
/// <remarks><code>3 modem status   2 receiver line status   1 transmitter empty   0 received data</code>PC16550D data
/// sheet, 8.6.</remarks>
internal readonly record struct SerialInterrupts(byte Bits)
{
    internal const byte Writable = 0x0F;

    internal bool Received => (Bits & 1) != 0;
    internal bool TransmitterEmpty => (Bits & 2) != 0;
    internal bool LineStatus => (Bits & 4) != 0;
    internal bool ModemStatus => (Bits & 8) != 0;
}

/// <summary>The FIFO control register.</summary>
/// <remarks><code>
/// 7:6 trigger level: 1, 4, 8, 14   3 DMA mode   2 clear transmitter   1 clear receiver   0 enable
/// </code>PC16550D data sheet, 8.4.</remarks>
internal readonly record struct SerialFifoControl(byte Bits)
{
    private const int TriggerShift = 6;

    internal bool Enabled => (Bits & 1) != 0;
    internal bool ClearsReceiver => (Bits & 2) != 0;

    internal int Trigger => Enabled
        ? (Bits >> TriggerShift) switch
        {
            0 => 1,
            1 => 4,
            2 => 8,
            _ => 14,
        }
        : 1;
}

/// <summary>The modem control register.</summary>
/// <remarks><code>4 loop   3 OUT2   2 OUT1   1 RTS   0 DTR</code>PC16550D data sheet, 8.7.</remarks>
internal readonly record struct SerialModemControl(byte Bits)
{
    internal const byte Writable = 0x1F;

    internal bool Loop => (Bits & 0x10) != 0;
    internal bool Out2 => (Bits & 8) != 0;

    /// <summary>The modem inputs in a loop: CTS is RTS, DSR is DTR, RI is OUT1, DCD is OUT2 (PC16550D data sheet, 8.7,
    /// bit 4).</summary>
    internal SerialModemStatus Looped => new((byte)(((Bits & 2) != 0 ? SerialModemStatus.ClearToSend : 0)
        | ((Bits & 1) != 0 ? SerialModemStatus.DataSetReady : 0) | ((Bits & 4) != 0 ? SerialModemStatus.Ring : 0)
        | (Out2 ? SerialModemStatus.Carrier : 0)));
}

/// <summary>The modem status register.</summary>
/// <remarks><code>
/// 7 DCD   6 RI   5 DSR   4 CTS   3:0 which of them changed since the last read; RI only when it fell
/// </code>PC16550D data sheet, 8.8.</remarks>
internal readonly record struct SerialModemStatus(byte Bits)
{
    internal const byte ClearToSend = 0x10, DataSetReady = 0x20, Ring = 0x40, Carrier = 0x80;

    private const byte Lines = 0xF0, Deltas = 0x0F;
    private const int DeltaShift = 4;

    internal bool Changed => (Bits & Deltas) != 0;

    /// <summary>The modem inputs: the other side is always connected and ready.</summary>
    internal static SerialModemStatus Connected => new(Carrier | DataSetReady | ClearToSend);

    internal SerialModemStatus WithoutDeltas => new((byte)(Bits & Lines));

    internal SerialModemStatus WithLines(SerialModemStatus lines)
    {
        int changed = (Bits ^ lines.Bits) & Lines;
        int told = changed & ~Ring | changed & Ring & Bits;
        return new((byte)(lines.Bits & Lines | Bits & Deltas | told >> DeltaShift));
    }
}
