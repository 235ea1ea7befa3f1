using BenchmarkDotNet.Running;
using Wirq.Benchmarks;

if (args.Contains("--quick"))
    return Quick.Run(Console.Out);
BenchmarkSwitcher.FromAssembly(typeof(InterruptPaths).Assembly).Run(args);
return 0;
