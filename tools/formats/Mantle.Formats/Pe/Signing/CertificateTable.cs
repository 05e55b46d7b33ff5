using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Pe.Signing;

/// <summary>
/// Appends signatures to an image (PE/COFF, "The Attribute Certificate Table"). Only the table at the file's end and its entry among the data directories
/// change, and both are outside of the Authenticode digest: what firmware measures into PCR 4 stays as it was.
/// </summary>
public static class CertificateTable
{
    private const ushort Revision = 0x0200;
    private const ushort PkcsSignedData = 0x0002;
    private const int MaximumSize = 1 << 20;

    private static ReadOnlySpan<byte> Padding => [0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>The image with further signatures behind those that it has, in the order given.</summary>
    /// <param name="image">The image.</param>
    /// <param name="signatures">PKCS#7 in DER, one a signature; see <see cref="AuthenticodeRequest.Complete"/>.</param>
    /// <exception cref="MalformedInputException">
    /// The image has no place for the table, or its length is no multiple of 8: the padding that the table needs would be hashed, and so change the digest.
    /// </exception>
    public static ByteSource Append(PeImage image, params IReadOnlyList<ReadOnlyMemory<byte>> signatures)
    {
        if (image.DataDirectories.Count <= PeDataDirectory.CertificateTable)
        {
            throw new MalformedInputException(PeImage.Format, image.OptionalHeaderOffset, $"{image.DataDirectories.Count} data directories have none for the certificate table");
        }

        long tableStart = image.Source.Length - image.CertificateTable.Size;
        if (tableStart % PeCertificate.Alignment != 0)
        {
            throw new MalformedInputException(PeImage.Format, tableStart, $"{tableStart} bytes are no multiple of {PeCertificate.Alignment}: a signature would change the digest that it signs");
        }

        byte[] added = Write(signatures);
        long size = image.CertificateTable.Size + added.Length;
        if (size > MaximumSize || tableStart + size > uint.MaxValue)
        {
            throw new MalformedInputException(PeImage.Format, tableStart, $"a certificate table of {size} bytes; {MaximumSize} are possible");
        }

        byte[] directory = new byte[PeDataDirectory.EntrySize];
        BinaryPrimitives.WriteUInt32LittleEndian(directory, (uint)tableStart);
        BinaryPrimitives.WriteUInt32LittleEndian(directory.AsSpan(4), (uint)size);
        long behindDirectory = image.CertificateDirectoryOffset + directory.Length;
        return ByteSource.Compose(
            image.Source.Length + added.Length,
            [
                new(0, image.Source.Slice(0, image.CertificateDirectoryOffset)),
                new(image.CertificateDirectoryOffset, ByteSource.FromMemory(directory)),
                new(behindDirectory, image.Source.Slice(behindDirectory, image.Source.Length - behindDirectory)),
                new(image.Source.Length, ByteSource.FromMemory(added)),
            ]);
    }

    private static byte[] Write(IReadOnlyList<ReadOnlyMemory<byte>> signatures)
    {
        using MemoryStream table = new();
        Span<byte> header = stackalloc byte[PeCertificate.HeaderSize];
        foreach (ReadOnlyMemory<byte> signature in signatures)
        {
            AuthenticodeSignature.Read(signature); // what firmware could not read has no place here
            int length = PeCertificate.HeaderSize + signature.Length;
            BinaryPrimitives.WriteInt32LittleEndian(header, length);
            BinaryPrimitives.WriteUInt16LittleEndian(header[4..], Revision);
            BinaryPrimitives.WriteUInt16LittleEndian(header[6..], PkcsSignedData);
            table.Write(header);
            table.Write(signature.Span);
            table.Write(Padding[..(-length & (PeCertificate.Alignment - 1))]);
        }

        return table.ToArray();
    }
}
