using System.Globalization;
using System.Text;
using Wirq.Events;
using Wirq.HostIrq;
using Wirq.Tests.Shared;
using Wirq.Vfio;
using static Wirq.Tests.Vfio.VfioWorld;

namespace Wirq.Tests.Vfio;

/// <summary>The diagrams in docs/forwarding.md are what runs of the model do. WIRQ_WRITE_DOCS=1 draws them again.</summary>
public class ForwardingPageTests
{
    private const string Page = "docs/forwarding.md", End = "<!-- end of the drawing -->\n";

    public static TheoryData<string> Names => ["mask", "disable", "automask", "resample", "oneshot", "way back"];

    [Theory, MemberData(nameof(Names))]
    public void A_diagram_is_what_a_run_does(string name)
    {
        string begin = $"<!-- drawn from a run: {name} -->\n", path = Repository.PathOf(Page), text = File.ReadAllText(path);
        int start = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        Assert.True(start >= begin.Length, $"{Page} has no place for {name}");
        int end = text.IndexOf(End, start, StringComparison.Ordinal);
        string drawn = $"{text[..start]}{Draw(name)}{text[end..]}";
        if (Environment.GetEnvironmentVariable("WIRQ_WRITE_DOCS") == "1")
            File.WriteAllText(path, drawn);
        Assert.Equal(drawn, File.ReadAllText(path));
    }

    private static string Draw(string name)
    {
        if (name == "way back")
            return WaysBack();
        var drawing = new Drawing();
        if (name is "mask" or "disable")
            Host(drawing, name);
        else
            Forwarded(drawing, name);
        return drawing.ToString();
    }

    /// <summary>What an interrupt costs each way. The driver goes on accessing its device before the registers are mapped
    /// again.</summary>
    private static string WaysBack()
    {
        var table = new StringBuilder("| Way back | Device | Accesses that serve it | Events | Unmasks | of them early | Entries of the host | Trapped accesses, with 20 later ones |\n"
            + "|---|---|---|---|---|---|---|---|\n");
        foreach ((WayBack way, string about, int accesses) in new[] { (WayBack.Acknowledge, "acknowledge", 5), (WayBack.FirstAccess, "first access", 1), (WayBack.FirstAccess, "first access", 5) })
        {
            foreach ((string device, string kind) in new[] { ("pci23", "PCI 2.3"), ("legacy", "older"), ("oneshot", "ONESHOT") })
            {
                var world = new WayBackWorld(Named(device), way);
                world.Interrupt(accesses);
                world.Access(times: 20);
                WayBackCounts counts = world.Process.Counts;
                table.Append(CultureInfo.InvariantCulture,
                    $"| {about} | {kind} | {accesses} | {counts.Events} | {counts.Unmasks} | {counts.EarlyUnmasks} | {world.Entries} | {counts.TrappedAccesses} |\n");
            }
        }
        return table.ToString();
    }

    /// <summary>A driver of the host itself.</summary>
    private static void Host(Drawing drawing, string name)
    {
        var irqs = new HostIrqs(new HostIrqOptions { Lines = [new() { Flow = name == "mask" ? HostFlow.Level : HostFlow.FastEoi }] });
        irqs.Request(0, new(), out int action);
        while (irqs.Events.TryTake(out _)) { }
        irqs.Events.Observing = true;
        if (name == "disable")
        {
            irqs.Disable(0);
            Run();
        }
        drawing.Say("D->>C: rises");
        irqs.SetLevel(0, true);
        Run();
        if (name == "disable")
        {
            irqs.Enable(0);
            Run();
        }

        void Run()
        {
            do
            {
                while (irqs.Events.TryTake(out Event e))
                {
                    drawing.Take(e);
                    if (e.Kind != EventKind.HostHardHandler)
                        continue;
                    drawing.Say("D->>C: is served, and falls");
                    irqs.SetLevel(0, false);
                    irqs.Answer(0, action, HandlerAnswer.Handled);
                }
            }
            while (irqs.Deliver(0));
        }
    }

    private static void Forwarded(Drawing drawing, string name)
    {
        var world = new VfioWorld(name == "oneshot" ? Oneshot : Legacy);
        world.Set(Intx, Trigger | Fd, fds: [E]);
        world.Set(Intx, Unmask | Fd, fds: [U]);
        world.Host.Events.Observing = true;
        world.Seen = [];
        drawing.Say("D->>C: rises");
        world.Level(true);
        Flush();
        if (name == "resample")
        {
            drawing.Say("G->>H: acknowledges its line too early: unmask");
            world.Write(U);
            Flush();
        }
        drawing.Say("G->>D: serves the device");
        drawing.Say("D->>C: falls");
        world.Level(false);
        Flush();
        drawing.Say("G->>H: acknowledges its line: unmask");
        world.Write(U);
        Flush();

        void Flush()
        {
            foreach (Event e in world.Seen!)
                drawing.Take(e);
            world.Seen.Clear();
        }
    }

    /// <summary>A sequence diagram.</summary>
    private sealed class Drawing
    {
        private readonly StringBuilder _text = new("```mermaid\nsequenceDiagram\n  participant D as device\n  participant C as chip\n  participant H as host\n  participant G as guest\n");

        internal void Say(string what) => _text.Append("  ").Append(what).Append('\n');

        internal void Take(in Event e)
        {
            string? said = e.Kind switch
            {
                EventKind.HostInterrupt => "C->>H: interrupts",
                EventKind.HostChipCall => $"H->>C: {HostChipCall.Of(e).Call.ToString().ToLowerInvariant()}",
                EventKind.HostHardHandler => "H->>H: hard handler runs",
                EventKind.HostThreadWoken => "H->>H: thread waits for the guest",
                EventKind.HostThreadEnded => "H->>H: thread ends",
                EventKind.HostLineDepth => HostLineDepth.Of(e).Depth == 0 ? "H->>H: enabled" : "H->>H: disabled",
                EventKind.VfioSignalled => "H->>G: eventfd",
                _ => null,
            };
            if (said is not null)
                Say(said);
        }

        public override string ToString() => _text.Append("```\n").ToString();
    }
}
