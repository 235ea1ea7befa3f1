using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]
// Tests count the descriptors of the process, and those that hold a machine share two CPUs.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
