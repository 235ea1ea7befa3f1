using Wirq;

namespace Wirq.Tests.Docs;

internal static class ReadmeSample
{
    internal static int Run()
    {
        // sample
        var pc = new Fabric(FabricOptions.Pc(cpus: 2));
        using Source disk = pc.Connect(gsi: 21, "disk"), nic = pc.Connect(gsi: 21, "nic");

        // What a guest's kernel does: enable the local APIC of CPU 1, then point pin 21 at it.
        const ulong localApic = 0xFEE00000, ioApic = 0xFEC00000;
        pc.TryWrite(cpu: 1, localApic + 0xF0, 4, 0x1FF);
        var entry = RedirectionEntry.Create(vector: 0x51, destination: 1, level: true);
        pc.TryWrite(cpu: 0, ioApic, 4, 0x10 + 21 * 2 + 1);
        pc.TryWrite(cpu: 0, ioApic + 0x10, 4, entry.High);
        pc.TryWrite(cpu: 0, ioApic, 4, 0x10 + 21 * 2);
        pc.TryWrite(cpu: 0, ioApic + 0x10, 4, entry.Low);

        disk.Raise();
        nic.Raise();
        disk.Lower(); // the line stays up: the network card holds it
        pc.Drain();
        Console.WriteLine($"held by {string.Join(", ", pc.Lines.HoldersOf(21))}");
        return pc.Take(cpu: 1); // 0x51
        // end
    }
}
