namespace Mantle.Init.Configuration;

/// <content>The member <c>unseal</c>.</content>
internal static partial class ApplianceConfigurationReader
{
    /// <summary>Most volumes, and most files: their names, keys and blobs pass through one socket's buffer.</summary>
    internal const int MaximumSecrets = 16;

    /// <summary>Folders of PID 1's below /run.</summary>
    private static readonly string[] s_unsealFolders = ["/run/secrets", "/run/volumes", "/run/attest"];

    private static void CheckUnseal(UnsealConfiguration unseal, ApplianceConfiguration configuration)
    {
        Require(IsAbsolute(unseal.Executable), "unseal.exec", "is not an absolute path in its shortest form");
        Require(unseal.UserId is >= 1 and <= int.MaxValue, "unseal.user_id", "is not 1 to 2147483647");
        Require(unseal.GroupId is >= 1 and <= int.MaxValue, "unseal.group_id", "is not 1 to 2147483647");
        Require(unseal.UserId != configuration.Service.UserId, "unseal.user_id", "is the service's");
        Require(unseal.GroupId != configuration.Service.GroupId, "unseal.group_id", "is the service's");
        Require(unseal.StatusPort is null or (>= 1 and <= 65535), "unseal.status_port", "is not 1 to 65535");
        Require(unseal.Attempts is >= 1 and <= 100, "unseal.attempts", "is not 1 to 100");
        Require(configuration.Tmpfs.Any(tmpfs => tmpfs.Path == "/run"), "unseal", "needs a tmpfs at /run");
        foreach (string path in configuration.Tmpfs.Select(tmpfs => tmpfs.Path).Concat(configuration.Service.Writable))
        {
            Require(!s_unsealFolders.Any(folder => path == folder || IsBelow(path, folder)), "unseal", "has its folders below /run taken by a tmpfs or the service");
        }

        if (unseal.Kms is { } kms)
        {
            Require(kms.Region.Length > 0, "unseal.kms.region", "is empty");
            Require(kms.Endpoint is null || kms.Endpoint.StartsWith("https://", StringComparison.Ordinal), "unseal.kms.endpoint", "is not an https address");
            Require(IsAbsolute(kms.Certificates), "unseal.kms.certificates", "is not an absolute path in its shortest form");
        }

        CheckSecrets("unseal.files", unseal.Files, file => (file.Name, file.Version));
        CheckSecrets("unseal.volumes", unseal.Volumes, volume => (volume.Name, volume.Version));
        Require(unseal.Files.All(file => IsAbsolute(file.Source)), "unseal.files.source", "is not an absolute path in its shortest form");
        Require(
            unseal.Volumes.All(volume => volume.RootHash.Length == 64 && volume.RootHash.All(char.IsAsciiHexDigitLower)),
            "unseal.volumes.root_hash", "is not 64 lower-case hexadecimal digits");
        Require(unseal.Volumes.DistinctBy(volume => volume.RootHash).Count() == unseal.Volumes.Count, "unseal.volumes.root_hash", "is given twice");
        Require(unseal.Kms is not null || (unseal.Files.Count == 0 && !unseal.Volumes.Any(volume => volume.Encrypted)), "unseal.kms", "is needed for what is encrypted");
    }

    private static void CheckSecrets<T>(string member, IReadOnlyList<T> items, Func<T, (string Name, string Version)> of)
        where T : class
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        Require(items.Count <= MaximumSecrets, member, "has more than 16 entries");
        foreach (T item in items)
        {
            Require(item is not null, member, "has an empty entry");
            (string name, string version) = of(item!);
            Require(IsSecretName(name), member, "has a name that is not 1 to 63 of a-z, 0-9, dot, hyphen and underscore");
            Require(names.Add(name), member, "names two entries the same");
            Require(version.Length is >= 1 and <= 64 && version.All(char.IsAscii) && !version.Any(char.IsControl), member, "has a version that is not 1 to 64 printable characters");
        }
    }

    private static bool IsSecretName(string name) =>
        name.Length is >= 1 and <= 63 && (char.IsAsciiLetterLower(name[0]) || char.IsAsciiDigit(name[0]))
        && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter is '.' or '-' or '_');
}
