using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mantle.Formats.X509;
using Mantle.Measure.Attestation;
using Mantle.Measure.Checking;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Attestation;

/// <summary>Chains that are sound but for one thing: that thing, and where possible only that, is what fails.</summary>
public class BrokenChainTests
{
    private const int Leaf = 4;

    /// <summary>Name, link that is changed, what changes, checks that must fail.</summary>
    private static readonly (string Name, int[] Links, Action<NitroLink> Change, string Fails)[] s_cases =
    [
        ("expired", [0, 1, 2, 3, Leaf], link => link.NotAfter = NitroPki.Now.AddSeconds(10), "path.validity"),
        ("expired long ago", [0, 1, 2, 3], link => (link.NotBefore, link.NotAfter) = (NitroPki.Now.AddYears(-3), NitroPki.Now.AddYears(-2)), "path.validity"),
        ("expired long ago", [Leaf], link => (link.NotBefore, link.NotAfter) = (NitroPki.Now.AddYears(-3), NitroPki.Now.AddYears(-2)), "path.validity,timestamp"),
        ("not yet valid", [0, 1, 2, 3], link => link.NotBefore = NitroPki.Now.AddMinutes(3), "path.validity"),
        ("not yet valid", [Leaf], link => link.NotBefore = NitroPki.Now.AddMinutes(3), "path.validity,timestamp"),
        ("P-256 key", [0, 1, 2, 3], link => link.Curve = ECCurve.NamedCurves.nistP256, "path.algorithms,path.signatures"),
        ("P-521 key", [0, 1, 2, 3], link => link.Curve = ECCurve.NamedCurves.nistP521, "path.algorithms,path.signatures"),
        ("P-256 key", [Leaf], link => link.Curve = ECCurve.NamedCurves.nistP256, "path.algorithms,signature"),
        ("P-521 key", [Leaf], link => link.Curve = ECCurve.NamedCurves.nistP521, "path.algorithms,signature"),
        ("brainpool key", [Leaf], link => link.Curve = ECCurve.NamedCurves.brainpoolP384r1, "path.algorithms,signature"),
        ("signed with SHA-256", [1, 2, 3, Leaf], link => link.Hash = HashAlgorithmName.SHA256, "path.algorithms,path.signatures"),
        ("signed with SHA-256", [0], link => link.Hash = HashAlgorithmName.SHA256, "path.algorithms"),
        ("signed with SHA-512", [1, 2, 3, Leaf], link => link.Hash = HashAlgorithmName.SHA512, "path.algorithms,path.signatures"),
        ("signed by a stranger", [1, 2, 3, Leaf], link => link.SigningKey = ECDsa.Create(ECCurve.NamedCurves.nistP384), "path.signatures"),
        ("signed by itself", [1, 2, 3, Leaf], link => link.SigningKey = link.GivenKey = ECDsa.Create(ECCurve.NamedCurves.nistP384), "path.signatures"),
        ("other issuer's name", [0, 1, 2, 3, Leaf], link => link.Issuer = new("CN=aws.nitro-enclave, C=US, O=Amazon, OU=AWS"), "path.order"),
        ("issuer's name in another order", [0, 1], link => link.Issuer = new("OU=AWS, O=Amazon, C=US, CN=aws.nitro-enclaves"), "path.order"),
        ("no authority", [0, 1, 2, 3], link => (link.IsAuthority, link.PathLength) = (false, null), "path.constraints"),
        ("no constraints", [0, 1, 2, 3], link => link.HasConstraints = false, "path.constraints"),
        ("constraints not critical", [0, 1, 2, 3], link => link.AreConstraintsCritical = false, "path.constraints"),
        ("an authority", [Leaf], link => link.IsAuthority = true, "path.constraints"),
        ("path length 0", [0, 1, 2], link => link.PathLength = 0, "path.path-length"),
        ("path length 1", [0, 1], link => link.PathLength = 1, "path.path-length"),
        ("path length 2", [0], link => link.PathLength = 2, "path.path-length"),
        ("no key usage", [0, 1, 2, 3, Leaf], link => link.Usage = null, "path.key-usage"),
        ("usage without certificates", [0, 1, 2, 3], link => link.Usage = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.CrlSign, "path.key-usage"),
        ("usage without signatures", [Leaf], link => link.Usage = X509KeyUsageFlags.NonRepudiation, "path.key-usage"),
        ("usage for certificates", [Leaf], link => link.Usage = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign, "path.key-usage"),
        ("usage for revocation lists", [Leaf], link => link.Usage = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.CrlSign, "path.key-usage"),
        ("unknown critical extension", [0, 1, 2, 3, Leaf], link => link.MoreExtensions.Add(new X509Extension("1.2.3.4.5", [5, 0], critical: true)), "path.extensions"),
        ("name constraints", [0, 1, 2, 3, Leaf], link => link.MoreExtensions.Add(new X509Extension("2.5.29.30", [0x30, 0], critical: false)), "path.extensions"),
        ("policy constraints", [1, 2, 3], link => link.MoreExtensions.Add(new X509Extension("2.5.29.36", [0x30, 0], critical: true)), "path.extensions"),
        ("critical extended usage", [Leaf], link => link.MoreExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1")], critical: true)), "path.extensions"),
        ("another authority's key identifier", [1, 2, 3], link =>
        {
            link.NamesIssuerKey = false;
            link.MoreExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier([1, 2, 3]));
        }, "path.key-identifiers"),
        ("a leaf for another module", [Leaf], link => link.Name = "CN=i-0123456789abcdef1-tpm0000000000000000.us-east-1.aws, C=US, O=Amazon, OU=AWS", "module-certificate"),
        ("a leaf for a longer module", [Leaf], link => link.Name = $"CN={NitroPki.Instance}-tpm00000000000000001.us-east-1.aws, C=US, O=Amazon, OU=AWS", "module-certificate"),
        ("a leaf without a name", [Leaf], link => link.Name = "C=US, O=Amazon", "module-certificate"),
    ];

