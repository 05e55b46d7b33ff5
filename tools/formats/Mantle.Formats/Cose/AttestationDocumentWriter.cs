using System.Formats.Cbor;

namespace Mantle.Formats.Cose;

/// <summary>
/// Writes attestation documents as the Nitro hypervisor does: the fields in its order, the payload an indefinite-length map, the message untagged. Who signs
/// is the caller's affair; without AWS's key no verifier that is in its right mind accepts the result.
/// </summary>
public static class AttestationDocumentWriter
{
    /// <summary>The payload, which is what gets signed.</summary>
    /// <param name="document">The content; not checked, so that tests can write documents that break rules.</param>
    /// <param name="isIndefinite">Whether the map has no length in front, as real documents have not.</param>
    public static byte[] WritePayload(AttestationDocument document, bool isIndefinite = true)
    {
        CborWriter writer = new(CborConformanceMode.Lax);
        writer.WriteStartMap(isIndefinite ? null : 9);
        writer.WriteTextString("module_id");
        writer.WriteTextString(document.ModuleId);
        writer.WriteTextString("digest");
        writer.WriteTextString(document.Digest);
        writer.WriteTextString("timestamp");
        writer.WriteUInt64(document.TimestampMilliseconds);
        writer.WriteTextString(document.Kind == AttestationKind.NitroTpm ? "nitrotpm_pcrs" : "pcrs");
        writer.WriteStartMap(document.Pcrs.Count);
        foreach ((int index, ReadOnlyMemory<byte> value) in document.Pcrs.OrderBy(register => register.Key))
        {
            writer.WriteInt32(index);
            writer.WriteByteString(value.Span);
        }

        writer.WriteEndMap();
        writer.WriteTextString("certificate");
        writer.WriteByteString(document.Certificate.Span);
        writer.WriteTextString("cabundle");
        writer.WriteStartArray(document.CaBundle.Count);
        foreach (ReadOnlyMemory<byte> certificate in document.CaBundle)
        {
            writer.WriteByteString(certificate.Span);
        }

        writer.WriteEndArray();
        WriteOptional(writer, "public_key", document.PublicKey);
        WriteOptional(writer, "user_data", document.UserData);
        WriteOptional(writer, "nonce", document.Nonce);
        writer.WriteEndMap();
        return writer.Encode();
    }

    /// <summary>The signed document.</summary>
    /// <param name="document">The content.</param>
    /// <param name="sign">Signs with ECDSA over P-384 and SHA-384: takes the Sig_structure, returns r and s of 48 bytes each.</param>
    /// <param name="isTagged">Whether tag 18 goes in front; AWS's have none.</param>
    public static byte[] Write(AttestationDocument document, Func<byte[], byte[]> sign, bool isTagged = false) =>
        CoseSign1Writer.Write(WritePayload(document), CoseAlgorithm.Es384, sign, isTagged);

    private static void WriteOptional(CborWriter writer, string name, ReadOnlyMemory<byte>? value)
    {
        writer.WriteTextString(name);
        if (value is { } bytes)
        {
            writer.WriteByteString(bytes.Span);
        }
        else
        {
            writer.WriteNull();
        }
    }
}
