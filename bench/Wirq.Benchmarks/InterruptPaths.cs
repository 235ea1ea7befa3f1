using BenchmarkDotNet.Attributes;

namespace Wirq.Benchmarks;

/// <summary>The paths, measured by BenchmarkDotNet.</summary>
[MemoryDiagnoser]
public class InterruptPaths
{
    private readonly PathMachine _machine = new();
    private Fabric _fork = null!;

    /// <summary>Builds the target of the copy.</summary>
    [GlobalSetup]
    public void Prepare() => _fork = _machine.Fabric.Fork();

    /// <summary>A message to IRR, acknowledge, EOI.</summary>
    [Benchmark]
    public int Message() => _machine.Message();

    /// <summary>A level line, from its rise to its fall.</summary>
    [Benchmark]
    public int Line() => _machine.Line();

    /// <summary>Copying a machine into another.</summary>
    [Benchmark]
    public void Copy() => _fork.CopyFrom(_machine.Fabric);

    /// <summary>Hashing a machine.</summary>
    [Benchmark]
    public UInt128 Identity() => _machine.Fabric.Identity();
}
