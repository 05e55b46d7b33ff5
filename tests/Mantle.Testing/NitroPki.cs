using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Mantle.Testing;

/// <summary>
/// Certificates made at run time in the shape of AWS's: root, regional, zonal, instance, leaf; P-384, ECDSA with SHA-384. Each link can be changed before it is signed.
/// </summary>
public sealed class NitroPki
{
    public const string Instance = "i-0123456789abcdef0";

    public static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static readonly (string Name, TimeSpan Before, TimeSpan After, int? PathLength)[] s_authorities =
    [
        ("CN=aws.nitro-enclaves, C=US, O=Amazon, OU=AWS", TimeSpan.FromDays(2000), TimeSpan.FromDays(9000), null),
        ("CN=733655d6d68f7bdf.us-east-1.aws.nitro-enclaves, C=US, O=Amazon, OU=AWS", TimeSpan.FromDays(4), TimeSpan.FromDays(16), 2),
        ("CN=74d947fb1bac401d.zonal.us-east-1.aws.nitro-enclaves, OU=AWS, O=Amazon, C=US", TimeSpan.FromHours(5), TimeSpan.FromDays(5), 1),
        ($"CN={Instance}.us-east-1.aws.nitro-enclaves, C=US, O=Amazon, OU=AWS", TimeSpan.FromMinutes(1), TimeSpan.FromDays(1), 0),
    ];

    private readonly List<byte[]> _certificates = [];

    /// <param name="change">Changes link n, 0 the root, 4 the leaf, before it is signed.</param>
    /// <param name="module">The module that the leaf is for.</param>
    public NitroPki(Action<int, NitroLink>? change = null, string module = $"{Instance}-tpm0000000000000000")
    {
        Module = module;
        ECDsa issuerKey = null!;
        X500DistinguishedName issuerName = null!;
        byte[] issuerIdentifier = [];
        for (int i = 0; i <= s_authorities.Length; i++)
        {
            NitroLink link = i < s_authorities.Length ? Authority(i) : Leaf(module);
            change?.Invoke(i, link);
            link.Build();
            issuerKey ??= link.Key;
            issuerName ??= link.Request.SubjectName;
            if (i > 0 && i < s_authorities.Length && link.NamesIssuerKey)
            {
                link.Request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(issuerIdentifier));
            }

            byte[] serial = [1, 2, 3, (byte)i];
            using X509Certificate2 certificate = link.Request.Create(
                link.Issuer ?? issuerName, X509SignatureGenerator.CreateForECDsa(link.SigningKey ?? issuerKey), link.NotBefore, link.NotAfter, serial);
            _certificates.Add(certificate.RawData);
            (issuerKey, issuerName, issuerIdentifier) = (link.Key, link.Request.SubjectName, SHA1.HashData(link.Key.ExportSubjectPublicKeyInfo()));
            Keys.Add(link.Key);
        }
    }

    /// <summary>An authority whose certificates are valid from just before that time on: the leaf for three hours.</summary>
    public static NitroPki At(DateTimeOffset now) =>
        new((_, link) => (link.NotBefore, link.NotAfter) = (now + (link.NotBefore - Now), now + (link.NotAfter - Now)));

    /// <summary>The identifier of the module.</summary>
    public string Module { get; }

    /// <summary>Root first, leaf last.</summary>
    public IReadOnlyList<byte[]> Certificates => _certificates;

    public List<ECDsa> Keys { get; } = [];

    public byte[] Root => _certificates[0];

    public IReadOnlyList<ReadOnlyMemory<byte>> Bundle => [.. _certificates.SkipLast(1).Select(certificate => (ReadOnlyMemory<byte>)certificate)];

    public byte[] LeafCertificate => _certificates[^1];

    /// <summary>Signs as the module does.</summary>
    public byte[] Sign(byte[] data) => Keys[^1].SignData(data, HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    private static NitroLink Authority(int index)
    {
        (string name, TimeSpan before, TimeSpan after, int? pathLength) = s_authorities[index];
        return new()
        {
            Name = name,
            NotBefore = Now - before,
            NotAfter = Now + after,
            IsAuthority = true,
            PathLength = pathLength,
            Usage = index == 3 ? X509KeyUsageFlags.KeyCertSign : X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign,
            HasKeyIdentifier = true,
        };
    }

    private static NitroLink Leaf(string module) => new()
    {
        Name = $"CN={module}.us-east-1.aws, C=US, O=Amazon, OU=AWS",
        NotBefore = Now.AddSeconds(-5),
        NotAfter = Now.AddHours(3),
        Usage = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation,
    };
}

/// <summary>One certificate before it is signed.</summary>
public sealed class NitroLink
{
    public string Name { get; set; } = "";

    public DateTimeOffset NotBefore { get; set; }

    public DateTimeOffset NotAfter { get; set; }

    public bool IsAuthority { get; set; }

    public bool HasConstraints { get; set; } = true;

    public bool AreConstraintsCritical { get; set; } = true;

    public int? PathLength { get; set; }

    public X509KeyUsageFlags? Usage { get; set; }

    public bool HasKeyIdentifier { get; set; }

    public bool NamesIssuerKey { get; set; } = true;

    public ECCurve Curve { get; set; } = ECCurve.NamedCurves.nistP384;

    public HashAlgorithmName Hash { get; set; } = HashAlgorithmName.SHA384;

    /// <summary>Another name to put in as the issuer's.</summary>
    public X500DistinguishedName? Issuer { get; set; }

    /// <summary>Another key to sign with than the issuer's.</summary>
    public ECDsa? SigningKey { get; set; }

    public IList<X509Extension> MoreExtensions { get; } = [];

    public ECDsa? GivenKey { get; set; }

    internal ECDsa Key { get; private set; } = null!;

    internal CertificateRequest Request { get; private set; } = null!;

    internal void Build()
    {
        Key = GivenKey ?? ECDsa.Create(Curve);
        Request = new(new X500DistinguishedName(Name), Key, Hash);
        if (HasConstraints)
        {
            Request.CertificateExtensions.Add(new X509BasicConstraintsExtension(IsAuthority, PathLength is not null, PathLength ?? 0, AreConstraintsCritical));
        }

        if (Usage is { } usage)
        {
            Request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: IsAuthority));
        }

        if (HasKeyIdentifier)
        {
            Request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(SHA1.HashData(Key.ExportSubjectPublicKeyInfo()), critical: false));
        }

        foreach (X509Extension extension in MoreExtensions)
        {
            Request.CertificateExtensions.Add(extension);
        }
    }
}
