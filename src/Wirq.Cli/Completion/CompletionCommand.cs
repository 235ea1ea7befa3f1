using System.CommandLine;

namespace Wirq.Cli.Completion;

/// <summary><c>wirq completion</c>: prints what makes a shell complete wirq.</summary>
/// <remarks>The shells ask the command itself what may stand where, by the parser's <c>[suggest:N]</c>: no script knows an
/// option.</remarks>
internal static class CompletionCommand
{
    private const string Bash = "bash", Zsh = "zsh", Fish = "fish";

    internal static Command Build()
    {
        var shell = new Argument<string>("SHELL") { Description = $"{Bash}, {Zsh} or {Fish}" };
        shell.AcceptOnlyFromAmong(Bash, Zsh, Fish);
        var command = new Command("completion", "Print a script that makes a shell complete wirq") { shell };
        command.SetAction(parsed =>
        {
            Console.Out.Write(Script(parsed.GetValue(shell)!));
            return CommandLine.Success;
        });
        return command;
    }

    // Options are offered once their dash is typed. Where else a name is expected that the command does not know, it is a
    // file's.
    private static string Script(string shell) => shell switch
    {
        Bash => """
            # wirq completion bash: completes wirq. To have it in every shell, add to ~/.bashrc: source <(wirq completion bash)
            _wirq() {
                local word=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE:0:COMP_POINT} one
                COMPREPLY=()
                while IFS= read -r one; do
                    case $one in
                        /*) ;;
                        -*) [[ $word == -* && $one == "$word"* ]] && COMPREPLY+=("$one") ;;
                        "$word"*) COMPREPLY+=("$one") ;;
                    esac
                done < <("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null)
            }
            complete -o default -F _wirq wirq

            """,
        Zsh => """
            #compdef wirq
            # wirq completion zsh: completes wirq. To have it in every shell, add to ~/.zshrc, behind compinit:
            # source <(wirq completion zsh)
            _wirq() {
                local word=${words[CURRENT]} line="${(j: :)words[1,CURRENT]}" one
                local -a found
                for one in ${(f)"$(${words[1]} "[suggest:${#line}]" "$line" 2>/dev/null)"}; do
                    [[ $one == /* || ( $one == -* && $word != -* ) ]] || found+=("$one")
                done
                if (( $#found )); then compadd -a found; else _files; fi
            }
            # zsh loads this file when wirq is completed for the first time, if it lies in fpath as _wirq: then it completes at once.
            if [[ ${funcstack[1]} == _wirq ]]; then _wirq "$@"; else compdef _wirq wirq; fi

            """,
        _ => """
            # wirq completion fish: completes wirq. To have it in every shell:
            # wirq completion fish > ~/.config/fish/completions/wirq.fish
            function __wirq_complete
                set -l line (commandline -cp)
                set -l word (commandline -ct)
                set -l found
                for one in (eval (commandline -co)[1] "'[suggest:"(string length -- $line)"]'" (string escape -- $line) 2>/dev/null)
                    if string match -q -- '/*' $one; or begin; string match -q -- '-*' $one; and not string match -q -- '-*' $word; end
                        continue
                    end
                    set -a found $one
                end
                if test (count $found) -gt 0
                    printf '%s\n' $found
                else
                    __fish_complete_path $word
                end
            end
            complete -c wirq -f -a '(__wirq_complete)'

            """,
    };
}
