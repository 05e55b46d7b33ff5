using System.Text.RegularExpressions;
using Mantle.Measure;
using Mantle.Measure.Text;

namespace Mantle.ImageBuilder.Recipes;

/// <content>
/// What process 1 would refuse when the appliance boots (appliance/init/Configuration), refused here with a line to blame. A fuzzed test holds the two
/// against each other.
/// </content>
public static partial class RecipeReader
{
    private const long LargestMemoryFileSystem = 1L << 40;
    private static readonly TimeSpan s_longestStop = TimeSpan.FromMinutes(10);
    private static readonly string[] s_kernelFolders = ["/proc", "/sys", "/dev"];

    private static void CheckGuest(Recipe recipe, YamlMap map)
    {
        IReadOnlyList<MemoryFileSystem> memory = recipe.MemoryFileSystems;
        for (int i = 0; i < memory.Count; i++)
        {
            string path = memory[i].Path;
            string? problem =
                s_kernelFolders.Any(folder => path == folder || IsBelow(path, folder)) ? "lies in a folder of the kernel's"
                : memory.Take(i).Any(other => other.Path == path) ? "is there twice"
                : memory.Take(i).Any(other => IsBelow(other.Path, path)) ? "comes after a path below it, which it would hide"
                : memory[i].Size > LargestMemoryFileSystem ? "is larger than 1024 GiB"
                : null;
            if (problem is not null)
            {
                throw map.Refuse("memory", $"\"{path}\" in \"memory\" {problem}");
            }
        }

        if (recipe.Network == "dhcp" && !memory.Any(m => m.Path == "/run"))
        {
            throw map.Refuse("memory", "network \"dhcp\" needs \"/run\" in \"memory\", where resolv.conf is written");
        }

        CheckService(recipe.Service, memory);
        CheckUnseal(recipe);
    }

    private static void CheckService(ServiceRecipe service, IReadOnlyList<MemoryFileSystem> memory)
    {
        string? outside = service.Writable.FirstOrDefault(path => !memory.Any(place => IsBelow(path, place.Path)));
        string? name = service.Environment.Keys.FirstOrDefault(key => !VariablePattern().IsMatch(key));
        string? problem =
            outside is not null ? $"\"{outside}\" in \"writable\" must lie below a path of \"memory\""
            : name is not null ? $"\"{name}\" in \"environment\" must be a name of letters, digits and underscores"
            : service.Arguments.Concat(service.Environment.Values).Any(text => text.Contains('\0', StringComparison.Ordinal)) ? "an argument or a value of \"environment\" holds a NUL"
            : service.StopTimeout > s_longestStop ? "\"stop-timeout\" is longer than 600s"
            : null;
        if (problem is not null)
        {
            throw new UserErrorException($"{service.Position}: {problem}");
        }
    }

    private static bool IsBelow(string path, string folder) =>
        path.Length > folder.Length + 1 && path.StartsWith(folder, StringComparison.Ordinal) && path[folder.Length] == '/';

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*\\z")]
    private static partial Regex VariablePattern();
}
