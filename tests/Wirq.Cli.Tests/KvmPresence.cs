namespace Wirq.Cli.Tests;

/// <summary>Whether there is a KVM here; where there is none, tests that need it are skipped, with the reason.</summary>
internal static class KvmPresence
{
    internal static void Require()
    {
        try
        {
            using FileStream device = File.Open("/dev/kvm", FileMode.Open, FileAccess.ReadWrite);
        }
        catch (Exception absent) when (absent is IOException or UnauthorizedAccessException)
        {
            Assert.Skip($"needs KVM: {absent.Message}");
        }
    }
}
