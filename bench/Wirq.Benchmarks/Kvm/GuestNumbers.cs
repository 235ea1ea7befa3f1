using System.Diagnostics;
using System.Runtime.Versioning;
using Iced.Intel;
using Wirq.Board.Bus;
using Wirq.Board.Loading;
using Wirq.Board.Machine;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Routing;
using Wirq.Tests.Shared.Images;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Benchmarks;

/// <summary>The cost of a guest's access to userspace chips in addition to the exit. The guest alternately reads an
/// address without a device and a register of its local APIC. The ratio is the median of the ratios of neighbouring
/// measurements.</summary>
internal static class GuestNumbers
{
    private const int Turns = 21, Reads = 1000;
    private const ushort Mark = 0x80;
    private const uint Nothing = 0xE8000000, Version = GuestImage.LocalApic + 0x30, TaskPriority = GuestImage.LocalApic + 0x80;

    internal static void Measure(TextWriter output)
    {
        if (!OperatingSystem.IsLinux())
        {
            output.WriteLine("guest skipped: this host is not Linux");
            return;
        }
        try
        {
            using KvmSystem system = KvmSystem.Open();
            IReadOnlyList<HostWorkaround> workarounds = HostReport.Read().Workarounds;
            double bare = Measure(output, system, workarounds, watched: false, "");
            Measure(output, system, workarounds, watched: true, "-with-laws");
            Quick.Print(output, "guest-bare-memory-exit", bare, "us");
        }
        catch (Exception absent) when (absent is KernelException or PlatformNotSupportedException or NotSupportedException)
        {
            output.WriteLine($"guest skipped: {absent.Message}");
        }
    }

    [SupportedOSPlatform("linux")]
    private static double Measure(TextWriter output, KvmSystem system, IReadOnlyList<HostWorkaround> workarounds, bool watched,
        string suffix)
    {
        using var watch = new BoardWatch("bench");
        var marks = new Marks();
        using (var pc = new Pc(system, new PcOptions
        {
            MemoryBytes = 64 << 20,
            Board = new BoardOptions { Workarounds = workarounds, Observe = watched ? watch.Begin : null },
        }))
        {
            pc.Board.Devices.MapPorts(Mark, 1, marks);
            pc.Load(MultibootImage.Parse("bench", GuestImage.Bytes(WriteGuest)), "bench");
            pc.Board.Start();
            if (pc.Board.Wait(TimeSpan.FromMinutes(2)) is not { Kind: GuestEndKind.Exit })
                throw new InvalidOperationException("the guest did not come to its end");
        }
        double[] bare = new double[Turns], read = new double[Turns], written = new double[Turns];
        for (int turn = 0; turn < Turns; turn++)
        {
            double nothing = marks.Microseconds(3 * turn);
            bare[turn] = nothing / Reads;
            read[turn] = marks.Microseconds(3 * turn + 1) / nothing;
            written[turn] = marks.Microseconds(3 * turn + 2) / nothing;
        }
        Quick.Print(output, $"guest-local-apic-read-over-bare-exit{suffix}", Median(read), "", "0.000");
        Quick.Print(output, $"guest-tpr-write-over-bare-exit{suffix}", Median(written), "", "0.000");
        return Median(bare);
    }

    private static void WriteGuest(GuestImage guest)
    {
        guest.EnableLocalApic();
        guest.Asm.mov(dx, (short)Mark);
        // The first turn warms up.
        for (int turn = 0; turn <= Turns; turn++)
        {
            foreach ((uint address, bool write) in ((uint, bool)[])[(Nothing, false), (Version, false), (TaskPriority, true)])
            {
                Label again = guest.Asm.CreateLabel();
                guest.Asm.mov(ebx, address);
                guest.Asm.mov(ecx, Reads);
                guest.Asm.@out(dx, al);
                guest.Asm.Label(ref again);
                if (write)
                    guest.Asm.mov(__dword_ptr[rbx], ecx);
                else
                    guest.Asm.mov(eax, __dword_ptr[rbx]);
                guest.Asm.dec(ecx);
                guest.Asm.jne(again);
            }
        }
        guest.Asm.@out(dx, al);
        guest.Exit(0);
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    /// <summary>The times at which the guest reached its marks.</summary>
    private sealed class Marks : IPortDevice
    {
        private readonly List<long> _times = [];

        public uint ReadPort(ushort port, int size) => 0;

        public void WritePort(ushort port, int size, uint value) => _times.Add(Stopwatch.GetTimestamp());

        /// <summary>The time from a mark to the next, without the first turn.</summary>
        internal double Microseconds(int mark) => Stopwatch.GetElapsedTime(_times[mark + 3], _times[mark + 4]).TotalMicroseconds;
    }
}
