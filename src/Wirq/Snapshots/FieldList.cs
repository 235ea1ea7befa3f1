using System.Globalization;
using Wirq.State;

namespace Wirq.Snapshots;

/// <summary>Lists fields by their paths, with their values as text: what two machines or two snapshots are compared
/// by.</summary>
internal sealed class FieldList : SnapshotFields
{
    private readonly List<(string Path, string Value)> _fields = [];

    /// <summary>The fields, in their order.</summary>
    internal IReadOnlyList<(string Path, string Value)> All => _fields;

    /// <inheritdoc/>
    protected override long Position => _fields.Count;

    /// <inheritdoc/>
    internal override void Section(SectionId id, string name, Action fields) => Group(name, fields);

    /// <inheritdoc/>
    internal override bool Optional(SectionId id, bool wanted) => wanted;

    /// <inheritdoc/>
    protected override ulong Move(string name, ulong value, int bytes, FieldForm form, Type? choices)
    {
        Add(name, form switch
        {
            FieldForm.Flag => value != 0 ? "yes" : "no",
            FieldForm.Choice => Enum.ToObject(choices!, value).ToString()!,
            FieldForm.Number => (bytes == sizeof(int) ? (int)value : (long)value).ToString(CultureInfo.InvariantCulture),
            _ => "0x" + value.ToString("x", CultureInfo.InvariantCulture),
        });
        return value;
    }

    /// <inheritdoc/>
    protected override string MoveText(string name, string value)
    {
        Add(name, value);
        return value;
    }

    /// <inheritdoc/>
    protected override byte[] MoveBytes(string name, byte[] value, int most)
    {
        Add(name, Convert.ToHexStringLower(value));
        return value;
    }

    private void Add(string name, string value) => _fields.Add((PathOf(name), value));
}
