using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Wirq.Remapping.VtD;
using Wirq.Tests.Shared;

namespace Wirq.Architecture.Tests;

/// <summary>The address of a register is defined once, as a public constant of its chip. All other code uses that
/// name.</summary>
public sealed partial class ConstantTests
{
    // Numbers that only occur as an address of the interrupt system, and how often each may occur: the page of the
    // local APICs and the window of messages are two things at one address.
    private static readonly Dictionary<ulong, int> s_distinct = new()
    {
        [ApicMsr.TscDeadline] = 1,
        [PicPair.MasterTriggers] = 1,
        [PicPair.SlaveTriggers] = 1,
        [IoApicOptions.DefaultAddress] = 1,
        [ApicBase.DefaultPage] = 2,
    };

    // The files in which the chips define their addresses.
    private static readonly string[] s_homes =
    [
        "LocalApic/ApicMsr.cs", "LocalApic/ApicBase.cs", "LocalApic/ApicRegister.cs", "LocalApic/LocalApics.cs", "Msi/Msi.cs",
        "IoApic/IoApic.Registers.cs", "IoApic/IoApicOptions.cs", "Pic/PicPair.Ports.cs", "Remapping/VtD/VtdOffset.cs",
        "Remapping/VtD/VtdUnit.cs",
    ];

    private static readonly ILookup<ulong, string> s_registers = Registers().ToLookup(row => row.Address, row => row.Name);
    private static readonly string[] s_sources = [.. new[] { "src", "bench" }.SelectMany(Sources)];

    [Fact]
    public void No_address_of_a_register_stands_outside_its_chip()
    {
        string[] found = [.. s_sources.Where(file => !IsHome(file)).SelectMany(file => File.ReadLines(Repository.PathOf(file))
            .Select((line, index) => (line, index)).SelectMany(at => Copies(at.line).Select(copy => $"{file}:{at.index + 1}: {copy}")))];
        Assert.True(found.Length == 0, string.Join('\n', found));
    }

    [Fact]
    public void A_distinct_address_stands_once()
    {
        Dictionary<ulong, int> counts = s_sources.SelectMany(file => File.ReadLines(Repository.PathOf(file)))
            .SelectMany(line => Numbers(Code(line))).Where(s_distinct.ContainsKey).CountBy(number => number).ToDictionary();
        Assert.Equal(s_distinct.OrderBy(row => row.Key), counts.OrderBy(row => row.Key));
    }

    /// <summary>Lines that the rule must find; each of these was once in the code.</summary>
    [Theory]
    [InlineData("    private const uint ApicBaseMsr = 0x1B;")]
    [InlineData("    private const uint BaseMsr = 0x1B, FirstX2ApicMsr = 0x800, LastX2ApicMsr = 0x8FF, Stride = 0x10;")]
    [InlineData("    internal static WordList<uint> Msrs { get; } = new((\"apic-base\", 0x1B));")]
    [InlineData("    private const uint CommandOffset = 0x18, FaultStatusOffset = 0x34;")]
    [InlineData("        (\"fsts\", (0x34, 4)), (\"tail\", 0x88)")]
    [InlineData("    private const uint TimerEntry = 0x320, InitialCount = 0x380;")]
    [InlineData("    internal const uint Eoi = 0xB0, LogicalDestination = 0xD0;")]
    [InlineData("    private const uint IdRegister = 0x20, WindowRegister = 0x10;")]
    [InlineData("    private const ushort MasterPorts = 0x20, SlavePorts = 0xA0;")]
    [InlineData("                _cpuPort.TryWritePort(cpu, 0xA0, 1, nonSpecific);")]
    [InlineData("        _fabric.TryWrite(0, ApicPage + 0xB0, 4, 0);")]
    [InlineData("        cpus.WriteMsr(cpu, 0x80F, value);")]
    [InlineData("        ushort port = irq < 8 ? (ushort)0x21 : (ushort)0xA1;")]
    [InlineData("    private const uint EoiAddress = 0xFEE000B0;")]
    [InlineData("    private const ulong Page = 0xFEC00000;")]
    public void A_copy_of_an_address_is_found(string line) => Assert.NotEmpty(Copies(line));

