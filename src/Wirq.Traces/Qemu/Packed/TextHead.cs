using System.Text;
using Wirq.Traces.Snapshots;

namespace Wirq.Traces.Qemu.Packed;

/// <summary>The beginning of a text, whatever it is compressed and coded in.</summary>
internal static class TextHead
{
    /// <summary>Reads it, as UTF-8 where the file is UTF-16, else as it stands there.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="most">Bytes that are looked at.</param>
    internal static byte[] Read(Stream stream, int most)
    {
        byte[] head = SnapshotWindow.ReadHead(stream, most);
        return Utf16Text.Looks(head, out bool bigEndian) ? Encoding.UTF8.GetBytes((bigEndian ? Encoding.BigEndianUnicode : Encoding.Unicode).GetString(head.AsSpan(2))) : head;
    }
}
