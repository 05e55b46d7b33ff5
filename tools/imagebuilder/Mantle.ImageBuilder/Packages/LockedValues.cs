using System.Buffers;

namespace Mantle.ImageBuilder.Packages;

/// <summary>The forms that values of an index and of the lock must have before anything is fetched or written by them.</summary>
internal static class LockedValues
{
    private static readonly SearchValues<char> s_hexadecimal = SearchValues.Create("0123456789abcdef");
    private static readonly SearchValues<char> s_name = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789+-.");
    private static readonly SearchValues<char> s_suite = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");
    private static readonly SearchValues<char> s_path =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-._~:/");

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public static bool IsSha256(string text) => text.Length == 64 && !text.AsSpan().ContainsAnyExcept(s_hexadecimal);

    /// <summary>A package name by Debian Policy 5.6.1: two characters or more of <c>a-z0-9+-.</c>, the first a letter or digit.</summary>
    public static bool IsPackageName(string text) =>
        text.Length >= 2 && char.IsAsciiLetterOrDigit(text[0]) && !text.AsSpan().ContainsAnyExcept(s_name);

    /// <summary>A suite or codename; it becomes a part of a path, so it has no slash and no dot.</summary>
    public static bool IsSuite(string text) =>
        text.Length is > 0 and <= 64 && char.IsAsciiLetter(text[0]) && !text.AsSpan().ContainsAnyExcept(s_suite);

    /// <summary>A relative path that stays below the archive's root.</summary>
    public static bool IsArchivePath(string text)
    {
        if (text.Length is 0 or > 1024 || text.AsSpan().ContainsAnyExcept(s_path))
        {
            return false;
        }

        foreach (Range part in text.AsSpan().Split('/'))
        {
            if (text.AsSpan()[part] is "" or "." or "..")
            {
                return false;
            }
        }

        return true;
    }
}
