using System.Runtime.CompilerServices;
using System.Runtime.Versioning;

// What crosses to libc is blittable; nothing is to be converted on the way.
[assembly: DisableRuntimeMarshalling]
[assembly: SupportedOSPlatform("linux")]
