using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.Formats.Pe.Signing;

namespace Mantle.Measure.Prediction;

/// <summary>
/// A file that says what a Secure Boot variable holds, in any of the forms that tools write: signature lists as they are, the same behind an
/// authentication header (<c>.auth</c>) or behind efivarfs' attributes, or a certificate in PEM or DER.
/// </summary>
public static class SignatureListFile
{
    private const string PemLabel = "CERTIFICATE";

    /// <summary>The variable's content.</summary>
    /// <param name="name">The file's name, for messages.</param>
    /// <param name="bytes">The file's bytes.</param>
    /// <param name="owner">SignatureOwner for a certificate, which has none of its own; it is measured.</param>
    /// <exception cref="MalformedInputException">The bytes have the beginning of a form and not its rest.</exception>
    /// <exception cref="UserErrorException">They are in none of the forms, or a certificate needs an owner.</exception>
    public static ReadOnlyMemory<byte> Read(string name, ReadOnlyMemory<byte> bytes, Guid? owner)
    {
        if (bytes.Span.IndexOf("-----BEGIN"u8) >= 0)
        {
            return FromPem(name, Encoding.Latin1.GetString(bytes.Span), owner);
        }

        if (bytes.Span.StartsWith((ReadOnlySpan<byte>)[0x30, 0x82]))
        {
            return FromCertificate(name, bytes, owner);
        }

        ReadOnlyMemory<byte> lists = IsList(bytes.Span) ? bytes
            : TryReadUpdate(bytes, out ReadOnlyMemory<byte> payload) ? payload
            : bytes.Length >= 4 && (IsList(bytes.Span[4..]) || bytes.Length == 4) && EfiVariableFile.ReadAttributes(bytes.Span) != 0 ? bytes[4..]
            : bytes.IsEmpty ? bytes
            : throw new UserErrorException(
                $"\"{name}\" is neither a signature list, an authenticated update, a variable of efivarfs nor a certificate",
                "give what the variable holds, or the certificate that it should hold");
        SignatureDatabase.Read(lists);
        return lists;
    }

    private static ReadOnlyMemory<byte> FromPem(string name, string text, Guid? owner)
    {
        List<SignatureList> lists = [];
        ReadOnlySpan<char> rest = text;
        while (PemEncoding.TryFind(rest, out PemFields fields))
        {
            if (!rest[fields.Label].SequenceEqual(PemLabel))
            {
                throw new UserErrorException($"\"{name}\" holds a {rest[fields.Label]}, not only certificates", "give a file of certificates");
            }

            lists.AddRange(SignatureDatabase.Read(FromCertificate(name, Convert.FromBase64String(rest[fields.Base64Data].ToString()), owner)));
            rest = rest[fields.Location.End..];
        }

        return lists.Count > 0 ? SignatureDatabase.Write(lists) : throw new UserErrorException($"\"{name}\" holds no certificate in PEM", "give a file of certificates");
    }

    private static ReadOnlyMemory<byte> FromCertificate(string name, ReadOnlyMemory<byte> der, Guid? owner)
    {
        SigningCertificate.Read(der);
        return owner is { } known
            ? SignatureDatabase.Write(SignatureList.OfCertificate(known, der))
            : throw new UserErrorException(
                $"\"{name}\" is a certificate, and its signature owner is not given",
                "add --owner GUID: the owner stands in the variable beside the certificate, and both are measured", ExitCode.Usage);
    }

    private static bool IsList(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 28 && EfiGuids.NameOfType(new Guid(bytes[..16])).Length < 36;

    private static bool TryReadUpdate(ReadOnlyMemory<byte> bytes, out ReadOnlyMemory<byte> payload)
    {
        const int TypeOffset = 24;
        payload = default;
        if (bytes.Length < TypeOffset + 16 || new Guid(bytes.Span.Slice(TypeOffset, 16)) != EfiGuids.Pkcs7)
        {
            return false;
        }

        payload = AuthenticatedUpdate.Read(bytes).Payload;
        return true;
    }
}
