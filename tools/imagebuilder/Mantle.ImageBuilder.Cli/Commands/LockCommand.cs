using System.CommandLine;
using Mantle.Cli;
using Mantle.ImageBuilder.Packages.Archive;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.ImageBuilder.Packages.Resolution;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder lock</c>: resolve the recipe's packages against the signed archive and write the lock beside the recipe.</summary>
internal static class LockCommand
{
    private static readonly Argument<string> s_recipe = new("RECIPE")
    {
        Description = "The recipe; the lock lies beside it",
        DefaultValueFactory = _ => "appliance/appliance.yaml",
    };

    private static readonly Option<bool> s_check = new("--check") { Description = "Only say whether the lock answers the recipe; fetches and writes nothing" };
    private static readonly ArchiveOptions s_archive = new();
    private static readonly Option<string?> s_output = new("--output") { Description = "Where the lock is written (default: RECIPE with .lock.json)", HelpName = "FILE" };
    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON", Recursive = true };

    /// <summary>Makes the command.</summary>
    /// <param name="loadRecipe">Reads a recipe file to what it asks for.</param>
    /// <param name="clock">The present.</param>
    public static Command Create(Func<string, ResolutionRequest> loadRecipe, TimeProvider clock)
    {
        Command command = new("lock", """
            Resolve the recipe's packages against the signed Debian archive and write the lock.

              imagebuilder lock appliance/appliance.yaml     resolve anew
              imagebuilder lock --check                      say whether the lock answers the recipe
            """)
        {
            s_recipe, s_check, s_output, s_json,
        };
        s_archive.AddTo(command);
        command.Subcommands.Add(LockWhyCommand.Create(s_json));
        command.Subcommands.Add(LockDiffCommand.Create(s_json));
        command.SetAction((parsed, cancellation) => parsed.GetValue(s_check)
            ? Task.FromResult(Check(parsed, loadRecipe))
            : RunAsync(parsed, loadRecipe, clock, cancellation));
        return command;
    }

    /// <summary>The lock that belongs to a recipe: <c>appliance.yaml</c> has <c>appliance.lock.json</c>.</summary>
    internal static string LockOf(string recipe) => Path.ChangeExtension(recipe, ".lock.json");

    private static int Check(ParseResult parsed, Func<string, ResolutionRequest> loadRecipe)
    {
        string path = parsed.GetValue(s_output) ?? LockOf(parsed.GetValue(s_recipe)!);
        LockFile file = LockFile.Read(path);
        IReadOnlyList<string> differences = file.DifferencesFrom(loadRecipe(parsed.GetValue(s_recipe)!));
        bool canonical = file.ToBytes().AsSpan().SequenceEqual(File.ReadAllBytes(path));
        if (!canonical)
        {
            differences = [.. differences, "its bytes are not the canonical ones"];
        }

        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json =>
            {
                json.WriteString("lock", path);
                json.WriteBoolean("current", differences.Count == 0);
                json.WriteTexts("differences", differences);
            });
            return differences.Count == 0 ? ExitCode.Success : ExitCode.Mismatch;
        }

        if (differences.Count > 0)
        {
            throw new UserErrorException($"\"{path}\" is stale: {string.Join("; ", differences)}", "run \"imagebuilder lock\"", ExitCode.Mismatch);
        }

        parsed.InvocationConfiguration.Output.WriteLine($"{path} answers the recipe: {file.Packages.Count} packages");
        return ExitCode.Success;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed, Func<string, ResolutionRequest> loadRecipe, TimeProvider clock, CancellationToken cancellation)
    {
        string recipe = parsed.GetValue(s_recipe)!;
        string path = parsed.GetValue(s_output) ?? LockOf(recipe);
        string? snapshot = parsed.GetValue(s_archive.Snapshot);
        LockFile? previous = File.Exists(path) ? LockFile.Read(path) : null;
        LockRequest request = new()
        {
            Resolution = loadRecipe(recipe),
            Mirror = s_archive.ChooseMirror(parsed),
            Snapshot = snapshot is null ? null : SnapshotLocator.Parse(snapshot),
            KeyringFolder = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(recipe))!, "keyrings"),
            CacheFolder = s_archive.CachePath(parsed),
            Previous = previous,
            Clock = clock,
            Progress = (step, fact) => parsed.InvocationConfiguration.Error.WriteLine($"{step,-18} {fact}"),
        };
        using HttpClient client = new() { Timeout = TimeSpan.FromMinutes(5) };
        LockFile file = await Locker.LockAsync(request, client, cancellation).ConfigureAwait(false);
        bool changed = previous is null || !previous.ToBytes().AsSpan().SequenceEqual(file.ToBytes());
        if (changed)
        {
            file.Write(path);
        }

        Print(parsed, path, file, previous is null ? null : LockDifference.Between(previous, file), changed);
        return ExitCode.Success;
    }

    private static void Print(ParseResult parsed, string path, LockFile file, LockDifference? difference, bool changed)
    {
        long size = file.Packages.Sum(package => package.Size);
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json =>
            {
                json.WriteString("lock", path);
                json.WriteBoolean("changed", changed);
                json.WriteNumber("packages", file.Packages.Count);
                json.WriteNumber("size", size);
                LockOutput.WriteDifference(json, difference ?? new LockDifference(file.Packages, [], []));
            });
            return;
        }

        TextWriter output = parsed.InvocationConfiguration.Output;
        if (difference is not null)
        {
            LockOutput.PrintDifference(output, difference);
        }

        output.WriteLine($"{path} {(changed ? "written" : "unchanged")}: {file.Packages.Count} packages, {size:N0} bytes");
    }
}
