using System.Diagnostics;
using Wirq.Board.Firmware;
using Wirq.Tests.Shared;

namespace Wirq.Board.Tests.Firmware;

/// <summary>ACPI's reference compiler reads our tables: it disassembles each, and compiles what it disassembled, without an
/// error, a warning or a remark.</summary>
public sealed class IaslTests
{
    [Theory]
    [InlineData(1, false)]
    [InlineData(255, true)]
    public void The_reference_compiler_has_nothing_to_say(int cpus, bool vtd)
    {
        Assert.SkipUnless(HostProgram.IsThere("iasl"), "needs iasl, ACPI's reference compiler (Debian: acpica-tools)");
        string folder = Directory.CreateTempSubdirectory("wirq-iasl").FullName;
        try
        {
            PcDescription pc = SamplePc.With(cpus, vtd: vtd);
            Check(folder, "dsdt", Dsdt.Of(pc), isCode: true);
            Check(folder, "apic", Madt.Of(pc), isCode: false);
            Check(folder, "facp", Fadt.Of(facs: 0xE0040, dsdt: 0xE0080, sciGsi: 9), isCode: false);
            if (pc.RemappingUnit is { } unit)
                Check(folder, "dmar", Dmar.Of(pc, unit), isCode: false);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Check(string folder, string name, byte[] table, bool isCode)
    {
        string path = Path.Combine(folder, name);
        File.WriteAllBytes($"{path}.aml", table);
        (int status, string words) = Run(folder, "-d", $"{name}.aml");
        Assert.True(status == 0 && !words.Contains("Warning", StringComparison.OrdinalIgnoreCase) && !words.Contains("Error", StringComparison.Ordinal), words);
        (status, words) = Run(folder, "-we", "-p", $"{name}-again", $"{name}.dsl");
        Assert.True(status == 0 && words.Contains("0 Errors, 0 Warnings, 0 Remarks", StringComparison.Ordinal), words);
        // The compiler writes its own name into the header; code begins after it.
        byte[] again = File.ReadAllBytes($"{path}-again.aml");
        if (isCode)
            Assert.Equal(table[AcpiTable.HeaderBytes..], again[AcpiTable.HeaderBytes..]);
    }

    private static (int Status, string Words) Run(string folder, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("iasl", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
