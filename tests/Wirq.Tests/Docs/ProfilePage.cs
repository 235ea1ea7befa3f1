using System.Text;

namespace Wirq.Tests.Docs;

/// <summary>Makes <c>docs/profiles.md</c> from the table that the chips behave by. To bring the page up to date, run the
/// tests with <c>WIRQ_WRITE_DOCS=1</c>.</summary>
internal static class ProfilePage
{
    internal static string Render()
    {
        var page = new StringBuilder();
        page.Append("""
            # Profiles

            Wirq's chips follow the data sheets and the Intel SDM: profile `manual`. Where a real implementation differs in a way
            that changes state, a profile says so: `qemu` (QEMU's userspace chips) or `kvm` (KVM's in-kernel ones). This page is
            made from `src/Wirq/ProfileTable.cs`, the table by which the chips behave; each row has a test that shows the
            difference. A dash: as the manual. Where both the 8259 and the local APIC have a vector for a CPU, the 8259 goes
            first in every profile (`LocalApicFirst` in `src/Wirq/FabricOptions.cs`).


            """);
        foreach (IGrouping<string, ProfileDifference> chip in ProfileTable.Rows.GroupBy(row => row.Chip))
        {
            page.Append("## ").Append(chip.Key).Append("\n\n| Name | Manual | QEMU | KVM | Evidence |\n|---|---|---|---|---|\n");
            foreach (ProfileDifference row in chip)
                page.Append("| `").Append(row.Id).Append("` | ").Append(row.Manual).Append(" | ").Append(row.Qemu ?? "–")
                    .Append(" | ").Append(row.Kvm ?? "–").Append(" | ").Append(row.Evidence).Append(" |\n");
            page.Append('\n');
        }
        string rendered = page.ToString().TrimEnd('\n') + "\n";
        if (Environment.GetEnvironmentVariable("WIRQ_WRITE_DOCS") == "1")
            File.WriteAllText(Shared.Repository.PathOf("docs/profiles.md"), rendered);
        return rendered;
    }
}
