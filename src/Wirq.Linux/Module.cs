using System.Runtime.CompilerServices;
using System.Runtime.Versioning;

// Everything that is passed to libc is blittable, so nothing needs marshalling.
[assembly: DisableRuntimeMarshalling]
[assembly: SupportedOSPlatform("linux")]
