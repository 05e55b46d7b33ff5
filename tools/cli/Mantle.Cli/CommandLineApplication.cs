using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Mantle.Formats.Bytes;
using Mantle.Measure;

namespace Mantle.Cli;

/// <summary>
/// What both executables do around their commands: parse, run, and turn every exception into one line on stderr and a documented exit code.
/// </summary>
/// <param name="name">The executable's name; every line on stderr starts with it.</param>
/// <param name="version">The version for a bug report.</param>
public sealed class CommandLineApplication(string name, string version)
{
    /// <summary>
    /// Parses the arguments, runs the command and returns the exit code. Only the command that the first word names is made: a hundred options that nobody
    /// asked for would be most of the time until the first line is printed. Anything else (help, a completion, a word that is unknown) sees all of them.
    /// </summary>
    /// <param name="root">The executable itself, without commands.</param>
    /// <param name="commands">The commands in the order of the help: the name, and what makes the command of that name.</param>
    /// <param name="arguments">What the user wrote.</param>
    public Task<int> RunAsync(RootCommand root, (string Name, Func<Command> Create)[] commands, string[] arguments)
    {
        bool asksVersion = arguments is ["--version"];
        bool namesCommand = arguments is [{ } first, ..] && Array.Exists(commands, command => command.Name == first);
        foreach ((string command, Func<Command> create) in commands)
        {
            if (!asksVersion && (!namesCommand || command == arguments[0]))
            {
                root.Add(create());
            }
        }

        return RunAsync(root, arguments);
    }

    /// <summary>Parses the arguments, runs the command and returns the exit code.</summary>
    public async Task<int> RunAsync(RootCommand root, string[] arguments)
    {
        Option<bool> debug = new("--debug-errors") { Description = "Print the stack of an unexpected error", Recursive = true, Hidden = true };
        root.Options.Add(debug);
        ParseResult parsed = root.Parse(arguments);
        string? unknown = FindUnknown(parsed, arguments);
        if (parsed.Errors.Count > 0 || unknown is not null)
        {
            // One line: what is not understood says more than what is missing because of it.
            WriteLine("error", unknown is not null
                ? $"\"{unknown}\" is not a command, an option or an argument here"
                : LowerFirst(FirstLine(parsed.Errors[0].Message)));
            WriteLine("hint", $"see \"{string.Join(' ', CommandPath(parsed))} --help\"");
            return ExitCode.Usage;
        }

        using CancellationTokenSource interrupted = new();
        void Interrupt(PosixSignalContext context)
        {
            // Once to clean up and go; a second signal ends the process where it stands.
            context.Cancel = !interrupted.IsCancellationRequested;
            interrupted.Cancel();
        }

        using PosixSignalRegistration onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
        using PosixSignalRegistration onTermination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
        using PosixSignalRegistration onHangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Interrupt);
        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
                interrupted.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (!parsed.GetValue(debug))
        {
            return Report(exception);
        }
    }

    /// <summary>Prints an exception as a user reads it and returns its exit code.</summary>
    public int Report(Exception exception)
    {
        (int code, string message, string? hint) = Classify(exception);
        WriteLine("error", message);
        if (hint is not null)
        {
            WriteLine("hint", hint);
        }

        return code;
    }

    /// <summary>The one table from exceptions to exit codes; wrappers are looked through.</summary>
    public (int Code, string Message, string? Hint) Classify(Exception exception) => exception switch
    {
        AggregateException { InnerExceptions: [_, ..] several } =>
            several.Select(Classify).OrderBy(one => one.Code == ExitCode.Interrupted).First(), // what the others were interrupted by
        TargetInvocationException { InnerException: { } inner } => Classify(inner),
        TypeInitializationException { InnerException: { } inner } => Classify(inner),
        UserErrorException e => (e.Code, e.Message, e.Hint),
        MalformedInputException e => (ExitCode.Malformed, e.Message, null),
        OperationCanceledException { InnerException: TimeoutException e } => (ExitCode.Environment, $"network: {LowerFirst(FirstLine(e.Message))}", "try again, or another mirror"),
        OperationCanceledException => (ExitCode.Interrupted, "interrupted; nothing was changed", null),
        HttpRequestException e => (ExitCode.Environment, $"network: {FirstLine(e.Message)}", "check the mirror's address and try again"),
        UnauthorizedAccessException e => (ExitCode.Environment, LowerFirst(FirstLine(e.Message)), "check owner and permissions"),
        IOException e => (ExitCode.Environment, LowerFirst(FirstLine(e.Message)), null),
        _ => (ExitCode.Bug, $"bug in {name} {version}: {exception.GetType().Name}: {FirstLine(exception.Message)}",
            "please report it with the command line; --debug-errors prints the stack"),
    };

    private static string FirstLine(string text) => text.Split('\n')[0].TrimEnd('.', '\r');

    private static string LowerFirst(string text) => text.Length == 0 ? text : char.ToLowerInvariant(text[0]) + text[1..];

    /// <summary>Names in a message may come from a package or an image: nothing in them may break the line or speak to the terminal.</summary>
    private static string OneLine(string text) => string.Concat(text.Select(letter =>
        char.IsControl(letter) || char.GetUnicodeCategory(letter) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            ? $"\\u{(int)letter:x4}" : letter.ToString()));

    /// <summary>A word that nothing takes, or that only an argument would take though it looks like an option.</summary>
    private static string? FindUnknown(ParseResult parsed, string[] arguments)
    {
        IEnumerable<string> taken = arguments.Contains("--")
            ? []
            : parsed.CommandResult.Children.OfType<System.CommandLine.Parsing.ArgumentResult>().SelectMany(result => result.Tokens).Select(token => token.Value);
        return parsed.UnmatchedTokens.Concat(taken.Where(word => word.Length > 1 && word[0] == '-')).FirstOrDefault();
    }

    private static IEnumerable<string> CommandPath(ParseResult parsed)
    {
        List<string> names = [];
        for (System.CommandLine.Parsing.SymbolResult? at = parsed.CommandResult; at is not null; at = at.Parent)
        {
            if (at is System.CommandLine.Parsing.CommandResult command)
            {
                names.Insert(0, command.Command.Name);
            }
        }

        return names;
    }

    private void WriteLine(string level, string message) => Console.Error.WriteLine($"{name}: {level}: {OneLine(message)}");
}
