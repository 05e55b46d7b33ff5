using System.Text;

namespace Mantle.Measure.Connection;

/// <summary>How an attestation document says which TLS key is its machine's: in the user data, in words that no other use of a document has.</summary>
public static class TlsBinding
{
    private const string Prefix = "mantle.tls-spki-sha256.v1:";

    /// <summary>The user data for a key.</summary>
    /// <param name="keyDigest">SHA-256 of its SubjectPublicKeyInfo.</param>
    public static byte[] UserData(ReadOnlySpan<byte> keyDigest) => Encoding.ASCII.GetBytes(Prefix + Convert.ToHexStringLower(keyDigest));

    /// <summary>Describes user data for a person.</summary>
    internal static string Describe(ReadOnlyMemory<byte>? userData) =>
        userData is not { } bytes ? "the document vouches for no key"
        : Encoding.Latin1.GetString(bytes.Span) is var text && text.StartsWith(Prefix, StringComparison.Ordinal) ? $"the document vouches for the key {text[Prefix.Length..]}"
        : "the document's user data is about something else than a key";
}
