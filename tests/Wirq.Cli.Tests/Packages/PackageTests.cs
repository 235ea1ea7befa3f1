using System.IO.Compression;
using System.Reflection.Metadata;
using System.Text;
using System.Xml.Linq;
using Wirq.Cli.Tests.Native;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Packages;

/// <summary>What a package says of itself, and what it pulls in.</summary>
public sealed class PackageTests
{
    private const string Repo = "https://github.com/wirq/wirq", Siblings = "[" + PackedWirq.Version + "]";
    // Of portable PDBs, by their documentation.
    private static readonly Guid s_sourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");

    /// <summary>All that a package may depend on. Siblings see each other's internals, so that one fits exactly its own
    /// version.</summary>
    public static TheoryData<string, string[]> Dependencies => new()
    {
        { "Wirq", ["Microsoft.Extensions.Logging.Abstractions", "System.IO.Hashing"] },
        { "Wirq.Linux", ["Wirq", "Iced"] },
        { "Wirq.Traces", ["Wirq", "SharpCompress", "ZstdSharp.Port"] },
        { "Wirq.Lab", ["Wirq", "Wirq.Traces", "YamlDotNet"] },
        { "Wirq.Board", ["Wirq", "Wirq.Traces", "Wirq.Lab", "Wirq.Linux", "Iced"] },
        { "Wirq.Tool", [] },
        { "Wirq.Tool.any", [] },
        { "Wirq.Tool.linux-x64", [] },
    };

    public static TheoryData<string> Libraries => ["Wirq", "Wirq.Linux", "Wirq.Traces", "Wirq.Lab", "Wirq.Board"];

    [Theory, MemberData(nameof(Dependencies))]
    public void A_package_pulls_in_nothing_but_these(string id, string[] allowed)
    {
        using ZipArchive package = Open(id, "nupkg");
        (string Id, string Version)[] found = [.. Nuspec(package).Descendants().Where(element => element.Name.LocalName == "dependency")
            .Select(element => (element.Attribute("id")!.Value, element.Attribute("version")!.Value))];
        Assert.Empty(found.Select(one => one.Id).Except(allowed));
        Assert.Empty(allowed.Where(one => one.StartsWith("Wirq", StringComparison.Ordinal)).Except(found.Select(one => one.Id)));
        Assert.All(found.Where(one => one.Id.StartsWith("Wirq", StringComparison.Ordinal)), one => Assert.Equal(Siblings, one.Version));
    }

    [Theory, MemberData(nameof(Dependencies))]
    public void A_package_says_what_it_is(string id, string[] _)
    {
        using ZipArchive package = Open(id, "nupkg");
        XElement nuspec = Nuspec(package);
        string Text(string name) => nuspec.Descendants().Single(element => element.Name.LocalName == name).Value;
        Assert.Equal((id, PackedWirq.Version, "MIT", Repo), (Text("id"), Text("version"), Text("license"), Text("projectUrl")));
        // A sentence, not the words that a package has by itself.
        Assert.Matches(@"^[A-Zw].{40,}\.$", Text("description"));
        Assert.Contains("interrupts", Text("tags").Split(' '));
        Assert.Equal(Repo, nuspec.Descendants().Single(element => element.Name.LocalName == "repository").Attribute("url")!.Value);
        using var page = new StreamReader(package.GetEntry(Text("readme"))!.Open());
        Assert.InRange(page.ReadToEnd().Length, 200, 10_000);
    }

