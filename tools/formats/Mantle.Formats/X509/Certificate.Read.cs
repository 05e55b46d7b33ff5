using System.Formats.Asn1;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.X509;

public sealed partial class Certificate
{
    /// <summary>No certificate that anybody uses is longer.</summary>
    private const int MaximumLength = 1 << 16;

    private const int MaximumExtensions = 64;
    private const string CommonName = "2.5.4.3";
    private const string SubjectKeyIdentifierExtension = "2.5.29.14";
    private const string KeyUsageExtension = "2.5.29.15";
    private const string BasicConstraintsExtension = "2.5.29.19";
    private const string AuthorityKeyIdentifierExtension = "2.5.29.35";

    /// <summary>The extensions whose meaning a path check knows.</summary>
    public static IReadOnlySet<string> UnderstoodExtensions { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        SubjectKeyIdentifierExtension, KeyUsageExtension, BasicConstraintsExtension, AuthorityKeyIdentifierExtension,
    };

    private static readonly Asn1Tag s_version = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag s_issuerIdentifier = new(TagClass.ContextSpecific, 1);
    private static readonly Asn1Tag s_subjectIdentifier = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag s_extensions = new(TagClass.ContextSpecific, 3, isConstructed: true);
    private static readonly Asn1Tag s_keyIdentifier = new(TagClass.ContextSpecific, 0);

    /// <summary>Reads a certificate in DER; nothing may follow it.</summary>
    /// <exception cref="MalformedInputException">The bytes are no certificate.</exception>
    public static Certificate Read(ReadOnlyMemory<byte> der)
    {
        if (der.Length > MaximumLength)
        {
            throw new MalformedInputException(Format, 0, $"{der.Length} bytes are more than a certificate can have");
        }

        Certificate certificate = new(der);
        try
        {
            AsnReader whole = new(der, AsnEncodingRules.DER);
            AsnReader parts = whole.ReadSequence();
            whole.ThrowIfNotEmpty();
            certificate.SignedPart = parts.PeekEncodedValue();
            AsnReader signedPart = parts.ReadSequence();
            certificate.OuterSignatureAlgorithm = certificate.ReadAlgorithm(parts.ReadSequence());
            certificate.Signature = Whole(parts.ReadBitString(out int unused), unused);
            parts.ThrowIfNotEmpty();
            certificate.ReadSignedPart(signedPart);
            return certificate;
        }
        catch (Exception e) when (e is AsnContentException or OverflowException or ArgumentException)
        {
            throw new MalformedInputException(Format, 0, "not a certificate in DER");
        }
    }

    private void ReadSignedPart(AsnReader reader)
    {
        Version = 1;
        if (reader.PeekTag().HasSameClassAndValue(s_version))
        {
            AsnReader version = reader.ReadSequence(s_version);
            Version = version.TryReadInt32(out int value) && value is 1 or 2 ? value + 1 : throw new AsnContentException();
            version.ThrowIfNotEmpty();
        }

        SerialNumber = reader.ReadIntegerBytes();
        SignatureAlgorithm = ReadAlgorithm(reader.ReadSequence());
        Issuer = reader.ReadEncodedValue();
        AsnReader validity = reader.ReadSequence();
        NotBefore = ReadTime(validity);
        NotAfter = ReadTime(validity);
        validity.ThrowIfNotEmpty();
        Subject = reader.PeekEncodedValue();
        SubjectCommonName = ReadCommonName(reader.ReadSequence()) ?? Convert.ToHexStringLower(Subject.Span);
        PublicKey = reader.PeekEncodedValue();
        ReadKey(reader.ReadSequence());
        Skip(reader, s_issuerIdentifier);
        Skip(reader, s_subjectIdentifier);
        if (reader.HasData)
        {
            AsnReader wrapper = reader.ReadSequence(s_extensions);
            ReadExtensions(wrapper.ReadSequence());
            wrapper.ThrowIfNotEmpty();
        }

        reader.ThrowIfNotEmpty();
    }

    private string ReadAlgorithm(AsnReader reader)
    {
        string algorithm = reader.ReadObjectIdentifier();
        if (reader.HasData)
        {
            HasSignatureParameters = true;
            reader.ReadEncodedValue();
            reader.ThrowIfNotEmpty();
        }

        return algorithm;
    }

    private void ReadKey(AsnReader reader)
    {
        AsnReader algorithm = reader.ReadSequence();
        KeyAlgorithm = algorithm.ReadObjectIdentifier();
        if (KeyAlgorithm == EllipticCurveKey && algorithm.HasData && algorithm.PeekTag() == Asn1Tag.ObjectIdentifier)
        {
            KeyCurve = algorithm.ReadObjectIdentifier();
            algorithm.ThrowIfNotEmpty();
        }

        Whole(reader.ReadBitString(out int unused), unused);
        reader.ThrowIfNotEmpty();
    }

