using BenchmarkDotNet.Running;
using Wirq.Benchmarks;

if (args.Contains("--quick"))
    return Quick.Run(Console.Out, [.. args.Where(arg => arg != "--quick")]);
BenchmarkSwitcher.FromAssembly(typeof(InterruptPaths).Assembly).Run(args);
return 0;
