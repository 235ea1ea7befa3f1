using Wirq;

// An emulator with a CPU loop of its own: everything runs on this thread, and time is the emulator's.
var pc = new Fabric(FabricOptions.Pc(cpus: 1));
using Source disk = pc.Connect(gsi: 21, "disk"), nic = pc.Connect(gsi: 21, "nic");
long now = 0; // ns

// What the guest's kernel does at the start: its local APIC on, its timer periodic, pin 21 of the I/OAPIC level triggered.
const ulong LocalApic = 0xFEE00000, IoApic = 0xFEC00000;
Write(LocalApic + 0xF0, 0x1FF);
Write(LocalApic + 0x3E0, 0xB); // the timer counts each tick of a bus of 1 GHz
Write(LocalApic + 0x320, 0x20030);
Write(LocalApic + 0x380, 1_000_000);
Write(IoApic, 0x10 + 21 * 2);
Write(IoApic + 0x10, RedirectionEntry.Create(vector: 0x51, destination: 0, level: true).Low);

for (int ticks = 0; ticks < 3;)
{
    // The CPU runs until something is due. This one has nothing to run, so time jumps.
    if (!pc.HasInterrupt(cpu: 0))
    {
        pc.Advance(now = pc.NextDeadline);
        pc.Drain();
    }
    int vector = pc.Take(cpu: 0);
    Console.WriteLine($"{now / 1000} us: vector 0x{vector:x}, GSI 21 held by [{string.Join(", ", pc.Lines.HoldersOf(21))}]");
    if (vector == 0x30 && ++ticks == 2)
    {
        disk.Raise(); // both devices finish while the second tick is handled
        nic.Raise();
    }
    else if (vector == 0x51)
    {
        Source first = pc.Lines.HoldersOf(21).Contains("disk") ? disk : nic;
        first.Lower(); // the driver serves one device; the line stays up for the other one
    }
    Write(LocalApic + 0xB0, 0); // EOI
}

void Write(ulong address, uint value)
{
    pc.TryWrite(cpu: 0, address, size: 4, value);
    pc.Drain(); // carry out what followed: messages, broadcasts, acknowledges
}
