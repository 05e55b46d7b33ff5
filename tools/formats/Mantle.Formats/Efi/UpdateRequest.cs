using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Pe.Signing;

namespace Mantle.Formats.Efi;

/// <summary>
/// An update of an authenticated variable that is yet to be signed (UEFI 2.10, 8.2.2, "Using the EFI_VARIABLE_AUTHENTICATION_2 descriptor"): the bytes to be
/// signed by RSASSA-PKCS1-v1_5 with SHA-256, and what turns their signature into a file named <c>.auth</c>.
/// </summary>
public sealed class UpdateRequest
{
    private readonly EfiVariable _variable;
    private readonly byte[] _timestamp;
    private readonly SigningCertificate _signer;
    private readonly byte[] _toBeSigned;

    /// <summary>Prepares an update.</summary>
    /// <param name="variable">What the variable shall become.</param>
    /// <param name="time">Time of the update; firmware takes only what is newer than what it has. Whole seconds, kept as UTC.</param>
    /// <param name="signer">Certificate of the key that may write the variable: PK for PK and KEK, PK or KEK for db and dbx.</param>
    /// <exception cref="ArgumentException">The signer's key is not RSA.</exception>
    public UpdateRequest(EfiVariable variable, DateTimeOffset time, SigningCertificate signer)
    {
        using RSA key = signer.ReadRsaKey() ?? throw new ArgumentException($"the certificate of {signer.SubjectText} has no RSA key", nameof(signer));
        _variable = variable;
        _timestamp = EfiTime(time);
        _signer = signer;
        _toBeSigned = SignedBytes(variable.Name, variable.Vendor, variable.Attributes, _timestamp, variable.Content.Span);
    }

    /// <summary>Name without a final NUL, vendor, attributes, time, content.</summary>
    public ReadOnlyMemory<byte> ToBeSigned => _toBeSigned;

    /// <summary>The update with its signature.</summary>
    /// <exception cref="ArgumentException">It is not the signer's signature over these bytes.</exception>
    public AuthenticatedUpdate Complete(ReadOnlySpan<byte> signature)
    {
        using RSA key = _signer.ReadRsaKey()!;
        return key.VerifyData(_toBeSigned, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)

            // EDK2 wants SignedData without the ContentInfo around it (AuthVariableLib, VerifyTimeBasedPayload), and no attributes.
            ? new(_timestamp, SignedDataWriter.Write(SignedDataWriter.Data, [], [_signer], [], signature), _variable.Content)
            : throw new ArgumentException($"this is not a signature of {_signer.SubjectText} over these bytes", nameof(signature));
    }

    /// <summary>EFI_TIME (UEFI 2.10, 8.3) of whole seconds; what else it could say has to be zero here.</summary>
    public static byte[] EfiTime(DateTimeOffset time)
    {
        DateTime utc = time.UtcDateTime;
        byte[] bytes = new byte[AuthenticatedUpdate.TimeSize];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)utc.Year);
        bytes[2] = (byte)utc.Month;
        bytes[3] = (byte)utc.Day;
        bytes[4] = (byte)utc.Hour;
        bytes[5] = (byte)utc.Minute;
        bytes[6] = (byte)utc.Second;
        return bytes;
    }

    internal static byte[] SignedBytes(string name, Guid vendor, EfiVariableAttributes attributes, ReadOnlySpan<byte> timestamp, ReadOnlySpan<byte> content)
    {
        byte[] number = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(number, (uint)attributes);
        return [.. Encoding.Unicode.GetBytes(name), .. vendor.ToByteArray(), .. number, .. timestamp, .. content];
    }
}
