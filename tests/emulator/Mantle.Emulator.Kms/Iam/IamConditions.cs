using System.Globalization;
using System.Net;

namespace Mantle.Emulator.Kms.Iam;

/// <summary>Condition operators (IAM User Guide, "IAM JSON policy elements: Condition operators" and "Set operators for multivalued context keys").</summary>
internal static class IamConditions
{
    /// <summary>Whether the condition holds in the request's context.</summary>
    public static bool Hold(IamCondition condition, IReadOnlyDictionary<string, string[]> context, bool hasVariables)
    {
        string[]? values = context.GetValueOrDefault(condition.Key);
        if (condition.Operator == "Null")
        {
            return condition.Values.Any(value => value.Equals(values is null ? "true" : "false", StringComparison.OrdinalIgnoreCase));
        }

        bool negated = condition.Operator.Contains("Not", StringComparison.Ordinal);
        string positive = condition.Operator.Replace("Not", "", StringComparison.Ordinal);
        bool Satisfies(string value) => condition.Values.Any(wanted => Compare(positive, value, wanted, context, hasVariables)) != negated;
        return condition.Quantifier switch
        {
            "ForAllValues" => values is null || values.All(value => value.Length == 0 || Satisfies(value)),
            "ForAnyValue" => values is null ? condition.IfExists : values.Any(Satisfies),
            _ when values is null => negated || condition.IfExists,
            _ => negated ? values.All(Satisfies) : values.Any(Satisfies),
        };
    }

    private static bool Compare(string comparison, string value, string wanted, IReadOnlyDictionary<string, string[]> context, bool hasVariables)
    {
        if (comparison.StartsWith("String", StringComparison.Ordinal) || comparison.StartsWith("Arn", StringComparison.Ordinal))
        {
            return IamPattern.Fill(wanted, hasVariables, context) is { } filled && comparison switch
            {
                "StringEquals" => IamPattern.Plain(filled) == value,
                "StringEqualsIgnoreCase" => IamPattern.Plain(filled).Equals(value, StringComparison.OrdinalIgnoreCase),
                "StringLike" => IamPattern.Covers(filled, value),
                _ => IamPattern.CoversArn(filled, value),
            };
        }

        if (comparison.StartsWith("Numeric", StringComparison.Ordinal))
        {
            const NumberStyles Styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
            return decimal.TryParse(value, Styles, CultureInfo.InvariantCulture, out decimal number)
                && decimal.TryParse(wanted, Styles, CultureInfo.InvariantCulture, out decimal limit) && Ordered(comparison[7..], number.CompareTo(limit));
        }

        if (comparison.StartsWith("Date", StringComparison.Ordinal))
        {
            return Date(value) is { } date && Date(wanted) is { } bound && Ordered(comparison[4..], date.CompareTo(bound));
        }

        return comparison switch
        {
            "Bool" => value.Equals(wanted, StringComparison.OrdinalIgnoreCase) && bool.TryParse(value, out _),
            "BinaryEquals" => Binary(value) is { } one && Binary(wanted) is { } two && one.AsSpan().SequenceEqual(two),
            _ => IPAddress.TryParse(value, out IPAddress? address) && Network(wanted) is { } network && network.Contains(address),
        };
    }

    private static bool Ordered(string relation, int order) => relation switch
    {
        "Equals" => order == 0,
        "LessThan" => order < 0,
        "LessThanEquals" => order <= 0,
        "GreaterThan" => order > 0,
        _ => order >= 0,
    };

    private static DateTimeOffset? Date(string text)
    {
        // Four digits are a year; more of them, seconds since 1970.
        if (text.Length > 4 && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds))
        {
            return seconds < 253_402_300_800 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
        }

        string[] formats = ["yyyy", "yyyy-MM", "yyyy-MM-dd", "yyyy-MM-ddTHH:mmK", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK"];
        return DateTimeOffset.TryParseExact(text, formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date) ? date : null;
    }

    private static byte[]? Binary(string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static IPNetwork? Network(string text)
    {
        // IPNetwork wants the bits behind the prefix to be zero; policies need not have them so.
        string[] parts = text.Split('/');
        if (parts.Length > 2 || !IPAddress.TryParse(parts[0], out IPAddress? address))
        {
            return null;
        }

        byte[] bytes = address.GetAddressBytes();
        int bits = bytes.Length * 8, length = bits;
        if (parts.Length == 2 && !(int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out length) && length <= bits))
        {
            return null;
        }

        for (int bit = length; bit < bits; bit++)
        {
            bytes[bit / 8] &= (byte)(0xff ^ (0x80 >> (bit % 8)));
        }

        return new(new IPAddress(bytes), length);
    }
}
