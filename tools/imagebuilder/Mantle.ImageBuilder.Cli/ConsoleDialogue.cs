using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli;

/// <summary>Tells on standard error and asks on the terminal.</summary>
/// <param name="agrees">Whether every question is answered by <c>--yes</c>.</param>
internal sealed class ConsoleDialogue(bool agrees) : IDialogue
{
    public void Say(string line) => Console.Error.WriteLine($"imagebuilder: {line}");

    public bool Confirm(string question)
    {
        if (agrees)
        {
            return true;
        }

        if (Console.IsInputRedirected)
        {
            throw new UserErrorException($"nobody is there to answer: {question}", "say --yes, or --dry-run to see what would be done", ExitCode.Usage);
        }

        Console.Error.Write($"imagebuilder: {question} [y/N] ");
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }
}
