using System.Formats.Cbor;

namespace Mantle.Formats.Cose;

/// <summary>Writes a message with one signature (RFC 9052, 4.2) in the form that AWS's documents have.</summary>
public static class CoseSign1Writer
{
    /// <summary>The protected header that names an algorithm and nothing else.</summary>
    public static byte[] WriteProtectedHeader(CoseAlgorithm algorithm)
    {
        CborWriter writer = new();
        writer.WriteStartMap(1);
        writer.WriteInt32(1);
        writer.WriteInt32((int)algorithm);
        writer.WriteEndMap();
        return writer.Encode();
    }

    /// <summary>A signed message.</summary>
    /// <param name="payload">The content.</param>
    /// <param name="algorithm">What the signer does.</param>
    /// <param name="sign">Signs the Sig_structure; for ECDSA the result is r and s of fixed length.</param>
    /// <param name="isTagged">Whether tag 18 goes in front.</param>
    public static byte[] Write(ReadOnlySpan<byte> payload, CoseAlgorithm algorithm, Func<byte[], byte[]> sign, bool isTagged = false)
    {
        byte[] header = WriteProtectedHeader(algorithm);
        return Write(header, payload, sign(CoseSign1.ToBeSigned(header, payload)), isTagged);
    }

    /// <summary>A message of finished parts.</summary>
    public static byte[] Write(ReadOnlySpan<byte> protectedHeader, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> signature, bool isTagged = false)
    {
        CborWriter writer = new();
        if (isTagged)
        {
            writer.WriteTag((CborTag)CoseSign1.Tag);
        }

        writer.WriteStartArray(4);
        writer.WriteByteString(protectedHeader);
        writer.WriteStartMap(0);
        writer.WriteEndMap();
        writer.WriteByteString(payload);
        writer.WriteByteString(signature);
        writer.WriteEndArray();
        return writer.Encode();
    }
}
