namespace Wirq.Board.Firmware;

/// <summary>The header that all tables of ACPI have, but RSDP and FACS.</summary>
/// <remarks><code>
/// +0 signature    +4 length    +8 revision    +9 checksum    +10 OEM    +16 table of the OEM    +24 its revision
/// +28 creator     +32 its revision
/// </code>ACPI 6.5, 5.2.6.</remarks>
internal static class AcpiTable
{
    internal const int HeaderBytes = 36;
    internal const string Oem = "WIRQ", OemTable = "BOARD";

    private const int ChecksumAt = 9;
    private const uint Revision = 1;

    /// <summary>A whole table.</summary>
    /// <param name="signature">Four characters.</param>
    /// <param name="revision">Of the table's format.</param>
    /// <param name="body">What follows the header.</param>
    internal static byte[] Of(string signature, int revision, params ReadOnlySpan<byte> body)
    {
        byte[] table = new TableWriter()
            .Text(signature, 4).Word((uint)(HeaderBytes + body.Length)).Byte(revision).Byte(0)
            .Text(Oem, 6).Text(OemTable, 8).Word(Revision).Text(Oem, 4).Word(Revision)
            .Bytes(body).ToArray();
        table[ChecksumAt] = TableWriter.Checksum(table);
        return table;
    }
}
