using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Efi;

/// <summary>
/// EFI_VARIABLE_AUTHENTICATION_2 with its payload (UEFI 2.10, 8.2.6): what SetVariable takes for PK, KEK, db and dbx, and what files named
/// <c>.auth</c> hold.
/// </summary>
/// <param name="Timestamp">EFI_TIME, 16 bytes.</param>
/// <param name="Signature">PKCS#7 SignedData, detached. It is not checked here.</param>
/// <param name="Payload">The variable's new content.</param>
public sealed record AuthenticatedUpdate(ReadOnlyMemory<byte> Timestamp, ReadOnlyMemory<byte> Signature, ReadOnlyMemory<byte> Payload)
{
    internal const int TimeSize = 16;

    private const string Format = "efi authenticated variable";
    private const int CertificateHeaderSize = 24;
    private const ushort Revision = 0x0200;
    private const ushort EfiGuidCertificate = 0x0ef1;

    /// <summary>Reads an update that fills the bytes, which are not copied.</summary>
    /// <exception cref="MalformedInputException">They are no such update.</exception>
    public static AuthenticatedUpdate Read(ReadOnlyMemory<byte> bytes)
    {
        SpanReader reader = new(bytes.Span, Format);
        ReadOnlySpan<byte> time = reader.ReadBytes(TimeSize);
        if (time[7] != 0 || time[8..].ContainsAnyExcept((byte)0))
        {
            throw new MalformedInputException(Format, 7, "the time stamp has more than a date and a time of day");
        }

        uint length = reader.ReadUInt32LittleEndian();
        ushort revision = reader.ReadUInt16LittleEndian();
        ushort type = reader.ReadUInt16LittleEndian();
        Guid certificateType = reader.ReadGuid();
        if (revision != Revision || type != EfiGuidCertificate || certificateType != EfiGuids.Pkcs7)
        {
            throw new MalformedInputException(Format, TimeSize, $"a certificate of revision 0x{revision:x4}, type 0x{type:x4} and {certificateType} is not PKCS#7");
        }

        return length > CertificateHeaderSize && length <= bytes.Length - TimeSize
            ? new(
                bytes[..TimeSize],
                bytes.Slice(TimeSize + CertificateHeaderSize, (int)length - CertificateHeaderSize),
                bytes[(TimeSize + (int)length)..])
            : throw new MalformedInputException(Format, TimeSize, $"a certificate of {length} bytes does not fit {bytes.Length - TimeSize}");
    }

    /// <summary>The update's bytes.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = new byte[TimeSize + CertificateHeaderSize + Signature.Length + Payload.Length];
        Timestamp.Span.CopyTo(bytes);
        Span<byte> certificate = bytes.AsSpan(TimeSize);
        BinaryPrimitives.WriteInt32LittleEndian(certificate, CertificateHeaderSize + Signature.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(certificate[4..], Revision);
        BinaryPrimitives.WriteUInt16LittleEndian(certificate[6..], EfiGuidCertificate);
        EfiGuids.Pkcs7.TryWriteBytes(certificate[8..]);
        Signature.Span.CopyTo(certificate[CertificateHeaderSize..]);
        Payload.Span.CopyTo(certificate[(CertificateHeaderSize + Signature.Length)..]);
        return bytes;
    }
}
