namespace Wirq.Traces.Recordings;

/// <summary>The layout of a recording.</summary>
/// <remarks><code>
/// magic "WIRQREC" and one byte of version
/// length of the header, 7 bits a byte, and the header: JSON of the machine
/// events: fields byte, kind, then each field that the fields byte names, 7 bits a byte
/// end: fields byte 0, kind 0, number of events, 7 bits a byte; without it the run was cut off
/// </code>The fields byte: bit 0 time since the last event, 1 unit, 2 index, 3 A, 4 B; an absent field is
/// zero. The kind is the number of the <see cref="Wirq.Events.EventKind"/>, 7 bits a byte.
/// <para>Version 1 is still read: see <see cref="FirstVersion"/>.</para></remarks>
internal static class RecordingFormat
{
    internal const byte Version = 2, FirstVersion = 1;
    internal const int MaxHeader = 1 << 20;

    internal const byte TimeField = 1, UnitField = 2, IndexField = 4, AField = 8, BField = 16, AllFields = 31;

    internal static ReadOnlySpan<byte> Magic => "WIRQREC"u8;
}
