using System.CommandLine;
using System.Text.Json;
using Wirq.Cli.Outputs;

namespace Wirq.Cli.Shipped;

/// <summary><c>wirq scenarios</c> and <c>wirq examples</c>: list what ships, and copy it.</summary>
internal static class ShippedCommand
{
    internal static Command BuildScenarios() => Build(ShippedFiles.Scenarios, "scenarios");

    internal static Command BuildExamples() => Build(ShippedFiles.Examples, "examples");

    /// <summary><c>wirq schema</c>: the JSON schema of scenarios.</summary>
    internal static Command BuildSchema()
    {
        var command = new Command("schema", "Print the JSON schema of scenarios, for editors");
        command.SetAction(_ =>
        {
            using Stream schema = ShippedFiles.Open(ShippedFiles.Schema);
            schema.CopyTo(StandardStreams.Output);
            return CommandLine.Success;
        });
        return command;
    }

    private static Command Build(string folder, string what)
    {
        var target = new Argument<string>("FOLDER") { Description = "Where to; it is made if it is not there. No file is overwritten" };
        var copy = new Command("copy", $"Copy the {what} that ship with wirq") { target };
        copy.SetAction(parsed => Copy(folder, what, parsed.GetValue(target)!));
        var listJson = new Option<bool>("--json") { Description = "Print JSON" };
        var list = new Command("list", $"List the {what} that ship with wirq") { listJson };
        list.SetAction(parsed => List(folder, what, parsed.GetValue(listJson)));
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var command = new Command(what, $"List the {what} that ship with wirq, or copy them") { json, list, copy };
        command.SetAction(parsed => List(folder, what, parsed.GetValue(json)));
        return command;
    }

    private static int List(string folder, string what, bool json)
    {
        IReadOnlyList<ShippedTitle> titles = ShippedTitle.Under(folder);
        if (json)
            WriteJson(titles, StandardStreams.Output);
        else if (titles.Count == 0)
            Console.Out.WriteLine($"No {what} ship with this build of wirq.");
        else
            Write(titles, Console.Out);
        return CommandLine.Success;
    }

    private static void Write(IReadOnlyList<ShippedTitle> titles, TextWriter output)
    {
        foreach (IGrouping<string, ShippedTitle> folder in titles.GroupBy(title => title.Folder))
        {
            output.WriteLine($"{folder.Key}/");
            foreach (ShippedTitle title in folder)
            {
                output.WriteLine($"  {title.Name}");
                if (title.Title.Length > 0)
                    Paragraph.Write(output, title.Title, indent: 6);
            }
        }
    }

    private static void WriteJson(IReadOnlyList<ShippedTitle> titles, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartArray();
        foreach (ShippedTitle title in titles)
        {
            json.WriteStartObject();
            json.WriteString("folder", title.Folder);
            json.WriteString("name", title.Name);
            json.WriteString("title", title.Title);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    /// <summary>Copies all or nothing: what stands in the way is found before the first file is written.</summary>
    private static int Copy(string folder, string what, string target)
    {
        IReadOnlyList<string> files = ShippedFiles.Under(folder);
        (string File, string Copy)[] copies = [.. files.Select(file => (file, Path.Combine(target, Path.GetRelativePath(folder, file))))];
        string[] there = [.. copies.Select(copy => copy.Copy).Where(Path.Exists)];
        if (there.Length > 0)
        {
            Console.Error.WriteLine($"{there[0]}: is there already{(there.Length > 1 ? $", and {there.Length - 1} more" : "")}; nothing was copied; expected another folder");
            return CommandLine.BadInput;
        }
        var made = new List<string>();
        try
        {
            foreach ((string file, string copy) in copies)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                using Stream from = ShippedFiles.Open(file);
                using var to = new FileStream(copy, FileMode.CreateNew, FileAccess.Write);
                made.Add(copy);
                from.CopyTo(to);
            }
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            made.ForEach(File.Delete);
            throw new OutputException(target, bad.Message);
        }
        Console.Out.WriteLine($"{copies.Length} files of {what} copied to {target}");
        return CommandLine.Success;
    }
}
