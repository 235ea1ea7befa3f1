using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests;
using Wirq.Linux.Tests.Updates;

namespace Wirq.Board.Tests.Updates;

/// <summary>The process of a machine that was handed over: this program again, told by its environment what to do. It makes a
/// new VM, takes the machine, and serves it until it is told to hand it over in its turn, or to end.</summary>
internal static class NewMachine
{
    internal const int Done = 0;
    private const int NotTaken = 11, NotHandedOver = 12;
    private const string Prefix = "WIRQ_TEST_MACHINE_";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Where a process waits for the next one.</summary>
    internal static string AddressOf(int process) => Path.Combine(Path.GetTempPath(), $"wirq-machine-{process}.sock");

    internal static Process Start(DeliveryConfiguration configuration, string address, int number)
    {
        // Before the Main of this program, which is generated. (A module initializer would hold every other thread.)
        string self = Environment.ProcessPath!, assembly = typeof(NewMachine).Assembly.Location;
        var start = new ProcessStartInfo(self, Path.GetFileNameWithoutExtension(self) == "dotnet" ? [assembly] : []);
        start.Environment["DOTNET_STARTUP_HOOKS"] = assembly;
        start.Environment[Prefix + "CONFIGURATION"] = configuration.ToString();
        start.Environment[Prefix + "FROM"] = address;
        start.Environment[Prefix + "NUMBER"] = number.ToString(CultureInfo.InvariantCulture);
        // The probes of this host take seconds.
        start.Environment[Prefix + "WORKAROUNDS"] = string.Join(',', PatientProbes.Report.Workarounds.Select(each => each.Name));
        return Process.Start(start)!;
    }

    /// <summary>Does it, if this process was started for it.</summary>
    internal static void Enter()
    {
        if (Environment.GetEnvironmentVariable(Prefix + "CONFIGURATION") is { } configuration)
            Environment.Exit(Run(Enum.Parse<DeliveryConfiguration>(configuration)));
    }

    private static int Run(DeliveryConfiguration configuration)
    {
        string[] names = Of("WORKAROUNDS").Split(',');
        long number = long.Parse(Of("NUMBER"), CultureInfo.InvariantCulture);
        using KvmSystem system = KvmSystem.Open();
        using Socket socket = ConnectSoon(Of("FROM"));
        LiveUpdateReceipt receipt = LiveUpdate.Receive(socket, s_patience);
        using var machine = new GuestMachine(system, configuration, receipt.Descriptors[GuestMachine.MemoryName],
            [.. HostWorkaround.All.Where(each => names.Contains(each.Name))]);
        machine.Restore(receipt);
        if (!receipt.TryTake())
            return NotTaken;
        machine.Board.Host.Resume();
        receipt.Confirm();
        Volatile.Write(ref machine.Account.Updates, number);
        while (Volatile.Read(ref machine.Account.Wanted) <= number)
        {
            machine.Step();
            if (Volatile.Read(ref machine.Account.End) != 0)
                return Done;
        }
        return HandOver(machine);
    }

    private static int HandOver(GuestMachine machine)
    {
        using var connection = new Connection(AddressOf(Environment.ProcessId));
        connection.Accept();
        return LiveUpdate.HandOver(connection.Old, machine.Save(), s_patience).Answer == LiveUpdateAnswer.Taken ? Done : NotHandedOver;
    }

    private static string Of(string name) => Environment.GetEnvironmentVariable(Prefix + name)!;

    private static Socket ConnectSoon(string address)
    {
        for (long start = Stopwatch.GetTimestamp(); ; Thread.Sleep(1))
        {
            try
            {
                return Connection.Connect(address);
            }
            catch (SocketException) when (Stopwatch.GetElapsedTime(start) < s_patience)
            {
            }
        }
    }
}
