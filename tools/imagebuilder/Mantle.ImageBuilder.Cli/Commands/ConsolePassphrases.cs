using Mantle.ImageBuilder.Signing.Keys;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary>Asks whoever sits at the terminal; what is typed is not shown.</summary>
internal sealed class ConsolePassphrases(TextWriter error) : IPassphrases
{
    private const int MaximumLength = 1024;

    public char[] Ask(string purpose)
    {
        if (Console.IsInputRedirected)
        {
            throw new UserErrorException($"{purpose}: there is no terminal to ask for the passphrase", "give it on a file descriptor: --passphrase-fd 3 3<file", ExitCode.Usage);
        }

        error.Write($"passphrase of {purpose}: ");
        char[] typed = new char[MaximumLength];
        int length = 0;
        for (ConsoleKeyInfo key; (key = Console.ReadKey(intercept: true)).Key != ConsoleKey.Enter;)
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                length = Math.Max(length - 1, 0);
            }
            else if (key.KeyChar != '\0' && length < MaximumLength)
            {
                typed[length++] = key.KeyChar;
            }
        }

        error.WriteLine();
        char[] passphrase = typed[..length];
        Array.Clear(typed);
        return passphrase.Length > 0 ? passphrase : throw new UserErrorException($"no passphrase for {purpose}", exitCode: ExitCode.Usage);
    }

    public char[] Choose(string purpose)
    {
        char[] first = Ask(purpose);
        char[] second = Ask($"{purpose}, again");
        bool same = first.AsSpan().SequenceEqual(second);
        Array.Clear(second);
        return same ? first : throw new UserErrorException("the two passphrases differ", exitCode: ExitCode.Usage);
    }
}
