using System.Globalization;

namespace Mantle.Measure.KeyPolicy.Evaluation;

/// <summary>The SHA-384 PCRs of an attestation document, as condition keys see them.</summary>
public sealed record AttestedPcrs
{
    /// <summary>Hexadecimal digits of a SHA-384 value.</summary>
    public const int HexLength = 96;

    private const string KeyPrefix = "kms:RecipientAttestation:NitroTPMPCR";

    /// <summary>A text for people, for example a release's name.</summary>
    public required string Name { get; init; }

    /// <summary>Lower-case hexadecimal by PCR.</summary>
    public required IReadOnlyDictionary<int, string> Values { get; init; }

    /// <summary>The PCRs that a policy has to bind together: boot file, Secure Boot, command line extras, system extensions.</summary>
    public static IReadOnlyList<int> Bound { get; } = [4, 7, 12, 13];

    /// <summary>A register that nobody extended.</summary>
    public static string Zero { get; } = new('0', HexLength);

    /// <summary>The value of a bound PCR.</summary>
    public string this[int pcr] => Values[pcr];

    /// <summary>The condition key of a PCR (KMS Developer Guide, "Condition keys for NitroTPM").</summary>
    public static string KeyOf(int pcr) => KeyPrefix + pcr.ToString(CultureInfo.InvariantCulture);

    /// <summary>The PCR of a condition key, or null when it is no such key.</summary>
    public static int? PcrOf(string key) =>
        key.StartsWith(KeyPrefix, StringComparison.OrdinalIgnoreCase)
        && int.TryParse(key.AsSpan(KeyPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int pcr) && pcr <= 23 ? pcr : null;

    /// <summary>The same with another value.</summary>
    public AttestedPcrs With(int pcr, string value, string name) => new() { Name = name, Values = new Dictionary<int, string>(Values) { [pcr] = value } };

    /// <summary>Whether the bound PCRs are the same.</summary>
    public bool Equals4(AttestedPcrs other) => Bound.All(pcr => Values.GetValueOrDefault(pcr) == other.Values.GetValueOrDefault(pcr));

    /// <summary>Puts the values into a request's context.</summary>
    public void AddTo(RequestContext context)
    {
        foreach ((int pcr, string value) in Values)
        {
            context.Set(KeyOf(pcr), value);
        }
    }
}
