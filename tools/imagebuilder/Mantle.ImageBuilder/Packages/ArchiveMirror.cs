namespace Mantle.ImageBuilder.Packages;

/// <summary>Where the archive's files are fetched from. Debian keeps security updates in an archive of their own.</summary>
/// <param name="Main">Root of the main archive (the folder that holds <c>dists</c> and <c>pool</c>).</param>
/// <param name="Security">Root of the security archive.</param>
public sealed record ArchiveMirror(Uri Main, Uri Security)
{
    /// <summary>The address of a file.</summary>
    /// <param name="suite">Suite of the file; one that ends in <c>-security</c> lives in the security archive.</param>
    /// <param name="path">Path below the archive's root.</param>
    public Uri Locate(string suite, string path)
    {
        Uri root = suite.EndsWith("-security", StringComparison.Ordinal) ? Security : Main;
        return new Uri($"{root.AbsoluteUri.TrimEnd('/')}/{path.TrimStart('/')}");
    }

    /// <summary>An address as a message shows it: without the user name and password that it may hold.</summary>
    internal static string Show(Uri address) => address.GetComponents(UriComponents.AbsoluteUri & ~UriComponents.UserInfo, UriFormat.UriEscaped);
}
