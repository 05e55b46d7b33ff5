using System.Diagnostics.CodeAnalysis;

namespace Mantle.ImageBuilder.Packages.Debian;

/// <summary>
/// A Debian version, <c>[epoch:]upstream-version[-debian-revision]</c>, ordered as Debian Policy 5.6.12 says: epochs as numbers, then the two
/// other parts by alternating runs of non-digits (where <c>~</c> sorts before the end and letters before other characters) and digits.
/// </summary>
internal readonly struct DebianVersion : IComparable<DebianVersion>, IEquatable<DebianVersion>
{
    private readonly int _epoch;
    private readonly string _text;
    private readonly int _upstreamStart;
    private readonly int _revisionStart; // _text.Length + 1 when there is no revision

    private DebianVersion(string text, int epoch, int upstreamStart, int revisionStart) =>
        (_text, _epoch, _upstreamStart, _revisionStart) = (text, epoch, upstreamStart, revisionStart);

    private ReadOnlySpan<char> Upstream => _text.AsSpan(_upstreamStart, _revisionStart - 1 - _upstreamStart);

    private ReadOnlySpan<char> Revision => _revisionStart > _text.Length ? default : _text.AsSpan(_revisionStart);

    /// <summary>Parses a version; false when it is not one by dpkg's rules.</summary>
    public static bool TryParse(string text, out DebianVersion version)
    {
        version = default;
        int epoch = 0;
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0)
        {
            ReadOnlySpan<char> digits = text.AsSpan(0, colon);
            if (digits.IsEmpty || digits.ContainsAnyExceptInRange('0', '9') || !int.TryParse(digits, out epoch))
            {
                return false;
            }
        }

        int upstream = colon + 1;
        int hyphen = text.LastIndexOf('-');
        int revision = hyphen < upstream ? text.Length + 1 : hyphen + 1;
        DebianVersion parsed = new(text, epoch, upstream, revision);
        if (parsed.Upstream.IsEmpty || revision == text.Length
            || !IsMadeOf(parsed.Upstream, revisionRules: false) || !IsMadeOf(parsed.Revision, revisionRules: true))
        {
            return false;
        }

        version = parsed;
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(DebianVersion other)
    {
        int epochs = _epoch.CompareTo(other._epoch);
        if (epochs != 0)
        {
            return epochs;
        }

        int upstream = ComparePart(Upstream, other.Upstream);
        return upstream != 0 ? upstream : ComparePart(Revision, other.Revision);
    }

    /// <inheritdoc/>
    public bool Equals(DebianVersion other) => CompareTo(other) == 0;

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is DebianVersion other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _epoch; // versions of different spelling can be equal

    /// <inheritdoc/>
    public override string ToString() => _text ?? "";

    private static bool IsMadeOf(ReadOnlySpan<char> part, bool revisionRules)
    {
        foreach (char c in part)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '+' or '~') && (revisionRules || c is not ('-' or ':')))
            {
                return false;
            }
        }

        return true;
    }

    private static int ComparePart(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        int i = 0;
        int j = 0;
        while (i < a.Length || j < b.Length)
        {
            while ((i < a.Length && !char.IsAsciiDigit(a[i])) || (j < b.Length && !char.IsAsciiDigit(b[j])))
            {
                int order = Order(a, i) - Order(b, j);
                if (order != 0)
                {
                    return order;
                }

                i++;
                j++;
            }

            int digits = CompareDigits(a, ref i, b, ref j);
            if (digits != 0)
            {
                return digits;
            }
        }

        return 0;
    }

    /// <summary>Compares two runs of digits as numbers of any length; both positions end behind their run.</summary>
    private static int CompareDigits(ReadOnlySpan<char> a, ref int i, ReadOnlySpan<char> b, ref int j)
    {
        ReadOnlySpan<char> x = TakeNumber(a, ref i);
        ReadOnlySpan<char> y = TakeNumber(b, ref j);
        return x.Length != y.Length ? x.Length - y.Length : x.SequenceCompareTo(y);
    }

    private static ReadOnlySpan<char> TakeNumber(ReadOnlySpan<char> text, ref int at)
    {
        int start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return text[start..at].TrimStart('0');
    }

    /// <summary>The end and a digit sort as zero, <c>~</c> before them, letters behind, everything else behind letters.</summary>
    private static int Order(ReadOnlySpan<char> text, int at) =>
        at >= text.Length || char.IsAsciiDigit(text[at]) ? 0
        : text[at] == '~' ? -1
        : char.IsAsciiLetter(text[at]) ? text[at]
        : text[at] + 256;
}
