using System.Text;
using ArchUnitNET.Domain.Extensions;
using Wirq.Tests.Shared;

namespace Wirq.Architecture.Tests;

/// <summary>The picture in docs/architecture.md matches the assemblies. WIRQ_WRITE_DOCS=1 draws it again.</summary>
public sealed class PictureTests
{
    private const string Page = "docs/architecture.md", Begin = "<!-- drawn from the assemblies -->\n", End = "<!-- end of the drawing -->\n";
    // Everything depends on these, so lines to them would hide the rest of the picture.
    private static readonly string[] s_everywhere = ["Events", "State", "wiring"];

    [Fact]
    public void The_picture_shows_what_the_assemblies_are()
    {
        string path = Repository.PathOf(Page), text = File.ReadAllText(path);
        int begin = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, end = text.IndexOf(End, StringComparison.Ordinal);
        Assert.True(begin >= Begin.Length && end >= begin, $"{Page} has no place for the picture");
        string drawn = $"{text[..begin]}{Draw()}{text[end..]}";
        if (Environment.GetEnvironmentVariable("WIRQ_WRITE_DOCS") == "1")
            File.WriteAllText(path, drawn);
        Assert.Equal(drawn, File.ReadAllText(path));
    }

    [Theory]
    [InlineData("Msi")]
    [InlineData("State")]
    public void A_room_knows_no_other(string room) => Assert.Empty(Rooms()[room].Except(s_everywhere));

    /// <summary>A chip does not depend on a host, on the cache of routes or on another chip, except for the connection
    /// between the two APICs.</summary>
    [Theory]
    [InlineData("Pic", "Host")]
    [InlineData("Pic", "IoApic")]
    [InlineData("Pic", "LocalApic")]
    [InlineData("IoApic", "Pic")]
    [InlineData("LocalApic", "Pic")]
    [InlineData("IoApic", "Host")]
    [InlineData("LocalApic", "Host")]
    [InlineData("Lines", "Host")]
    [InlineData("Msi", "Host")]
    [InlineData("IoApic", "Routing")]
    [InlineData("LocalApic", "Routing")]
    [InlineData("LocalApic", "Remapping")]
    [InlineData("Laws", "Host")]
    [InlineData("Routing", "Host")]
    [InlineData("Remapping", "Host")]
    public void A_room_does_not_know_another(string room, string other) => Assert.DoesNotContain(other, Rooms()[room]);

    private static string Draw()
    {
        SortedDictionary<string, SortedSet<string>> rooms = Rooms();
        var text = new StringBuilder("```mermaid\nflowchart TD\n");
        foreach (System.Reflection.Assembly project in House.Projects.Where(one => one != House.Fabric).OrderBy(one => one.GetName().Name, StringComparer.Ordinal))
        {
            string name = project.GetName().Name!;
            foreach (string known in Reduced(name))
                text.Append("  ").Append(name).Append(" --> ").Append(known).Append('\n');
        }
        text.Append("  subgraph Wirq\n");
        foreach ((string room, SortedSet<string> known) in rooms)
        {
            string[] drawn = [.. known.Except(s_everywhere)];
            if (drawn.Length == 0 || s_everywhere.Contains(room))
                text.Append("    ").Append(room).Append('\n');
            else
                text.Append("    ").Append(room).Append(" --> ").Append(string.Join(" & ", drawn)).Append('\n');
        }
        return text.Append("  end\n```\n").ToString();
    }

    /// <summary>The projects that a project references directly, without those that it also references through
    /// another.</summary>
    private static string[] Reduced(string project)
    {
        string[] known = Known(project);
        return [.. known.Where(one => !known.Any(other => other != one && Known(other).Contains(one)))];
    }

    private static string[] Known(string project) => [.. House.Projects.Single(one => one.GetName().Name == project).GetReferencedAssemblies()
        .Select(name => name.Name!).Where(name => name.StartsWith("Wirq", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>The folders of the fabric, and the other folders that their types refer to.</summary>
    private static SortedDictionary<string, SortedSet<string>> Rooms()
    {
        IReadOnlyDictionary<string, string> files = new SourceMap(House.Fabric).Files;
        var rooms = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (string file in files.Values)
            rooms.TryAdd(RoomOf(file), new SortedSet<string>(StringComparer.Ordinal));
        foreach (ArchUnitNET.Domain.IType type in House.Built.Types)
        {
            if (!files.TryGetValue(House.Outermost(type.FullName), out string? file))
                continue;
            foreach (ArchUnitNET.Domain.IType known in type.GetTypeDependencies())
            {
                if (files.TryGetValue(House.Outermost(known.FullName), out string? other) && RoomOf(other) != RoomOf(file))
                    rooms[RoomOf(file)].Add(RoomOf(other));
            }
        }
        return rooms;
    }

    // src/Wirq/Room/File.cs; a file outside all folders belongs to the wiring.
    private static string RoomOf(string file) => file.Split('/') is [_, _, string room, _, ..] ? room : "wiring";
}
