using Mantle.Formats.Bytes;

namespace Mantle.Formats.Pe;

/// <summary>One WIN_CERTIFICATE of a certificate table (PE/COFF, "The Attribute Certificate Table").</summary>
/// <param name="Revision">wRevision; 0x0200 in every image that firmware accepts.</param>
/// <param name="Type">wCertificateType; 2 is PKCS#7 SignedData.</param>
/// <param name="Content">bCertificate, without header and padding.</param>
public sealed record PeCertificate(ushort Revision, ushort Type, ByteSource Content)
{
    /// <summary>Bytes of the header before <see cref="Content"/>.</summary>
    internal const int HeaderSize = 8;

    /// <summary>Entries start at multiples of this.</summary>
    internal const int Alignment = 8;
}
