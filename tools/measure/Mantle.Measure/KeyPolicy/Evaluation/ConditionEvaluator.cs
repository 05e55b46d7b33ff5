using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Mantle.Measure.KeyPolicy.Documents;

namespace Mantle.Measure.KeyPolicy.Evaluation;

/// <summary>
/// Whether one condition holds (IAM User Guide, "Condition operators", "Conditions with multiple context keys or values",
/// "Single-valued vs. multivalued context keys").
/// </summary>
internal static class ConditionEvaluator
{
    public static bool Holds(ConditionClause clause, RequestContext context, bool hasVariables)
    {
        ConditionOperator @operator = clause.Operator;
        bool present = context.TryGet(clause.Key, out IReadOnlyList<string>? values);
        if (@operator.Comparison == ConditionComparison.Null)
        {
            return clause.Values.Values.Any(wanted => bool.TryParse(wanted, out bool absent) && absent != present);
        }

        if (!present)
        {
            return @operator.IsIfExists || @operator.Quantifier switch
            {
                ConditionQuantifier.All => true,
                ConditionQuantifier.Any => false,
                _ => @operator.IsNegated,
            };
        }

        RequestContext? variables = hasVariables ? context : null;
        bool Agrees(string value) => clause.Values.Values.Any(wanted => Matches(@operator.Comparison, value, wanted, variables)) != @operator.IsNegated;
        return @operator.Quantifier switch
        {
            // A value that is empty counts as none.
            ConditionQuantifier.All => values!.All(value => value.Length == 0 || Agrees(value)),
            ConditionQuantifier.Any => values!.Any(Agrees),
            // Several values without a set operator: AWS asks not to do so and does not say what comes out. One that matches is taken to be enough.
            _ => @operator.IsNegated ? values!.All(Agrees) : values!.Any(Agrees),
        };
    }

    private static bool Matches(ConditionComparison comparison, string value, string wanted, RequestContext? variables)
    {
        switch (comparison)
        {
            case ConditionComparison.StringEquals:
                return Pattern.Expand(wanted, variables) is { } equal && equal.Literal == value;
            case ConditionComparison.StringEqualsIgnoreCase:
                return Pattern.Expand(wanted, variables) is { } same && same.Literal.Equals(value, StringComparison.OrdinalIgnoreCase);
            case ConditionComparison.StringLike:
                return Pattern.Expand(wanted, variables) is { } like && like.IsLike(value);
            case ConditionComparison.Arn:
                return Pattern.Expand(wanted, variables) is { } arn && arn.IsLikeArn(value);
            case ConditionComparison.Bool:
                return wanted.Equals(value, StringComparison.OrdinalIgnoreCase) && bool.TryParse(wanted, out _);
            case ConditionComparison.BinaryEquals:
                return TryDecode(wanted) is { } expected && TryDecode(value) is { } actual && expected.AsSpan().SequenceEqual(actual);
            case ConditionComparison.IpAddress:
                return IsInside(value, wanted);
            case >= ConditionComparison.NumericEquals and <= ConditionComparison.NumericGreaterThanEquals:
                return TryNumber(value) is { } number && TryNumber(wanted) is { } limit && Compares(comparison - ConditionComparison.NumericEquals, number.CompareTo(limit));
            default:
                return TryDate(value) is { } date && TryDate(wanted) is { } bound && Compares(comparison - ConditionComparison.DateEquals, date.CompareTo(bound));
        }
    }

    /// <summary>Numeric and date comparisons stand in the same order: equal, less, less or equal, greater, greater or equal.</summary>
    private static bool Compares(int which, int order) => which switch
    {
        0 => order == 0,
        1 => order < 0,
        2 => order <= 0,
        3 => order > 0,
        _ => order >= 0,
    };

    private static byte[]? TryDecode(string base64)
    {
        byte[] bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out int length) ? bytes[..length] : null;
    }

    private static decimal? TryNumber(string text) =>
        decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number) ? number : null;

    /// <summary>A date of W3C's profile of ISO 8601, or seconds of the Unix epoch.</summary>
    internal static DateTimeOffset? TryDate(string text)
    {
        if (text.Length > 0 && text.All(char.IsAsciiDigit) && text.Length > 4)
        {
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) && seconds <= 253_402_300_799
                ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
        }

        return DateTimeOffset.TryParseExact(
            text,
            ["yyyy", "yyyy-MM", "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"],
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out DateTimeOffset date) ? date : null;
    }

    private static bool IsInside(string value, string range)
    {
        string[] parts = range.Split('/');
        if (parts.Length > 2 || !IPAddress.TryParse(parts[0], out IPAddress? network) || !IPAddress.TryParse(value, out IPAddress? address)
            || network.AddressFamily != address.AddressFamily)
        {
            return false;
        }

        int most = network.AddressFamily == AddressFamily.InterNetwork ? 32 : 128, bits = most;
        if (parts.Length == 2 && !(int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out bits) && bits <= most))
        {
            return false;
        }

        byte[] one = network.GetAddressBytes(), other = address.GetAddressBytes();
        for (int bit = 0; bit < bits; bit++)
        {
            int mask = 0x80 >> (bit & 7);
            if (((one[bit >> 3] ^ other[bit >> 3]) & mask) != 0)
            {
                return false;
            }
        }

        return true;
    }
}