    [Theory, MemberData(nameof(Libraries))]
    public void A_library_has_documentation_and_symbols_that_lead_to_its_sources(string id)
    {
        using ZipArchive package = Open(id, "nupkg"), symbols = Open(id, "snupkg");
        Assert.NotNull(package.GetEntry($"lib/net10.0/{id}.xml"));
        using var bytes = new MemoryStream();
        using (Stream file = symbols.GetEntry($"lib/net10.0/{id}.pdb")!.Open())
            file.CopyTo(bytes);
        bytes.Position = 0;
        using var provider = MetadataReaderProvider.FromPortablePdbStream(bytes);
        MetadataReader reader = provider.GetMetadataReader();
        // No path of the machine that built it.
        Assert.All(reader.Documents, one => Assert.StartsWith("/_", reader.GetString(reader.GetDocument(one).Name), StringComparison.Ordinal));
        Assert.SkipUnless(Path.Exists(Repository.PathOf(".git")), "needs .git, which names the commit");
        string link = reader.CustomDebugInformation.Select(one => reader.GetCustomDebugInformation(one))
            .Where(one => reader.GetGuid(one.Kind) == s_sourceLink).Select(one => Encoding.UTF8.GetString(reader.GetBlobBytes(one.Value))).Single();
        Assert.Matches($@"""/_/\*"":""https://[^""]+/{PackedWirq.Revision}/\*""", link);
    }

    [Fact]
    public void The_command_is_one_file_that_is_native_or_runs_on_any_runtime()
    {
        using ZipArchive native = Open("Wirq.Tool.linux-x64", "nupkg"), any = Open("Wirq.Tool.any", "nupkg"), page = Open("Wirq.Tool", "nupkg");
        Assert.Equal(["DotnetToolSettings.xml", "Wirq.Cli"], ToolFiles(native));
        Assert.Contains("Wirq.Cli.dll", ToolFiles(any));
        Assert.Equal(["DotnetToolSettings.xml"], ToolFiles(page));
        using Stream settings = page.Entries.Single(entry => entry.Name == "DotnetToolSettings.xml").Open();
        Assert.Equal(["any", "linux-x64"], XDocument.Load(settings).Descendants().Attributes("RuntimeIdentifier").Select(rid => rid.Value).Order());
    }

    /// <summary>What is made twice from the same commit is the same: no file has the time of its build.</summary>
    [Theory, MemberData(nameof(Dependencies))]
    public void The_files_of_a_package_bear_one_time(string id, string[] _)
    {
        using ZipArchive package = Open(id, "nupkg");
        Assert.All(package.Entries, entry => Assert.Equal(PackedWirq.Time, entry.LastWriteTime.DateTime));
    }

    /// <summary>A machine that reaches no package skips the tests of packages; a fault of ours fails them.</summary>
    [Theory]
    [InlineData("Wirq.Cli.csproj : error NU1301: Unable to load the service index for source https://x/index.json.", true)]
    [InlineData("Wirq.Cli.csproj : error NU1101: Unable to find package runtime.linux-x64.Microsoft.DotNet.ILCompiler.", true)]
    [InlineData("Wirq.csproj : error NU1605: Detected package downgrade: System.IO.Hashing from 10.0.1 to 10.0.0.", false)]
    [InlineData("Wirq.csproj : error NU1010: The following PackageReference items do not define a corresponding PackageVersion item", false)]
    [InlineData("Wirq.csproj : error NU1101: Unable to find package Wirq.Hashing.", false)]
    [InlineData("", false)]
    public void Only_what_cannot_be_reached_is_a_reason_to_skip(string said, bool skips) =>
        Assert.Equal(skips, PackedWirq.Unreachable($"Restoring\n{said}\n") is not null);

    private static ZipArchive Open(string id, string kind) => ZipFile.OpenRead(PathOf(id, kind));

    private static string PathOf(string id, string kind) => Path.Combine(PackedWirq.Require().Feed, $"{id}.{PackedWirq.Version}.{kind}");

    private static XElement Nuspec(ZipArchive package)
    {
        using Stream nuspec = package.Entries.Single(entry => entry.Name.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XDocument.Load(nuspec).Root!;
    }

    private static string[] ToolFiles(ZipArchive package) => [.. package.Entries
        .Where(entry => entry.FullName.StartsWith("tools/", StringComparison.Ordinal)).Select(entry => entry.Name).Order(StringComparer.Ordinal)];
}
