namespace Wirq.Traces.Recordings;

/// <summary>The layout of a recording.</summary>
/// <remarks><code>
/// magic "WIRQREC" and one byte of version
/// length of the header, 7 bits a byte, and the header: JSON of the machine
/// events: fields byte, kind, then each field that the fields byte names, 7 bits a byte
/// names of sources: fields byte 0x20, slot and length, 7 bits a byte, and the name in UTF-8
/// end: fields byte 0, kind 0, number of events, 7 bits a byte; without it the run was cut off
/// </code>The fields byte: bit 0 time since the last event, 1 unit, 2 index, 3 A, 4 B; an absent field is
/// zero. The kind is the number of the <see cref="Wirq.Events.EventKind"/>, 7 bits a byte.
/// <para>A name is that of the source which has the slot from there on. Version 2 had no names. Both older versions are
/// still read; for version 1 see <see cref="FirstVersion"/>.</para></remarks>
internal static class RecordingFormat
{
    internal const byte Version = 3, FirstVersion = 1;
    internal const int MaxHeader = 1 << 20;

    internal const byte TimeField = 1, UnitField = 2, IndexField = 4, AField = 8, BField = 16, AllFields = 31, NameMark = 32;
    internal const int LongestName = 256;

    internal static ReadOnlySpan<byte> Magic => "WIRQREC"u8;

    /// <summary>Whether a file begins as a recording does.</summary>
    internal static bool Looks(Func<Stream> open)
    {
        using Stream stream = open();
        Span<byte> first = stackalloc byte[Magic.Length];
        int read = stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false);
        return first[..read].SequenceEqual(Magic);
    }
}
