using System.Diagnostics;
using System.Net.Sockets;
using Wirq.Snapshots;

namespace Wirq.Linux.Tests.Updates;

/// <summary>The new process of a live update: this program again, told by its environment what to do.</summary>
internal static class NewSide
{
    internal const int Done = 0, Refused = 11, Died = 12, NotLetGo = 13, Stuck = 14;
    internal const string Takes = "takes", Dies = "dies", DiesAfterGo = "dies-after-go", WrongShape = "wrong-shape", IsLate = "is-late";

    private const string WayVariable = "WIRQ_TEST_NEW_SIDE", SocketVariable = "WIRQ_TEST_NEW_SIDE_SOCKET";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Starts the new process.</summary>
    internal static Process Start(string way, string address)
    {
        // Before the Main of this program, which is generated. (A module initializer would hold every other thread.)
        string self = Environment.ProcessPath!, assembly = typeof(NewSide).Assembly.Location;
        var start = new ProcessStartInfo(self, Path.GetFileNameWithoutExtension(self) == "dotnet" ? [assembly] : []) { RedirectStandardError = true };
        start.Environment["DOTNET_STARTUP_HOOKS"] = assembly;
        start.Environment[WayVariable] = way;
        start.Environment[SocketVariable] = address;
        return Process.Start(start)!;
    }

    /// <summary>Does it, if this process was started for it.</summary>
    internal static void Enter()
    {
        if (Environment.GetEnvironmentVariable(WayVariable) is { } way)
            Environment.Exit(Run(way, Environment.GetEnvironmentVariable(SocketVariable)!));
    }

    private static int Run(string way, string address)
    {
        using Socket socket = Connection.Connect(address);
        using LiveUpdateReceipt receipt = LiveUpdate.Receive(socket, s_patience);
        if (way == Dies)
            Process.GetCurrentProcess().Kill();
        using var machine = new HandedMachine(receipt.Descriptors["memory"], cpus: way == WrongShape ? 2 : 1);
        try
        {
            machine.Host.Restore(receipt.Snapshot.Span, receipt.EventFdOf);
        }
        catch (SnapshotException refused)
        {
            receipt.Refuse(refused.Message);
            return Refused;
        }
        if (way == IsLate && !SpinWait.SpinUntil(() => Volatile.Read(ref machine.Account.GoOn) != 0, s_patience))
            return Stuck;
        if (!receipt.TryTake())
            return NotLetGo;
        if (way == DiesAfterGo)
            Process.GetCurrentProcess().Kill();
        machine.Host.Resume();
        receipt.Confirm();
        return Serve(machine);
    }

    private static int Serve(HandedMachine machine)
    {
        long start = Stopwatch.GetTimestamp();
        // The interrupt of the line was in service when the machine was handed over.
        machine.Eoi();
        while (Volatile.Read(ref machine.Account.End) == 0)
        {
            if (machine.Take() >= 0)
                machine.Eoi();
            else
                Thread.Sleep(1);
            if (Stopwatch.GetElapsedTime(start) > s_patience)
                return Stuck;
        }
        return Done;
    }
}
