using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Efi;

/// <summary>
/// EC2's UefiData, the non-volatile variables of an image or an instance: base64 of the magic <c>AMZNUEFI</c>, a CRC-32C of what follows, version 0 and
/// a zlib stream with EC2's preset dictionary over the variables (awslabs/python-uefivars; EC2 User Guide, "UEFI variables").
/// </summary>
public static class UefiData
{
    /// <summary>Longest text that RegisterImage takes, in characters.</summary>
    public const int MaximumLength = 64_000;

    internal const string Format = "uefi data";

    private const int HeaderSize = 16;
    private const int LargestName = 4096;
    private const int LargestDigest = 64;

    /// <summary>Larger than the variable store of any instance, in bytes.</summary>
    private const int MaximumInflatedSize = 1 << 20;

    private static ReadOnlySpan<byte> Magic => "AMZNUEFI"u8;

    /// <summary>Reads the base64 text; white space around it is passed over.</summary>
    /// <param name="text">The text.</param>
    /// <param name="dictionary">EC2's preset dictionary, 11,381 bytes; without it only what does not refer to it can be read, for example what
    /// <see cref="Write"/> made.</param>
    /// <exception cref="MalformedInputException">It is no such text.</exception>
    public static IReadOnlyList<EfiVariable> Read(ReadOnlySpan<byte> text, ReadOnlySpan<byte> dictionary = default)
    {
        ReadOnlySpan<byte> trimmed = text.Trim(" \t\r\n"u8);
        if (trimmed.Length > MaximumLength)
        {
            throw new MalformedInputException(Format, MaximumLength, $"{trimmed.Length} characters are more than the {MaximumLength} that EC2 takes");
        }

        byte[] blob = new byte[Base64.GetMaxDecodedFromUtf8Length(trimmed.Length)];
        return Base64.DecodeFromUtf8(trimmed, blob, out _, out int length) == System.Buffers.OperationStatus.Done
            ? ReadBlob(blob.AsMemory(0, length), dictionary)
            : throw new MalformedInputException(Format, 0, "the text is not base64");
    }

    /// <summary>Reads the blob behind the base64 text.</summary>
    /// <param name="blob">Its bytes.</param>
    /// <param name="dictionary">As in <see cref="Read"/>.</param>
    /// <exception cref="MalformedInputException">It is no such blob.</exception>
    public static IReadOnlyList<EfiVariable> ReadBlob(ReadOnlyMemory<byte> blob, ReadOnlySpan<byte> dictionary = default)
    {
        SpanReader reader = new(blob.Span, Format);
        if (!reader.ReadBytes(Magic.Length).SequenceEqual(Magic))
        {
            throw new MalformedInputException(Format, 0, "does not start with AMZNUEFI");
        }

        uint checksum = reader.ReadUInt32LittleEndian();
        if (checksum != Crc32C(blob.Span[reader.Position..]))
        {
            throw new MalformedInputException(Format, Magic.Length, "the checksum is not that of the content");
        }

        uint version = reader.ReadUInt32LittleEndian();
        return version == 0
            ? ReadVariables(UefiDataCompression.Inflate(blob[HeaderSize..], dictionary, MaximumInflatedSize))
            : throw new MalformedInputException(Format, Magic.Length + 4, $"version {version} is not known, 0 is");
    }

    /// <summary>Writes the base64 text: the same variables are the same text.</summary>
    public static string Write(IEnumerable<EfiVariable> variables)
    {
        byte[] stream = UefiDataCompression.Deflate(WriteVariables([.. variables]));
        byte[] blob = new byte[HeaderSize + stream.Length];
        Magic.CopyTo(blob);
        stream.CopyTo(blob, HeaderSize);
        BinaryPrimitives.WriteUInt32LittleEndian(blob.AsSpan(Magic.Length), Crc32C(blob.AsSpan(Magic.Length + 4)));
        return Convert.ToBase64String(blob);
    }

    private static List<EfiVariable> ReadVariables(ReadOnlyMemory<byte> bytes)
    {
        SpanReader reader = new(bytes.Span, Format);
        ulong count = reader.ReadUInt64LittleEndian();
        List<EfiVariable> variables = [];
        for (ulong i = 0; i < count; i++)
        {
            // Each takes more than its four lengths, so a wrong count ends at the end of the bytes.
            ReadOnlyMemory<byte> name = ReadSized(ref reader, bytes, LargestName);
            ReadOnlyMemory<byte> content = ReadSized(ref reader, bytes, bytes.Length);
            Guid vendor = reader.ReadGuid();
            EfiVariableAttributes attributes = (EfiVariableAttributes)(int)(reader.ReadUInt32LittleEndian() & int.MaxValue);
            EfiVariable variable = new(vendor, Name(name.Span, reader.Offset), attributes, content);
            if ((attributes & EfiVariableAttributes.TimeBasedAuthenticatedWriteAccess) != 0)
            {
                int time = reader.Position;
                reader.Skip(AuthenticatedUpdate.TimeSize);
                variable = variable with
                {
                    Timestamp = bytes.Slice(time, AuthenticatedUpdate.TimeSize),
                    CertificateDigest = ReadSized(ref reader, bytes, LargestDigest),
                };
            }

            variables.Add(variable);
        }

        return reader.Remaining == 0 ? variables : throw reader.Malformed($"{reader.Remaining} bytes behind the last variable");
    }

    private static ReadOnlyMemory<byte> ReadSized(ref SpanReader reader, ReadOnlyMemory<byte> bytes, int largest)
    {
        ulong size = reader.ReadUInt64LittleEndian();
        if (size > (ulong)largest)
        {
            throw reader.Malformed($"a field of {size} bytes, {largest} are possible");
        }

        int at = reader.Position;
        reader.Skip((int)size);
        return bytes.Slice(at, (int)size);
    }

    private static string Name(ReadOnlySpan<byte> utf8, long offset)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            throw new MalformedInputException(Format, offset, "a variable's name is not UTF-8");
        }
    }

    private static byte[] WriteVariables(IReadOnlyList<EfiVariable> variables)
    {
        using MemoryStream output = new();
        using BinaryWriter writer = new(output);
        writer.Write((ulong)variables.Count);
        foreach (EfiVariable variable in variables)
        {
            byte[] name = Encoding.UTF8.GetBytes(variable.Name);
            writer.Write((ulong)name.Length);
            writer.Write(name);
            writer.Write((ulong)variable.Content.Length);
            writer.Write(variable.Content.Span);
            writer.Write(variable.Vendor.ToByteArray());
            writer.Write((uint)variable.Attributes);
            if ((variable.Attributes & EfiVariableAttributes.TimeBasedAuthenticatedWriteAccess) != 0)
            {
                // A variable that nobody has written yet has a time and a digest of zeros.
                writer.Write(variable.Timestamp.IsEmpty ? new byte[AuthenticatedUpdate.TimeSize] : variable.Timestamp.Span);
                ReadOnlySpan<byte> digest = variable.CertificateDigest.IsEmpty ? new byte[32] : variable.CertificateDigest.Span;
                writer.Write((ulong)digest.Length);
                writer.Write(digest);
            }
        }

        writer.Flush();
        return output.ToArray();
    }

    /// <summary>CRC-32C (Castagnoli), reflected, as iSCSI has it.</summary>
    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc = System.Numerics.BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