    private void ReadExtensions(AsnReader reader)
    {
        List<CertificateExtension> extensions = [];
        while (reader.HasData)
        {
            AsnReader extension = reader.ReadSequence();
            string identifier = extension.ReadObjectIdentifier();
            bool isCritical = ReadIfTrue(extension);
            byte[] value = extension.ReadOctetString();
            extension.ThrowIfNotEmpty();
            if (extensions.Count == MaximumExtensions || extensions.Exists(known => known.Identifier == identifier))
            {
                throw new AsnContentException();
            }

            extensions.Add(new(identifier, isCritical, value));
            ReadExtension(identifier, new AsnReader(value, AsnEncodingRules.DER));
        }

        Extensions = extensions.Count > 0 ? extensions : throw new AsnContentException();
    }

    private void ReadExtension(string identifier, AsnReader value)
    {
        switch (identifier)
        {
            case BasicConstraintsExtension:
                AsnReader constraints = value.ReadSequence();
                bool isAuthority = constraints.HasData && ReadIfTrue(constraints);
                int? pathLength = !constraints.HasData ? null
                    : constraints.TryReadInt32(out int length) && length >= 0 ? length : throw new AsnContentException();
                constraints.ThrowIfNotEmpty();
                BasicConstraints = new(isAuthority, pathLength);
                break;
            case KeyUsageExtension:
                KeyUsage = ReadKeyUsage(value.ReadBitString(out _));
                break;
            case SubjectKeyIdentifierExtension:
                SubjectKeyIdentifier = value.ReadOctetString();
                break;
            case AuthorityKeyIdentifierExtension:
                AsnReader authority = value.ReadSequence();
                if (authority.HasData && authority.PeekTag().HasSameClassAndValue(s_keyIdentifier))
                {
                    AuthorityKeyIdentifier = authority.ReadOctetString(s_keyIdentifier);
                }

                break;
            default:
                return;
        }

        value.ThrowIfNotEmpty();
    }

    private static KeyUsages ReadKeyUsage(byte[] bits)
    {
        KeyUsages usage = KeyUsages.None;
        for (int bit = 0; bit < 8 * bits.Length; bit++)
        {
            if ((bits[bit / 8] >> (7 - (bit % 8)) & 1) != 0)
            {
                usage |= bit <= 8 ? (KeyUsages)(1 << bit) : throw new AsnContentException();
            }
        }

        return usage;
    }

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag() == Asn1Tag.UtcTime ? reader.ReadUtcTime() : ReadWholeSecond(reader);

    private static DateTimeOffset ReadWholeSecond(AsnReader reader)
    {
        DateTimeOffset time = reader.ReadGeneralizedTime();
        return time.Ticks % TimeSpan.TicksPerSecond == 0 ? time : throw new AsnContentException();
    }

    /// <summary>The one common name of a name; null when there is none or several.</summary>
    private static string? ReadCommonName(AsnReader name)
    {
        string? found = null;
        int count = 0;
        while (name.HasData)
        {
            AsnReader set = name.ReadSetOf();
            while (set.HasData)
            {
                AsnReader attribute = set.ReadSequence();
                string type = attribute.ReadObjectIdentifier();
                Asn1Tag tag = attribute.PeekTag();
                if (type == CommonName && tag.TagClass == TagClass.Universal && (UniversalTagNumber)tag.TagValue is UniversalTagNumber.UTF8String or UniversalTagNumber.PrintableString)
                {
                    found = attribute.ReadCharacterString((UniversalTagNumber)tag.TagValue);
                    count++;
                }
                else
                {
                    attribute.ReadEncodedValue();
                }

                attribute.ThrowIfNotEmpty();
            }
        }

        return count == 1 ? found : null;
    }

    /// <summary>A truth that is left out where it is false: DER never writes a default (X.690, 11.5).</summary>
    private static bool ReadIfTrue(AsnReader reader)
    {
        bool isThere = reader.PeekTag() == Asn1Tag.Boolean;
        return !isThere || reader.ReadBoolean() ? isThere : throw new AsnContentException();
    }

    private static void Skip(AsnReader reader, Asn1Tag tag)
    {
        if (reader.HasData && reader.PeekTag().HasSameClassAndValue(tag))
        {
            reader.ReadEncodedValue();
        }
    }

    private static byte[] Whole(byte[] bits, int unused) => unused == 0 ? bits : throw new AsnContentException();
}
