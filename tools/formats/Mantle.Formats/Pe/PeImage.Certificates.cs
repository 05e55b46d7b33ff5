using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Pe;

public sealed partial class PeImage
{
    /// <summary>
    /// The entries of the certificate table, walked as EDK2 walks it: by dwLength rounded up to 8, and the walk has to end exactly at the
    /// table's end. Stricter than EDK2: the table ends the file and padding is zero, for bytes there are covered by no hash.
    /// </summary>
    private static List<PeCertificate> ReadCertificates(ByteSource source, PeDataDirectory table, long directoryOffset, long endOfRawData)
    {
        if (table == default)
        {
            return [];
        }

        long end = (long)table.Address + table.Size;
        if (table.Address % PeCertificate.Alignment != 0 || table.Address < endOfRawData || end != source.Length || table.Size == 0)
        {
            throw Malformed(
                directoryOffset,
                $"the certificate table 0x{table.Address:x}+0x{table.Size:x} is not 8-aligned between sections and the end of the file");
        }

        List<PeCertificate> certificates = [];
        for (long at = table.Address; at < end;)
        {
            ReadOnlySpan<byte> header = source.ReadBytes(at, PeCertificate.HeaderSize, Format);
            uint length = UInt32(header, 0);
            long next = at + (((long)length + PeCertificate.Alignment - 1) & -PeCertificate.Alignment);
            if (length <= PeCertificate.HeaderSize || next > end)
            {
                throw Malformed(at, $"a certificate of {length} bytes does not fit the certificate table");
            }

            if (source.ReadBytes(at + length, (int)(next - at - length), Format).AsSpan().ContainsAnyExcept((byte)0))
            {
                throw Malformed(at + length, "padding behind a certificate is not zero");
            }

            certificates.Add(new(
                BinaryPrimitives.ReadUInt16LittleEndian(header[4..]),
                BinaryPrimitives.ReadUInt16LittleEndian(header[6..]),
                source.Slice(at + PeCertificate.HeaderSize, length - PeCertificate.HeaderSize)));
            at = next;
        }

        return certificates;
    }
}
