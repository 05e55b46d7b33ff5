using System.Net.Sockets;
using System.Reflection;
using Mantle.Formats.Bytes;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.Cli.Tests;

public class ExitCodeTests
{
    public static TheoryData<Exception, int> Table => new()
    {
        { new UserErrorException("x"), ExitCode.Malformed },
        { new UserErrorException("x", exitCode: ExitCode.Usage), ExitCode.Usage },
        { new UserErrorException("x", exitCode: ExitCode.Mismatch), ExitCode.Mismatch },
        { new UserErrorException("x", exitCode: ExitCode.Remote), ExitCode.Remote },
        { new UserErrorException("x", exitCode: ExitCode.Gone), ExitCode.Gone },
        { new MalformedInputException("gpt", 0, "x"), ExitCode.Malformed },
        { new OperationCanceledException(), ExitCode.Interrupted },
        { new TaskCanceledException("x", new TimeoutException("The request timed out.")), ExitCode.Environment },
        { new HttpRequestException("x", new SocketException()), ExitCode.Environment },
        { new UnauthorizedAccessException("x"), ExitCode.Environment },
        { new IOException("No space left on device : '/x'"), ExitCode.Environment },
        { new FileNotFoundException("x"), ExitCode.Environment },
        { new DirectoryNotFoundException("x"), ExitCode.Environment },
        { new EndOfStreamException("x"), ExitCode.Environment },
        { new OverflowException("x"), ExitCode.Bug },
        { new InvalidOperationException(), ExitCode.Bug },
        { new InsufficientMemoryException(), ExitCode.Bug },
        { new ArgumentException("x\ny"), ExitCode.Bug },
    };

    private static readonly CommandLineApplication s_application = new("tool", "1.0");

    [Theory]
    [MemberData(nameof(Table))]
    public void Every_exception_has_its_code_wrapped_or_not(Exception exception, int code)
    {
        foreach (Exception wrapped in (Exception[])
            [
                exception,
                new AggregateException(exception),
                new AggregateException(new AggregateException(exception)),
                new AggregateException(new OperationCanceledException(), exception),
                new TargetInvocationException(exception),
                new TypeInitializationException("X", exception),
            ])
        {
            (int actual, string message, _) = s_application.Classify(wrapped);
            Assert.Equal(code, actual);
            Assert.DoesNotContain('\n', message);
            Assert.False(message.EndsWith('.'), message);
        }
    }

    [Fact]
    public void The_documented_codes_are_those_of_the_tools()
    {
        string[] rows = [.. File.ReadAllLines(Repository.PathOf("docs", "exit-codes.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1)];
        Assert.Equal(
            typeof(ExitCode).GetFields().Select(field => (int)field.GetRawConstantValue()!).Order(),
            rows.Select(row => int.Parse(row.Split('|')[1])));
    }

    [Fact]
    public void A_message_cannot_break_its_line_or_speak_to_the_terminal()
    {
        TextWriter before = Console.Error;
        using StringWriter error = new();
        Console.SetError(error);
        try
        {
            s_application.Report(new UserErrorException("a\nb\u001b[2J\u202ec\u2028d\u0085e \u00e4"));
        }
        finally
        {
            Console.SetError(before);
        }

        Assert.Equal("tool: error: a\\u000ab\\u001b[2J\\u202ec\\u2028d\\u0085e \u00e4\n", error.ToString());
    }
}
