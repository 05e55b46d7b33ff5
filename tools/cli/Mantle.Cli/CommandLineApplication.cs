using System.CommandLine;
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
    /// <summary>Parses the arguments, runs the command and returns the exit code.</summary>
    public async Task<int> RunAsync(RootCommand root, string[] arguments)
    {
        Option<bool> debug = new("--debug-errors") { Description = "Print the stack of an unexpected error", Recursive = true, Hidden = true };
        root.Options.Add(debug);
        ParseResult parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
            {
                WriteLine("error", error.Message.TrimEnd('.'));
            }

            WriteLine("hint", $"see \"{string.Join(' ', CommandPath(parsed))} --help\"");
            return ExitCode.Usage;
        }

        using CancellationTokenSource interrupted = new();
        ConsoleCancelEventHandler onInterrupt = (_, e) =>
        {
            e.Cancel = true;
            interrupted.Cancel();
        };
        Console.CancelKeyPress += onInterrupt;
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
        finally
        {
            Console.CancelKeyPress -= onInterrupt;
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
        AggregateException { InnerExceptions: [var only, ..] } => Classify(only),
        UserErrorException e => (e.Code, e.Message, e.Hint),
        MalformedInputException e => (ExitCode.Malformed, e.Message, null),
        OperationCanceledException => (ExitCode.Interrupted, "interrupted; nothing was changed", null),
        HttpRequestException e => (ExitCode.Environment, $"network: {FirstLine(e.Message)}", "check the mirror's address and try again"),
        UnauthorizedAccessException e => (ExitCode.Environment, FirstLine(e.Message), "check owner and permissions"),
        IOException e => (ExitCode.Environment, FirstLine(e.Message), null),
        _ => (ExitCode.Bug, $"bug in {name} {version}: {exception.GetType().Name}: {FirstLine(exception.Message)}",
            "please report it with the command line; --debug-errors prints the stack"),
    };

    private static string FirstLine(string text) => text.Split('\n')[0].TrimEnd('.', '\r');

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

    private void WriteLine(string level, string message) => Console.Error.WriteLine($"{name}: {level}: {message}");
}
