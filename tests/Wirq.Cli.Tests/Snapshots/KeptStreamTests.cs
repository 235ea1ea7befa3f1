using System.Text.Json;
using Wirq.Cli.Tests.Snapshots.Qemu;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Snapshots;

/// <summary>Two streams of QEMU are kept, so that reading them needs no QEMU. streams/README.md tells what they are.</summary>
public sealed class KeptStreamTests
{
    internal static string PathOf(string name) => Repository.PathOf($"tests/Wirq.Cli.Tests/Snapshots/streams/{name}.qevm.gz");
}