    /// <summary>Lines with the number of a register that is not a register.</summary>
    [Theory]
    [InlineData("    [CName(\"EFD_NONBLOCK\")] internal const int NonBlocking = 0x800;")]
    [InlineData("    private const ulong Icw1 = 0x10, EoiBit = 0x20, NoEoiBits = 0x18;")]
    [InlineData("    private const int FirstVector = 0x20, Vectors = 200, Seed = 1;")]
    [InlineData("    internal byte IoApicVersion { get; private set; } = 0x20;")]
    [InlineData("    /// <summary>MSR 0x1B.</summary>")]
    [InlineData("        registers.WriteLocalApic(cpu, ApicRegister.SpuriousVector, 0x1FF);")]
    [InlineData("            (PicPair.MasterData, 0x20), (PicPair.SlaveData, 0x28),")]
    [InlineData("        _cpuPort.TryWritePort(cpu, PicPair.MasterCommand, 1, 0x20);")]
    public void Another_number_is_none(string line) => Assert.Empty(Copies(line));

    /// <summary>The copies in a line: a number that only an address has, the address of a register next to its name, or
    /// a number as the address of an access.</summary>
    private static IEnumerable<string> Copies(string line)
    {
        if (!line.Contains("0x", StringComparison.Ordinal))
            yield break;
        string code = Code(line);
        foreach (ulong number in Numbers(code))
        {
            if (s_distinct.ContainsKey(number) || number is >= MsiAddress.WindowBegin and < MsiAddress.WindowEnd
                || number is ApicMsr.Base && code.Contains("sr", StringComparison.Ordinal))
                yield return $"0x{number:x}";
        }
        foreach (Match named in Named().Matches(code))
        {
            ulong number = ulong.Parse(named.Groups["number"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            string[] words = WordsOf(named.Groups["name"].Value);
            foreach (string register in s_registers[number].Where(register => WordsOf(register).Intersect(words).Any()))
                yield return $"{named.Value} is {register}";
        }
        foreach (Match access in Access().Matches(code))
            yield return access.Value;
    }

    /// <summary>A line without its comment.</summary>
    private static string Code(string line)
    {
        int comment = line.IndexOf("//", StringComparison.Ordinal);
        return comment < 0 ? line : line[..comment];
    }

    private static IEnumerable<ulong> Numbers(string code) => Number().Matches(Text().Replace(code, "")).Select(found =>
        ulong.Parse(found.ValueSpan[2..].ToString().Replace("_", "", StringComparison.Ordinal), NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    /// <summary>The words of a name that distinguish registers.</summary>
    private static string[] WordsOf(string name) =>
        [.. Word().Matches(name).Select(word => word.Value.ToUpperInvariant()).Except(["REGISTER", "OFFSET", "ADDRESS", "PORT", "PORTS", "VECTOR", "BIT", "BITS"])];

    private static IEnumerable<(string Name, ulong Address)> Registers()
    {
        foreach (ApicRegister register in Enum.GetValues<ApicRegister>())
            yield return (register.ToString(), (ulong)register);
        yield return (nameof(VtdUnit.FaultRecordOffset), VtdUnit.FaultRecordOffset);
        yield return (nameof(VtdUnit.IotlbOffset), VtdUnit.IotlbOffset);
        foreach (Type chip in new[] { typeof(ApicMsr), typeof(IoApic), typeof(PicPair), typeof(VtdOffset) })
        {
            foreach (FieldInfo field in chip.GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral))
                yield return (field.Name, Convert.ToUInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture));
        }
    }

    private static IEnumerable<string> Sources(string folder) =>
        Directory.EnumerateFiles(Repository.PathOf(folder), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));

    private static bool IsHome(string file) => s_homes.Any(home => file == "src/Wirq/" + home);

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Text();

    [GeneratedRegex(@"\b0x[0-9A-Fa-f_]+")]
    private static partial Regex Number();

    /// <summary>A constant that is given a number, or a word beside a number.</summary>
    [GeneratedRegex("""(?:(?<=\bconst\b.*)\b(?<name>\w+) = |"(?<name>[\w.-]+)", \(?)0x(?<number>[0-9A-Fa-f]+)\b""")]
    private static partial Regex Named();

    [GeneratedRegex(@"(?:(?:Read|Write)(?:Port|Msr|LocalApic)\(\w+, 0x\w+|[Pp]age \+ 0x\w+|\bport = .*\(ushort\)0x\w+)")]
    private static partial Regex Access();

    [GeneratedRegex("[A-Z]?[a-z]+[0-9]*|[A-Z0-9]+(?![a-z])")]
    private static partial Regex Word();
}
