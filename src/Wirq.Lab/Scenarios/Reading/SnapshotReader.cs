using System.Globalization;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads steps about snapshots, and the names of snapshots.</summary>
internal sealed class SnapshotReader
{
    /// <summary>The most names of snapshots in a scenario.</summary>
    internal const int MaxNames = 8;
    private const int LongestName = 40;

    private readonly List<string> _names = [];

    /// <summary>Reads the name of a snapshot that is made.</summary>
    internal SaveStep ReadSave(YamlScalar key, YamlNode value)
    {
        YamlScalar scalar = value.AsScalar("a name for the snapshot");
        if (scalar.Text.Length is 0 or > LongestName)
            throw scalar.Expected($"a name for the snapshot, at most {LongestName} characters");
        int number = _names.IndexOf(scalar.Text);
        if (number < 0)
        {
            if (_names.Count == MaxNames)
                throw scalar.Expected(string.Create(CultureInfo.InvariantCulture, $"at most {MaxNames} names of snapshots"));
            number = _names.Count;
            _names.Add(scalar.Text);
        }
        return new SaveStep(key.At, $"the machine is saved as {scalar.Text}", number);
    }

    /// <summary>Reads from which snapshot a machine goes on, and without what.</summary>
    internal RestoreStep ReadRestore(YamlScalar key, YamlNode value)
    {
        if (value is not YamlMapping map)
            return Restore(key, value, Omissions.None, "");
        map.Only(ScenarioWords.Restore);
        Omissions without = Omissions.None;
        var words = new List<string>();
        if (map["without"] is { } left)
        {
            foreach (YamlNode item in left.AsSequence($"a list of {Words.Join(ScenarioWords.Omitted.Words)}").Items)
            {
                Omissions one = ScenarioWords.Omitted.Read(item);
                if ((without & one) != 0)
                    throw item.Expected("each word once");
                without |= one;
                words.Add(ScenarioWords.Omitted.WordOf(one));
            }
        }
        return Restore(key, map.Required("from", "restore"), without, words.Count == 0 ? "" : $" without {Words.Join(words)}");
    }

    /// <summary>Reads a live update: its parts are steps, so that everything else can happen between them.</summary>
    internal static IEnumerable<UpdateStep> ReadUpdate(YamlScalar key, YamlNode value)
    {
        (UpdatePart first, UpdatePart last, bool fails) = ScenarioWords.Updates.Read(value);
        return Enum.GetValues<UpdatePart>().Where(part => part >= first && part <= last).Select(part => new UpdateStep(key.At, part switch
        {
            UpdatePart.Stop => "update: the CPUs stop",
            UpdatePart.Suspend => "update: nobody reads eventfds",
            UpdatePart.Save => "update: CPUs and machine are saved",
            UpdatePart.Restore => fails ? "update: the new side fails" : "update: a new kernel and a new host take over",
            UpdatePart.Resume => fails ? "update: the old side reads eventfds again" : "update: eventfds are read again",
            _ => "update: the CPUs go on",
        }, part, fails));
    }

    private RestoreStep Restore(YamlScalar key, YamlNode name, Omissions without, string words)
    {
        YamlScalar scalar = name.AsScalar("the name of a snapshot");
        int number = _names.IndexOf(scalar.Text);
        if (number < 0)
        {
            throw _names.Count == 0 ? scalar.Expected("a snapshot that an earlier step saves")
                : Words.Unknown(scalar, $"a snapshot that an earlier step saves: {Words.Join(_names)}", _names);
        }
        return new RestoreStep(key.At, $"the machine goes on from {scalar.Text}{words}", number, without);
    }
}
