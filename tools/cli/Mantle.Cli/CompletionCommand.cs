using System.CommandLine;

namespace Mantle.Cli;

/// <summary><c>completion bash|zsh</c>: prints a script with which a shell asks the executable itself what may follow.</summary>
public static class CompletionCommand
{
    private static readonly Argument<string> s_shell = new("shell") { Description = "bash or zsh" };

    /// <summary>Makes the command for an executable.</summary>
    public static Command Create(string executable)
    {
        s_shell.AcceptOnlyFromAmong("bash", "zsh");
        Command command = new(
            "completion",
            $"""
            Print a script that completes commands and options in a shell.

              eval "$({executable} completion bash)"
            """)
        {
            s_shell,
        };
        command.SetAction(parsed => parsed.InvocationConfiguration.Output.Write(
            (parsed.GetValue(s_shell) == "zsh" ? Zsh : Bash).Replace("NAME", executable, StringComparison.Ordinal)));
        return command;
    }

    // System.CommandLine answers "NAME [suggest:POSITION] LINE" with one completion a line.
    private const string Bash = """
        _NAME_complete() {
          local IFS=$'\n'
          COMPREPLY=($(NAME "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null))
        }
        complete -o default -F _NAME_complete NAME

        """;

    private const string Zsh = """
        _NAME_complete() {
          local answers=("${(@f)$(NAME "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
          compadd -a answers
          _files
        }
        compdef _NAME_complete NAME

        """;
}