    /// <summary>The platform is no stricter than we are, and refuses these as well.</summary>
    private static readonly string[] s_alsoRefusedByThePlatform = ["path.validity", "path.signatures", "path.order", "path.path-length"];

    public static TheoryData<string> Cases => [.. s_cases.SelectMany(one => one.Links.Select(link => $"{one.Name}, link {link}"))];

    [Fact]
    public void A_sound_chain_holds()
    {
        AttestationResult result = TestDocument.Verify(TestDocument.Pki);

        Assert.Equal("verified", CheckText.Describe(result.Report));
        Assert.Null(OtherOpinion(TestDocument.Pki));
        Assert.StartsWith("the verdict rests on the root that was given, ", result.Report.Notes[0], StringComparison.Ordinal);
        Assert.NotNull(result.Verified);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_chain_that_is_wrong_in_one_thing_fails_for_it(string name)
    {
        (string, int[], Action<NitroLink> Change, string Fails) one = s_cases.Single(c => c.Links.Any(link => $"{c.Name}, link {link}" == name));
        int broken = name[^1] - '0';
        NitroPki pki = new((link, certificate) =>
        {
            if (link == broken)
            {
                one.Change(certificate);
            }
        });
        AttestationResult result = TestDocument.Verify(pki);

        Assert.Equal(one.Fails, Failures(result));
        Assert.Equal(Verdict.DoesNotHold, result.Report.Verdict);
        Assert.True(result.Verified is null || one.Fails is "module-certificate");
        if (s_alsoRefusedByThePlatform.Contains(one.Fails))
        {
            Assert.NotNull(OtherOpinion(pki));
        }
    }

    [Fact]
    public void Only_the_documents_order_is_tried()
    {
        foreach ((int a, int b) in (IEnumerable<(int, int)>)[(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)])
        {
            ReadOnlyMemory<byte>[] bundle = [.. TestDocument.Pki.Bundle];
            (bundle[a], bundle[b]) = (bundle[b], bundle[a]);
            Assert.Contains("path.order", Failures(WithBundle(bundle)), StringComparison.Ordinal);
        }

        Assert.Contains("path.order", Failures(WithBundle([.. TestDocument.Pki.Bundle.Reverse()])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_too_many_or_too_few_breaks_the_chain()
    {
        IReadOnlyList<ReadOnlyMemory<byte>> sound = TestDocument.Pki.Bundle;
        for (int i = 0; i < sound.Count; i++)
        {
            Assert.Contains("path.distinct", Failures(WithBundle([.. sound.Take(i + 1), .. sound.Skip(i)])), StringComparison.Ordinal);
            Assert.Contains("path.order", Failures(WithBundle([.. sound.Take(i), .. sound.Skip(i + 1)])), StringComparison.Ordinal);
            NitroPki other = new();
            Assert.Contains("path.signatures", Failures(WithBundle([.. sound.Take(i), other.Certificates[i], .. sound.Skip(i + 1)])), StringComparison.Ordinal);
        }

        Assert.Contains("path.length", Failures(WithBundle([.. Enumerable.Repeat(sound[0], 10)])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_root_of_the_same_name_is_another_root()
    {
        NitroPki forged = new();
        AttestationResult result = TestDocument.Verify(TestDocument.Sign(TestDocument.Content(forged), forged), TestDocument.Policy(TestDocument.Pki));

        Assert.Equal("root", Failures(result));
        Assert.Null(result.Verified);

        AttestationResult underAws = TestDocument.Verify(TestDocument.Sign(TestDocument.Content(forged), forged), TestDocument.Policy(forged) with { Root = TrustedRoot.Aws });
        Assert.Equal("root", Failures(underAws));
        Assert.Contains("AWS's root G1 is 641a0321", underAws.Report.Find("root")!.Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_certificate_fails()
    {
        for (int link = 0; link < TestDocument.Pki.Certificates.Count; link++)
        {
            for (int bit = 3; bit < TestDocument.Pki.Certificates[link].Length * 8; bit += 397)
            {
                byte[][] certificates = [.. TestDocument.Pki.Certificates.Select(c => (byte[])c.Clone())];
                certificates[link][bit / 8] ^= (byte)(1 << (bit % 8));
                AttestationResult result = TestDocument.Verify(
                    TestDocument.Sign(TestDocument.Content(TestDocument.Pki) with { Certificate = certificates[^1], CaBundle = [.. certificates.SkipLast(1).Select(c => (ReadOnlyMemory<byte>)c)] }),
                    TestDocument.Policy(TestDocument.Pki));
                Assert.NotEqual(Verdict.Holds, result.Report.Verdict);
                Assert.Null(result.Verified);
            }
        }
    }

    internal static string Failures(AttestationResult result) =>
        string.Join(',', result.Report.Checks.Where(check => check.Outcome == CheckOutcome.Fail).Select(check => check.Id));

    private static string? OtherOpinion(NitroPki pki) => SystemPath.FindProblem([.. pki.Certificates.Select(c => Certificate.Read(c))], NitroPki.Now.AddSeconds(30));

    private static AttestationResult WithBundle(IReadOnlyList<ReadOnlyMemory<byte>> bundle) =>
        TestDocument.Verify(TestDocument.Sign(TestDocument.Content(TestDocument.Pki) with { CaBundle = bundle }), TestDocument.Policy(TestDocument.Pki));
}
