using System.Text.RegularExpressions;
using Mantle.Measure;
using Mantle.Measure.Text;

namespace Mantle.ImageBuilder.Recipes;

/// <content>The key <c>unseal</c>: what is unsealed before the service starts, and who does it.</content>
public static partial class RecipeReader
{
    private const int MostSecrets = 16;
    private const string DefaultCertificates = "/etc/ssl/certs/ca-certificates.crt";

    private static readonly string[] s_unsealFolders = ["/run/secrets", "/run/volumes", "/run/attest"];

    private static UnsealRecipe? ReadUnseal(YamlMap? map)
    {
        if (map is null)
        {
            return null;
        }

        UnsealRecipe unseal = new()
        {
            Exec = map.Text("exec", AbsolutePath),
            User = map.Text("user"),
            StatusPort = map.Has("status-port") ? (int)map.Number("status-port", 1, 65535) : null,
            Attempts = map.Has("attempts") ? (int)map.Number("attempts", 1, 100) : 5,
            OnFailure = map.OneOf("on-failure", "power-off", "reboot", "power-off"),
            Kms = ReadKms(map.OptionalMap("kms")),
            Files = [.. map.Maps("files").Select(ReadSecretFile)],
            Volumes = [.. map.Maps("volumes").Select(ReadVolume)],
            Position = map.Position,
        };
        _ = map.Has("status-port") ? null : map.OptionalText("status-port");
        _ = map.Has("attempts") ? null : map.OptionalText("attempts");
        map.Finish();
        return unseal;
    }

    private static KmsRecipe? ReadKms(YamlMap? map)
    {
        if (map is null)
        {
            return null;
        }

        KmsRecipe kms = new(
            map.Text("region", Matches(RegionPattern(), "a region such as us-east-1")),
            map.OptionalText("endpoint", Matches(EndpointPattern(), "an address such as https://kms.example.com")),
            map.Has("certificates") ? map.Text("certificates", AbsolutePath) : map.Text("certificates", DefaultCertificates));
        map.Finish();
        return kms;
    }

    private static SecretFileRecipe ReadSecretFile(YamlMap map)
    {
        SecretFileRecipe file = new(SecretName(map), map.Text("source", AbsolutePath), SecretVersion(map), map.Position);
        map.Finish();
        return file;
    }

    private static VolumeRecipe ReadVolume(YamlMap map)
    {
        VolumeRecipe volume = new(
            SecretName(map), map.Text("root-hash", Matches(DigestPattern(), "64 lower-case hexadecimal digits")), SecretVersion(map), map.Flag("encrypted"), map.Position);
        map.Finish();
        return volume;
    }

    private static string SecretName(YamlMap map) => map.Text("name", Matches(SecretNamePattern(), "a name of lower-case letters, digits, dots, hyphens and underscores, at most 63"));

    private static string SecretVersion(YamlMap map) =>
        map.Has("version") ? map.Text("version", Matches(SecretVersionPattern(), "a version of letters, digits and .+_~-, at most 64")) : map.Text("version", "1");

    private static void CheckUnseal(Recipe recipe)
    {
        if (recipe.Unseal is not { } unseal)
        {
            return;
        }

        string? problem =
            unseal.User == "root" || !recipe.Users.Any(user => user.Name == unseal.User) ? $"the unsealing program's user \"{unseal.User}\" must be one of \"users\""
            : unseal.User == recipe.Service.User ? $"user \"{unseal.User}\" is the service's; the unsealing program needs one of its own"
            : !recipe.MemoryFileSystems.Any(place => place.Path == "/run") ? "\"unseal\" needs \"/run\" in \"memory\""
            : recipe.MemoryFileSystems.Select(place => place.Path).Concat(recipe.Service.Writable)
                .FirstOrDefault(path => s_unsealFolders.Any(folder => path == folder || IsBelow(path, folder))) is { } taken ? $"\"{taken}\" is process 1's own where there is \"unseal\""
            : Math.Max(unseal.Files.Count, unseal.Volumes.Count) > MostSecrets ? $"more than {MostSecrets} files or volumes"
            : null;
        if (problem is not null)
        {
            throw new UserErrorException($"{unseal.Position}: {problem}");
        }

        CheckTwice(unseal.Files, file => file.Name, file => file.Position, "name");
        CheckTwice(unseal.Volumes, volume => volume.Name, volume => volume.Position, "name");
        CheckTwice(unseal.Volumes, volume => volume.RootHash, volume => volume.Position, "root hash");
        string? encrypted = unseal.Files.Select(file => file.Position).Concat(unseal.Volumes.Where(volume => volume.Encrypted).Select(volume => volume.Position)).FirstOrDefault();
        if (encrypted is not null && unseal.Kms is null)
        {
            throw new UserErrorException($"{encrypted}: what is encrypted needs \"unseal.kms\"", "add region and certificates under unseal.kms");
        }
    }

    private static void CheckTwice<T>(IReadOnlyList<T> items, Func<T, string> key, Func<T, string> position, string noun)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (T item in items)
        {
            if (!seen.Add(key(item)))
            {
                throw new UserErrorException($"{position(item)}: {noun} \"{key(item)}\" is there twice");
            }
        }
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,62}\\z")]
    internal static partial Regex SecretNamePattern();

    [GeneratedRegex("^[A-Za-z0-9.+_~-]{1,64}\\z")]
    internal static partial Regex SecretVersionPattern();

    [GeneratedRegex("^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}\\z")]
    private static partial Regex RegionPattern();

    [GeneratedRegex("^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?\\z")]
    private static partial Regex EndpointPattern();
}
