using System.Text.Json;
using Wirq.Cli.Outputs;

namespace Wirq.Cli.Host;

/// <summary>Messages for a host without KVM, on every system.</summary>
internal static class HostAbsent
{
    /// <summary>What works on every host.</summary>
    private const string WithoutKvm =
        "What works without it: run, replay and why, on simulated machines and a simulated kernel, and every test but "
        + "those that say that they need KVM. What does not: boot, and --backend kvm.";

    internal static void Write(string why, TextWriter output)
    {
        output.WriteLine("KVM: none");
        Paragraph.Write(output, why, 2);
        output.WriteLine();
        Paragraph.Write(output, WithoutKvm, 0);
    }

    internal static void WriteJson(string why, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteBoolean("kvm", false);
        json.WriteString("absent", why);
        json.WriteString("without", WithoutKvm);
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }
}
