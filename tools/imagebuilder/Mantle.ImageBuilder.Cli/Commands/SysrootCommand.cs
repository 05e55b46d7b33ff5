using System.CommandLine;
using Mantle.Cli;
using Mantle.ImageBuilder.Packages;
using Mantle.ImageBuilder.Packages.Locking;
using Mantle.ImageBuilder.Recipes;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder sysroot</c>: unpacks the locked toolchain, so that guest programs are linked with it and not with the host's.</summary>
internal static class SysrootCommand
{
    private static readonly RecipeOptions s_recipe = new();
    private static readonly ArchiveOptions s_archive = new();

    private static readonly Option<string> s_output = new("--output", "-o")
    {
        Description = "Folder that holds unpacked toolchains, one a lock",
        HelpName = "DIR",
        DefaultValueFactory = _ => "artifacts/sysroot",
    };

    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON" };

    public static Command Create()
    {
        Command command = new(
            "sysroot",
            """
            Unpack the packages that the lock has for linking guest programs, and print the folder they are in.
            The folder's name follows from the packages; one that is there already is not touched.

              imagebuilder sysroot appliance/appliance.yaml
            """);
        s_recipe.AddTo(command);
        command.Options.Add(s_output);
        s_archive.AddTo(command);
        command.Options.Add(s_json);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        Recipe recipe = RecipeReader.Read(s_recipe.RecipePath(parsed));
        LockFile lockFile = LockFile.Read(s_recipe.LockPath(parsed));
        lockFile.CheckAgainst(recipe.Resolution());
        using ConsoleProgress progress = new(parsed.InvocationConfiguration.Error);
        using PackageCache cache = new(s_archive.CachePath(parsed));
        using HttpClient client = PackageFetcher.CreateClient();
        PackageFetcher fetcher = new(cache, client, s_archive.Locator(parsed, () => lockFile));
        string folder = await Sysroot.UnpackAsync(lockFile, cache, fetcher, parsed.GetValue(s_output)!, progress.Fetching, cancellation)
            .ConfigureAwait(false);
        if (parsed.GetValue(s_json))
        {
            JsonOutput.Write(parsed, json => json.WriteString("sysroot", folder));
        }
        else
        {
            parsed.InvocationConfiguration.Output.WriteLine(folder);
        }

        return ExitCode.Success;
    }
}
