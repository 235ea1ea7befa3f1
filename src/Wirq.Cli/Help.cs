using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Wirq.Cli;

/// <summary>What <c>--help</c> says beside arguments and options: what each exit code of a command means, and how the command
/// is typed.</summary>
internal static class Help
{
    private static readonly ExitCode s_usage = new(CommandLine.BadInput, "bad usage or bad input: the message names file, place, and what was expected"),
        s_unwritten = new(CommandLine.Unwritten, "something could not be written"),
        s_done = new(CommandLine.Success, "it is done");

    private static readonly Dictionary<string, HelpPage> s_pages = new(StringComparer.Ordinal)
    {
        ["run"] = new(
            [
                new(CommandLine.Success, "nothing failed; what the host lacks or where it deviates is counted, and is no failure"),
                new(CommandLine.Failure, "a law or an expectation failed, or a historic design was not caught"),
                s_usage, s_unwritten,
            ],
            ["wirq run", "wirq run scenarios/routing", "wirq run my.yaml --verbose", "wirq run my.yaml --record my.wirq", "wirq run my.yaml --timeline my.html"]),
        ["replay"] = new(
            [
                new(CommandLine.Success, "the chips and the log agree, and every law held"),
                new(CommandLine.Failure, "they part, or a law failed"),
                s_usage, s_unwritten,
            ],
            ["wirq replay qemu.log", "wirq replay qemu.log.gz --record qemu.wirq", "wirq replay qemu.log --timeline qemu.pftrace"]),
        ["why"] = new(
            [
                new(CommandLine.Success, "nothing is owed at the end (with a source: to it); with @TIME, the log tells what became of the raise"),
                new(CommandLine.Failure, "an interrupt is owed"),
                s_usage,
                new(CommandLine.NotTold, "the input does not tell; the answer says what to record instead"),
                s_unwritten,
            ],
            ["wirq why qemu.log", "wirq why qemu.log ioapic:2", "wirq why qemu.log ioapic:2@L842", "wirq why my.wirq", "wirq why qemu.log --timeline qemu.html", "wirq why guest.qevm", "wirq why guest.qevm ioapic:10", "wirq why dmesg.txt lapic.txt guest.log"]),
        ["explore"] = new(
            [
                new(CommandLine.Success, "every world is proved, and every historic design was caught"),
                new(CommandLine.Failure, "a world is violated or vacuous, or a historic design was missed"),
                s_usage,
                new(CommandLine.NotTold, "a bound was reached before every state was visited"),
                s_unwritten,
            ],
            ["wirq explore", "wirq explore my.yaml --max-states 10M --time 5m", "wirq explore my.yaml --record my.order"]),
        ["snapshot"] = new(
            [
                new(CommandLine.Success, "it is done; diff: no field differs"),
                new(CommandLine.Failure, "diff: a field differs; save: the scenario came to no end"),
                s_usage, s_unwritten,
            ],
            ["wirq snapshot save my.yaml my.snap", "wirq snapshot show my.snap", "wirq snapshot show guest.qevm", "wirq snapshot diff before.snap after.snap"]),
        ["boot"] = new(
            [
                new(CommandLine.Success, "the guest wrote 0 to the debug-exit port or shut itself down, and every law held"),
                new(CommandLine.Failure, "the guest wrote something else there or says that it has crashed, or a law failed"),
                s_usage,
                new(CommandLine.NoEnd, "the guest came to no end of its own, or the host refused"),
                s_unwritten,
                new(CommandLine.HungUp, "stopped by SIGHUP"), new(CommandLine.Interrupted, "stopped by SIGINT"),
                new(CommandLine.Terminated, "stopped by SIGTERM"),
            ],
            ["wirq boot apic.flat --cpus 2 --x2apic", "wirq boot ioapic.flat --timeout 60 --record ioapic.wirq", "wirq boot test-hvm64-xsa-462 --xen --fep"]),
        ["device"] = new(
            [
                new(CommandLine.Success, "every step was done, and all was as expected"),
                new(CommandLine.Failure, "a wait was in vain, or something was not as expected"),
                new(CommandLine.BadInput, "bad usage or bad input; or nothing can listen at the socket's path"),
                new(CommandLine.NoEnd, "this platform has no eventfds to pass"),
                s_unwritten,
                new(CommandLine.HungUp, "stopped by SIGHUP before every step was done"),
                new(CommandLine.Interrupted, "stopped by SIGINT before every step was done"),
                new(CommandLine.Terminated, "stopped by SIGTERM before every step was done"),
            ],
            ["wirq device --socket /tmp/nic.sock my.yaml", "wirq device --socket /tmp/nic.sock my.yaml --json"]),
        ["host"] = new(
            [new(CommandLine.Success, "it is said; what a host does not offer is no failure"), s_usage, s_unwritten],
            ["wirq host", "wirq host --json"]),
        ["scenarios"] = new([s_done, s_usage, s_unwritten], ["wirq scenarios", "wirq scenarios copy my-scenarios"]),
        ["examples"] = new([s_done, s_usage, s_unwritten], ["wirq examples", "wirq examples copy my-examples"]),
        ["schema"] = new([s_done, s_usage, s_unwritten], ["wirq schema > schema.json"]),
        ["completion"] = new([s_done, s_usage, s_unwritten],
            ["source <(wirq completion bash)", "source <(wirq completion zsh)", "wirq completion fish | source"]),
    };

    // The whole command's are those of its commands, in general words.
    private static readonly HelpPage s_root = new(
        [
            new(CommandLine.Success, "nothing failed, and nothing is owed"),
            new(CommandLine.Failure, "a law or an expectation failed, or an interrupt is owed"),
            s_usage,
            new(CommandLine.NoEnd, "a guest came to no end of its own, or the host refused"),
            new(CommandLine.NotTold, "the input does not tell"),
            s_unwritten,
            new(CommandLine.HungUp, "stopped by SIGHUP"), new(CommandLine.Interrupted, "stopped by SIGINT"),
            new(CommandLine.Terminated, "stopped by SIGTERM"),
        ],
        ["wirq run", "wirq why qemu.log", "wirq why --help"]);

    /// <summary>What a command says beside arguments and options. A command below another one's has that one's.</summary>
    internal static HelpPage PageOf(Command command) => command is RootCommand ? s_root
        : s_pages.TryGetValue(command.Name, out HelpPage? page) ? page : PageOf(command.Parents.OfType<Command>().First());

    /// <summary>Adds it to the help of every command.</summary>
    internal static void Complete(RootCommand root)
    {
        HelpOption option = root.Options.OfType<HelpOption>().Single();
        option.Action = new WholeHelp((HelpAction)option.Action!);
    }

    private sealed class WholeHelp(HelpAction parser) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            int status = parser.Invoke(parseResult);
            TextWriter output = parseResult.InvocationConfiguration.Output;
            HelpPage page = PageOf(parseResult.CommandResult.Command);
            output.WriteLine("Exit codes:");
            foreach (ExitCode code in page.Codes)
                output.WriteLine($"  {code.Code,-3}  {code.Means}");
            output.WriteLine();
            output.WriteLine("Examples:");
            foreach (string example in page.Examples)
                output.WriteLine($"  {example}");
            return status;
        }
    }
}

/// <summary>What <c>--help</c> says of a command beside arguments and options.</summary>
internal sealed record HelpPage(IReadOnlyList<ExitCode> Codes, IReadOnlyList<string> Examples);

/// <summary>An exit code, and when a command ends with it.</summary>
internal sealed record ExitCode(int Code, string Means);
