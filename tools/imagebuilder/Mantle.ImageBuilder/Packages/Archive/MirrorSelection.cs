using Mantle.Measure;

namespace Mantle.ImageBuilder.Packages.Archive;

/// <summary>Decides which mirror is used: the command line, else the environment variable, else this machine's apt.</summary>
public static class MirrorSelection
{
    /// <summary>Name of the environment variable: the main archive's address, optionally followed by a blank and the security archive's.</summary>
    public const string EnvironmentVariable = "MANTLE_MIRROR";

    private const string Hint = "give one with --mirror URL (the folder that holds \"dists\" and \"pool\") or in the environment variable MANTLE_MIRROR";

    /// <summary>Chooses the mirror.</summary>
    /// <param name="mirror">Value of <c>--mirror</c>, or null.</param>
    /// <param name="securityMirror">Value of <c>--security-mirror</c>, or null: <c>-security</c> is added to a main address that ends in <c>/debian</c>.</param>
    /// <param name="environment">Value of <see cref="EnvironmentVariable"/>, or null.</param>
    /// <param name="aptFolder">apt's configuration folder, normally <c>/etc/apt</c>.</param>
    /// <exception cref="UserErrorException">No mirror is known, or an address is not usable.</exception>
    public static ArchiveMirror Choose(string? mirror, string? securityMirror, string? environment, string aptFolder = "/etc/apt")
    {
        Uri? security = securityMirror is null ? null : Parse(securityMirror, "--security-mirror");
        if (mirror is not null)
        {
            return Complete(Parse(mirror, "--mirror"), security);
        }

        if (!string.IsNullOrWhiteSpace(environment))
        {
            string[] words = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return words.Length > 2
                ? throw new UserErrorException($"{EnvironmentVariable} has {words.Length} words", "it holds the main and at most the security archive's address", ExitCode.Usage)
                : Complete(Parse(words[0], EnvironmentVariable), security ?? (words.Length == 2 ? Parse(words[1], EnvironmentVariable) : null));
        }

        (Uri? main, Uri? aptSecurity) = AptSources.Find(aptFolder);
        return main is null
            ? throw new UserErrorException($"no Debian mirror: \"{aptFolder}\" names none", Hint, ExitCode.Environment)
            : Complete(main, security ?? aptSecurity);
    }

    /// <summary>The address of the security archive that belongs to a main archive by Debian's customary names, or null.</summary>
    internal static Uri? SecurityOf(Uri main)
    {
        string address = main.AbsoluteUri.TrimEnd('/');
        return address.EndsWith("/debian", StringComparison.Ordinal) ? new Uri(address + "-security") : null;
    }

    private static ArchiveMirror Complete(Uri main, Uri? security) => new(main, security ?? SecurityOf(main) ?? throw new UserErrorException(
        $"the security archive that belongs to \"{ArchiveMirror.Show(main)}\" is unknown, as the address does not end in \"/debian\"", "give it with --security-mirror URL", ExitCode.Usage));

    /// <summary>Parses an address that a user gave.</summary>
    /// <param name="address">The address.</param>
    /// <param name="origin">The option or variable, for the error.</param>
    internal static Uri Parse(string address, string origin) =>
        Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" or "file" && uri.Query.Length == 0
            ? uri
            : throw new UserErrorException($"{origin}: \"{address}\" is not a http, https or file address", Hint, ExitCode.Usage);
}
