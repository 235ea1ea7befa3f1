using System.Globalization;
using System.Text.Json;
using Wirq.State;

namespace Wirq.Snapshots;

/// <summary>Shows a machine in the fields of a snapshot, as JSON: an object for each section, words as hexadecimal
/// strings, times as distances from virtual time in ns.</summary>
internal sealed class FieldJson(Utf8JsonWriter to) : SnapshotFields
{
    private long _moved;

    /// <inheritdoc/>
    protected override long Position => _moved;

    /// <inheritdoc/>
    internal override void Section(SectionId id, string name, Action fields) => Group(name, fields);

    /// <inheritdoc/>
    internal override bool Optional(SectionId id, bool wanted) => wanted;

    /// <inheritdoc/>
    protected override ulong Move(string name, ulong value, int bytes, FieldForm form, Type? choices)
    {
        _moved += bytes;
        switch (form)
        {
            case FieldForm.Flag:
                to.WriteBoolean(name, value != 0);
                break;
            case FieldForm.Choice:
                to.WriteString(name, Enum.ToObject(choices!, value).ToString());
                break;
            case FieldForm.Number:
                to.WriteNumber(name, bytes == sizeof(int) ? (int)value : (long)value);
                break;
            default:
                to.WriteString(name, "0x" + value.ToString("x", CultureInfo.InvariantCulture));
                break;
        }
        return value;
    }

    /// <inheritdoc/>
    protected override string MoveText(string name, string value)
    {
        to.WriteString(name, value);
        return value;
    }

    /// <inheritdoc/>
    protected override byte[] MoveBytes(string name, byte[] value, int most)
    {
        to.WriteString(name, Convert.ToHexStringLower(value));
        return value;
    }

    /// <inheritdoc/>
    protected override void BeginGroup(string? name)
    {
        if (name is null)
            to.WriteStartObject();
        else
            to.WriteStartObject(name);
    }

    /// <inheritdoc/>
    protected override void EndGroup() => to.WriteEndObject();

    /// <inheritdoc/>
    protected override void BeginList(string name, int count) => to.WriteStartArray(name);

    /// <inheritdoc/>
    protected override void EndList() => to.WriteEndArray();
}
