using System.Text.Json;
using Wirq.Remapping;

namespace Wirq.Snapshots;

/// <summary>A snapshot by itself, without the machine that it is for: to be looked at and compared.</summary>
/// <remarks>It has a machine in the saved state, built from the options that stand in the snapshot. Remapping units of an
/// embedder's own are not in that machine: the snapshot has only their bytes. It has no guest memory.</remarks>
public sealed class MachineSnapshot
{
    private readonly List<SavedFunction> _functions;

    private MachineSnapshot(Fabric machine, List<SavedFunction> functions) => (Machine, _functions) = (machine, functions);

    /// <summary>The first bytes of every snapshot.</summary>
    public static ReadOnlySpan<byte> Magic => SnapshotFormat.Magic;

    /// <summary>The machine in the saved state.</summary>
    public Fabric Machine { get; }

    /// <summary>The functions with MSI or MSI-X that were saved with the machine: the label of each, and what its table
    /// is.</summary>
    public IReadOnlyList<(string Label, string Table)> Functions => [.. _functions.Select(function => (function.Label, function.About))];

    /// <summary>Reads a snapshot.</summary>
    /// <param name="snapshot">The snapshot. It may be anything.</param>
    /// <exception cref="SnapshotException">It is no snapshot, or no machine can be in this state.</exception>
    public static MachineSnapshot Read(ReadOnlySpan<byte> snapshot)
    {
        FabricOptions options = ReadShape(snapshot);
        return new MachineSnapshot(Fabric.Read(snapshot, options, out List<SavedFunction> functions), functions);
    }

    /// <summary>Writes all fields as a JSON object: a member for each section, words as hexadecimal strings, times as
    /// distances from virtual time in ns.</summary>
    public void WriteJson(Utf8JsonWriter to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.WriteStartObject();
        to.WriteNumber("version", SnapshotFormat.Version);
        Machine.Move(new FieldJson(to), _functions);
        to.WriteEndObject();
    }

    /// <summary>The fields in which two snapshots differ, by their paths, in the order of the format. A field that only one
    /// of them has is null in the other.</summary>
    public IReadOnlyList<SnapshotDifference> Compare(MachineSnapshot other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Dictionary<string, string> theirs = other.List().ToDictionary();
        var differences = new List<SnapshotDifference>();
        foreach ((string path, string value) in List())
        {
            if (!theirs.Remove(path, out string? its) || its != value)
                differences.Add(new(path, value, its));
        }
        differences.AddRange(theirs.Select(rest => new SnapshotDifference(rest.Key, null, rest.Value)));
        return differences;
    }

    private IEnumerable<KeyValuePair<string, string>> List()
    {
        var list = new FieldList();
        Machine.Move(list, _functions);
        return list.All.Select(field => KeyValuePair.Create(field.Path, field.Value));
    }

    private static FabricOptions ReadShape(ReadOnlySpan<byte> snapshot)
    {
        var reader = new FieldReader(snapshot);
        FabricOptions shape = FabricOptions.Blank;
        int others = 0;
        reader.Section(SectionId.Shape, "shape", () => shape = FabricOptions.Move(reader, shape, out others));
        shape = shape with { Remappers = [.. Enumerable.Repeat(new UnknownUnit(), others)] };
        try
        {
            shape.Validate();
        }
        catch (OptionException bad)
        {
            throw new SnapshotException(SnapshotFormat.HeaderSize, $"shape.{bad.Field}", bad.Found, bad.Expected);
        }
        return shape;
    }

    /// <summary>An embedder's unit, of which only the bytes are known. It serves nobody.</summary>
    private sealed class UnknownUnit : IRemapperOptions
    {
        public IReadOnlyList<RegisterPages> Registers => [];
        public IReadOnlyList<RequesterRange> Scope => [];
        public MsiFormat OwnFormat => MsiFormat.Compatibility;

        public void Validate() { }

        public IRemapper Build(State.StateArena arena, int unit) => new UnknownState();
    }

    private sealed class UnknownState : IRemapper, ISavedRemapper
    {
        private byte[] _state = [];

        public byte[] Save() => _state;
        public void Restore(ReadOnlySpan<byte> state) => _state = state.ToArray();
        public void Reset(Events.EventBuffer events) => _state = [];

        public RefusalReason Translate(Msi message, ushort requester, bool delivering, IGuestMemory memory, Events.EventBuffer events,
            out InterruptMessage translated, out RouteCookie cookie)
        {
            (translated, cookie) = (default, RouteCookie.None);
            return RefusalReason.RemappingFault;
        }
    }
}

/// <summary>A field in which two snapshots differ.</summary>
/// <param name="Field">Its path.</param>
/// <param name="First">Its value in the first; null if the first has no such field.</param>
/// <param name="Second">Its value in the second; null if the second has no such field.</param>
public sealed record SnapshotDifference(string Field, string? First, string? Second);
