using System.Diagnostics;
using Wirq.Cli.Tests.Native;

namespace Wirq.Cli.Tests.Completion;

/// <summary>The scripts of <c>wirq completion</c>, in the shells that are here.</summary>
public sealed class CompletionTests : IDisposable
{
    private const string Files = "(files)";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-shell-");

    public CompletionTests()
    {
        // As a user calls it: by its name.
        string command = Path.Combine(_folder.FullName, "wirq");
        File.WriteAllText(command, $"#!/bin/sh\nexec {string.Join(' ', WirqProgram.Words.Select(word => $"'{word}'"))} \"$@\"\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(command, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public static TheoryData<string, string, string[]> Lines
    {
        get
        {
            var lines = new TheoryData<string, string, string[]>();
            foreach (string shell in (string[])["bash", "zsh", "fish"])
            {
                lines.Add(shell, "wirq rep", ["replay"]);
                lines.Add(shell, "wirq sc", ["scenarios", "schema"]);
                lines.Add(shell, "wirq run --s", ["--seed"]);
                lines.Add(shell, "wirq run --backend ", ["kvm", "sim"]);
                lines.Add(shell, "wirq completion z", ["zsh"]);
                // A path is the shell's affair.
                lines.Add(shell, "wirq why ", [Files]);
            }
            return lines;
        }
    }

    [Theory, MemberData(nameof(Lines))]
    public void A_shell_completes(string shell, string line, string[] expected) =>
        Assert.Equal(expected, shell == "fish" ? Fish(line) : Complete(shell, line));

    [Fact]
    public void Another_shell_is_bad_usage()
    {
        CommandRun run = CommandRun.Of("completion", "tcsh");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("'bash'", run.Errors, StringComparison.Ordinal);
    }

    /// <summary>The script's function is called as the shell would call it at a terminal.</summary>
    private string[] Complete(string shell, string line) => Shell(shell, shell == "bash"
        ? $$$"""
            source <(wirq completion bash)
            COMP_LINE='{{{line}}}' COMP_POINT={{{line.Length}}}
            IFS=' ' read -ra COMP_WORDS <<<"$COMP_LINE"
            [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
            _wirq
            complete -p wirq | grep -q -- '-o default' && [[ ${#COMPREPLY[@]} == 0 ]] && COMPREPLY=('{{{Files}}}')
            printf '%s\n' "${COMPREPLY[@]}"
            """
        : $$$"""
            compdef() { [[ $1 == _wirq && $2 == wirq ]] || exit 9 }
            compadd() { print -l -- ${(P)2} }
            _files() { print '{{{Files}}}' }
            source <(wirq completion zsh)
            words=("${(@s: :)${:-{{{line}}}}}") CURRENT=${#words}
            _wirq
            """);

    /// <summary>A script in fpath is loaded when the command is completed for the first time, and completes it then.</summary>
    [Fact]
    public void The_first_completion_of_zsh_from_fpath_completes()
    {
        string[] found = Shell("zsh", """
            mkdir -p f && wirq completion zsh >f/_wirq
            compdef() { exit 9 }
            compadd() { print -l -- ${(P)2} }
            fpath=($PWD/f $fpath)
            autoload -Uz _wirq
            words=(wirq rep) CURRENT=2
            _wirq
            _wirq
            """);
        Assert.Equal(["replay", "replay"], found);
    }

    private string[] Fish(string line)
    {
        // It completes files by itself where nothing else is: one is there.
        File.WriteAllText(Path.Combine(_folder.FullName, "a.log"), "");
        string[] found = Shell("fish", $"wirq completion fish | source; complete -C '{line}'");
        return found.Contains("a.log") && !found.Contains("--json") ? [Files] : found;
    }

    private string[] Shell(string shell, string script)
    {
        string? program = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, shell)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, $"needs {shell}");
        string[] plain = shell switch { "bash" => ["--norc", "--noprofile"], "zsh" => ["-f"], _ => ["--no-config"] };
        var start = new ProcessStartInfo(program, [.. plain, "-c", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder.FullName,
        };
        start.Environment["PATH"] = $"{_folder.FullName}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["HOME"] = _folder.FullName;
        using var process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), $"{shell} does not end");
        Assert.Equal("", errors.Result);
        return [.. output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(found => found.Split('\t')[0])];
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
