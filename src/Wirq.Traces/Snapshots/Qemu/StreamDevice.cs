using System.Text;
using System.Text.Json;

namespace Wirq.Traces.Snapshots.Qemu;

/// <summary>One device of a stream: its name, and where its fields stand.</summary>
/// <param name="Name">The name of its section, such as <c>ioapic</c> or <c>0000:00:02.0/e1000e</c>.</param>
/// <param name="Instance">The number among those of its name.</param>
/// <param name="Length">Bytes of its fields and subsections.</param>
/// <param name="Description">Its description.</param>
internal sealed record StreamDevice(string Name, uint Instance, long Length, JsonElement Description)
{
    private static readonly string[] s_chips = ["ioapic", "i8259", "apic", "cpu", "cpu_common", "PCIBUS"];

    /// <summary>The byte at which its fields begin.</summary>
    internal long Offset { get; init; }

    internal byte[] NameBytes { get; } = Encoding.UTF8.GetBytes(Name);

    /// <summary>Whether the name is one that the judge cannot do without.</summary>
    internal static bool IsChip(string name) => s_chips.Contains(name);

    /// <summary>Whether it is a function of a PCI device: its name begins with the place on the bus.</summary>
    internal bool IsPci => Name is [var a, _, _, _, ':', ..] && char.IsAsciiHexDigit(a) && Name.Contains('/', StringComparison.Ordinal);

    /// <summary>The description of a device.</summary>
    /// <exception cref="ForeignSnapshotException">It lacks what every device has.</exception>
    internal static StreamDevice Of(JsonElement device, SnapshotWindow window, long offset)
    {
        const string expected = "a device with a name, an instance and fields";
        try
        {
            if (device.ValueKind != JsonValueKind.Object || device.GetProperty("name").GetString() is not { Length: > 0 and <= byte.MaxValue } name
                || !device.GetProperty("instance_id").TryGetInt64(out long instance))
            {
                throw new ForeignSnapshotException(window.File, offset, "a device without a name or an instance", expected);
            }
            // "Any instance" is -1 in some versions, and all ones in the stream.
            return new(name, unchecked((uint)instance), StreamFields.LengthOf(device), device);
        }
        catch (Exception bad) when (bad is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ForeignSnapshotException(window.File, offset, "a device that is described otherwise", expected);
        }
    }
}
