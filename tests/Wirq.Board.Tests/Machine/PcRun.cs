using System.Text;
using Wirq.Board.Loading;
using Wirq.Board.Machine;
using Wirq.Board.Xen;
using Wirq.Events;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Machine;

/// <summary>A run of an image on a PC, from its start to its end.</summary>
internal sealed record PcRun(GuestEnd End, string Console, IReadOnlyList<string> BrokenLaws, long Events)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    /// <summary>Whether a probe found what the manuals say.</summary>
    internal static bool IsFaithful(string probe) =>
        PatientProbes.Report.Probes.Single(each => each.Probe.Name == probe).Outcome == ProbeOutcome.Faithful;

    /// <summary>Runs an image to its end.</summary>
    internal static PcRun Of(byte[] image, DeliveryConfiguration configuration = DeliveryConfiguration.User, int cpus = 1,
        bool x2Apic = false, TimeSpan? patience = null, IReadOnlyList<HostWorkaround>? workarounds = null,
        Action<Event>? heard = null, XenGuestOptions? xen = null, bool forcedEmulation = false,
        Func<PcOptions, PcOptions>? with = null)
    {
        using KvmSystem system = KvmHost.Require();
        var console = new StringBuilder();
        using var watch = new BoardWatch("test");
        GuestEnd end;
        var options = new PcOptions
        {
            MemoryBytes = 64 << 20,
            Console = value => console.Append((char)value),
            ForcedEmulation = forcedEmulation,
            Board = new BoardOptions
            {
                Cpus = cpus, Configuration = configuration, X2Apic = x2Apic, Workarounds = workarounds ?? PatientProbes.Report.Workarounds, Observe = fabric => watch.Begin(fabric) + heard,
                Xen = xen,
            },
        };
        using (var pc = new Pc(system, with?.Invoke(options) ?? options))
        {
            pc.Load(BoardImage.Parse("test", image), "test");
            pc.Board.Start();
            end = pc.Board.Wait(patience ?? s_patience) ?? new GuestEnd(GuestEndKind.Timeout);
        }
        return new PcRun(end, console.ToString(),
            [.. watch.Laws.Where(law => law.Break is not null).Select(law => $"{law.Name}: {law.Describe()}")], watch.Count);
    }
}
