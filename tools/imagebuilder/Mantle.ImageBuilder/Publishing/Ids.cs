using System.Buffers;

namespace Mantle.ImageBuilder.Publishing;

/// <summary>Identifiers of EC2, by their form.</summary>
internal static class Ids
{
    private const int MaximumLength = 64;

    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789abcdef");
    private static readonly SearchValues<char> s_regionLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <summary>Whether it is an AMI's.</summary>
    public static bool IsImage(string text) => Is(text, "ami-");

    /// <summary>Whether it is a snapshot's.</summary>
    public static bool IsSnapshot(string text) => Is(text, "snap-");

    /// <summary>Whether it can be a region's name.</summary>
    public static bool IsRegion(string text) => text.Length is > 4 and < 32 && !text.AsSpan().ContainsAnyExcept(s_regionLetters);

    /// <summary>Whether it is an account's number.</summary>
    public static bool IsAccount(string text) => text.Length == 12 && text.All(char.IsAsciiDigit);

    private static bool Is(string text, string prefix) =>
        text.Length > prefix.Length && text.Length <= MaximumLength && text.StartsWith(prefix, StringComparison.Ordinal) && !text.AsSpan(prefix.Length).ContainsAnyExcept(s_digits);
}
