using System.CommandLine;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary>The recipe and its lock, as every command names them.</summary>
internal sealed class RecipeOptions
{
    public Argument<string> Recipe { get; } = new("recipe")
    {
        Description = "The recipe",
        DefaultValueFactory = _ => "appliance/appliance.yaml",
    };

    public Option<string?> Lock { get; } = new("--lock")
    {
        Description = "The lock; default: beside the recipe, with the ending .lock.json",
        HelpName = "FILE",
    };

    public void AddTo(Command command)
    {
        command.Arguments.Add(Recipe);
        command.Options.Add(Lock);
    }

    public string RecipePath(ParseResult parsed) => parsed.GetValue(Recipe)!;

    public string LockPath(ParseResult parsed) => parsed.GetValue(Lock) ?? Path.ChangeExtension(RecipePath(parsed), ".lock.json");
}
