using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.Formats.Pe;
using Mantle.Formats.Tests.Pe.Signing;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;
using Mantle.Measure.Release;
using Mantle.Measure.Tests.Audit;

namespace Mantle.Measure.Tests.Release;

/// <summary>Releases that everybody has signed and that are wrong all the same.</summary>
public sealed class ReleaseContentAttackTests
{
    private static readonly ReleaseAttack[] s_statements =
    [
        new("another appliance", "name", "the policy is about tiny", release => release.Stating(statement => statement with { Name = "other" })),
        new("an older release replayed", "minimum-number", "older than 9", release => release with { PolicyText = TestRelease.Policy(minimumNumber: 9) }),
        new("a release that is too old", "age", "more than 90 days", release => release with { Time = TestRelease.Released.AddDays(91) }),
        new("an expired release", "expiry", "expired on", release => release.Stating(statement => statement with { Expires = TestRelease.Released.AddDays(1) })),
        new("a release of tomorrow", "released", "is after", release => release.Stating(statement => statement with { Released = TestRelease.At.AddDays(1) })),
        new("a revoked number", "deny-list", "withdrawn by mistake", release => release with { PolicyText = Deny("number: 7") }),
        new("a revoked statement", "deny-list", "withdrawn by mistake", release => release with { PolicyText = Deny($"statement: {TestRelease.Digest(release.Statement.ToArray())}") }),
        new("a revoked image", "deny-list", "withdrawn by mistake", release => release with { PolicyText = Deny($"image: {release.Statement.DigestOf(ReleaseFiles.Image)}") }),
        new("a denied register", "deny-list", "withdrawn by mistake", release => release with
        {
            PolicyText = Deny($"pcr: {{bank: sha384, index: 4, value: {release.Statement.WithoutSecureBoot.Banks[TpmAlgorithm.Sha384][4]}}}"),
        }),
        new("an identity that the policy does not accept", "identity", "none of those", release => release with { PolicyText = TestRelease.Policy($"identities: [{new string('a', 64)}]") }),
        new("a statement that names another identity", "identity", "the statement has", release => release.Stating(statement => statement with { IdentitySha256 = new string('a', 64) })),
        new("a statement that calls itself a twin", "debug-twin", "the release statement", release => release.Stating(statement => statement with { IsDebugTwin = true })),
        new("a file that no statement names", "subjects", "provenance.json", release => release.WithoutFile(ReleaseFiles.Provenance).Restated()),
        new("registers that the image does not have", "measurements.off", "PCR 4", release => release.Stating(statement => statement with { WithoutSecureBoot = Another().Statement.WithoutSecureBoot })),
        new("registers of the other mode", "measurements.on", "as the statement has it", release => release.Stating(statement => statement with { WithSecureBoot = statement.WithoutSecureBoot })),
        new("measurements of another image", "measurements.off", "as measurements.json has it", release => release.WithFile(ReleaseFiles.Measurements, Another().Files[ReleaseFiles.Measurements]).Restated()),
        new("measurements of the other mode", "measurements.on", "not of Secure Boot on", release => release.WithFile(ReleaseFiles.SecureBootMeasurements, release.Files[ReleaseFiles.Measurements]).Restated()),
        new("measurements that contradict themselves", "measurements.off", "measurements", release => release.WithFile(ReleaseFiles.Measurements, text => Flip(text)).Restated()),
        new("registers without the bank that instances attest", "measurements.off", "no bank sha384", release => OneBank(release)),
        new("registers that nobody computes, in the file alone", "measurements.off", "", release => release.WithFile(ReleaseFiles.Measurements, text => text.Replace("\"profile\": 0", "\"profile\": 1", StringComparison.Ordinal)).Restated()),
        new("a verdict that the image does not have", "audit", "the statement says findings", release => release.Stating(statement => statement with { Audit = statement.Audit with { Verdict = "findings" } })),
        new("waived findings that nobody waived", "audit", "0 findings are waived, the statement says 3", release => release.Stating(statement => statement with { Audit = statement.Audit with { Waived = 3 } })),
        new("an audit report of something else", "audit", "not the report", release => release.WithFile(ReleaseFiles.Audit, text => text.Replace("\"files\"", "\"File\"", StringComparison.Ordinal)).Restated()),
        new("a manifest of another version", "manifest", "1.3.0", release => release.WithFile(ReleaseFiles.Manifest, text => text.Replace("1.2.0", "1.3.0", StringComparison.Ordinal)).Restated()),
        new("a manifest of another epoch", "manifest", "epoch", release => release.Stating(statement => statement with { Epoch = statement.Epoch.AddSeconds(1) })),
        new("a manifest of a twin", "debug-twin", "manifest.json", release => release.WithFile(ReleaseFiles.Manifest, text => text.Replace("\"debug\":false", "\"debug\":true", StringComparison.Ordinal)).Restated()),
        new("no manifest at all", "manifest", "not the JSON", release => release.WithFile(ReleaseFiles.Manifest, "[]"u8.ToArray()).Restated()),
        new("an SBOM of something else", "sbom", "not the SBOM", release => release.WithFile(ReleaseFiles.Sbom, "{}"u8.ToArray()).Restated()),
        new("a provenance of another image", "provenance", "another image.raw", release => release.WithFile(ReleaseFiles.Provenance, Another().Files[ReleaseFiles.Provenance]).Restated()),
        new("a provenance of nothing", "provenance", "about no file", release => release.WithFile(ReleaseFiles.Provenance, text => text.Replace("image.raw", "x", StringComparison.Ordinal)).Restated()),
    ];

    private static readonly Lazy<TestAuthority> s_small = new(() => new("small", years: 20, bits: 1024));

    private static readonly ReleaseAttack[] s_images =
    [
        new("a debug twin", "debug-twin", ".osrel", _ => TestRelease.Make(TestRelease.Image(TestRelease.Db) with { OsRelease = "ID=test\nVARIANT_ID=debug\n" })),
        new("a way in", "audit", "sshd_config", _ => TestRelease.Make(TestRelease.Image(TestRelease.Db).WithRootFile("etc/ssh/sshd_config", "PermitRootLogin no\n"))),
        new("waivers that the policy does not accept", "waivers", "does not accept", _ => ReleaseVerificationTests.Waived()),
        new("a root that is not the one of the root hash", "image.verity", "", _ => TestRelease.Make(TestRelease.Image(TestRelease.Db).WithDamagedRoot(bytes => bytes[^10] ^= 1))),
        new("a boot file that is not signed", "authenticode", "not signed", _ => TestRelease.Make(TestRelease.Image(null), secureBootOf: TestRelease.Sound())),
        new("a boot file that is not signed, either mode", "measurements.on", "will not boot", _ => TestRelease.Make(TestRelease.Image(null), secureBootOf: TestRelease.Sound())),
        new("a signature by another key", "authenticode", "no certificate of the identity's db", _ => TestRelease.Make(TestRelease.Image(TestRelease.Other), secureBootOf: TestRelease.Sound())),
        new("a boot file changed after signing", "authenticode", "changed after it was signed", _ => TestRelease.Make(TestRelease.Image(TestRelease.Db) with { SignUki = ChangedAfterSigning }, secureBootOf: TestRelease.Sound())),
        new("a certificate that had expired", "certificates", "valid from 2020-01-01", _ => TestRelease.Make(TestRelease.Image(TestRelease.Expired), db: TestRelease.Expired)),
        new("a key that is too small", "certificates", "1024 bits", _ => TestRelease.Make(TestRelease.Image(s_small.Value), db: s_small.Value)),
        new("a digest that dbx forbids", "measurements.on", "dbx forbids", _ => TestRelease.Make(TestRelease.Image(TestRelease.Db), dbx: SignatureList.OfSha256(TestAuthority.Owner, BootDigest()), secureBootOf: TestRelease.Sound())),
        new("a certificate that dbx forbids", "measurements.on", "dbx forbids", _ => TestRelease.Make(TestRelease.Image(TestRelease.Db), dbx: TestRelease.Db.List, secureBootOf: TestRelease.Sound())),
    ];

    [Fact]
    public void What_is_stated_wrongly_is_noticed_whoever_signed_it() => Array.ForEach(s_statements, attack => attack.Run());

    [Fact]
    public void Images_that_are_no_release_are_noticed_whoever_signed_them() => Array.ForEach(s_images, attack => attack.Run());

    [Fact]
    public void A_signature_with_SHA_1_is_refused_though_firmware_takes_it()
    {
        TestRelease release = TestRelease.Make(TestRelease.Image(TestRelease.Db) with { SignUki = uki => TestRelease.Db.SignByOsslsigncode(uki, "sha1") });
        new ReleaseAttack("SHA-1", "authenticode", "SHA-1", _ => release).Run();
    }

    [Fact]
    public void Signatures_by_sbsign_and_osslsigncode_are_read()
    {
        foreach (Func<byte[], byte[]> sign in new Func<byte[], byte[]>[] { uki => TestRelease.Db.SignBySbsign(uki), uki => TestRelease.Db.SignByOsslsigncode(uki, "sha256") })
        {
            ReleaseVerificationResult result = TestRelease.Make(TestRelease.Image(TestRelease.Db) with { SignUki = sign }).Verify();
            Assert.Equal("", string.Join('\n', result.Report.Checks.Where(check => check.Outcome == Checking.CheckOutcome.Fail).Select(check => $"{check.Id}: {check.Evidence}")));
            Assert.NotNull(result.Release);
        }
    }

    private static readonly Lazy<TestRelease> s_another = new(() => TestRelease.Make(TestRelease.Image(TestRelease.Db).WithUkiSection(".more", "more"u8.ToArray())));

    private static TestRelease Another() => s_another.Value;

    private static TestRelease OneBank(TestRelease release)
    {
        ImagePrediction prediction = Predictor.Predict(ByteSource.FromMemory(release.Files[ReleaseFiles.Image]), new() { Banks = [TpmAlgorithm.Sha256] });
        using MemoryStream file = new();
        MeasurementsDocument.Write(prediction, file);
        return release.WithFile(ReleaseFiles.Measurements, file.ToArray()).Stating(statement => statement with { WithoutSecureBoot = ReleaseMeasurements.Of(prediction) }).Restated();
    }

    private static string Deny(string what) => TestRelease.Policy($"deny:\n  - reason: withdrawn by mistake\n    {what}\n");

    /// <summary>One digit of the first register value.</summary>
    private static string Flip(string text)
    {
        int at = text.IndexOf("\"sha384\": \"", StringComparison.Ordinal) + 11;
        return string.Concat(text.AsSpan(0, at), text[at] == '0' ? "1" : "0", text.AsSpan(at + 1));
    }

    private static byte[] ChangedAfterSigning(byte[] uki)
    {
        byte[] signed = TestRelease.Sign(uki, TestRelease.Db);
        int at = signed.AsSpan().IndexOf("lockdown="u8);
        signed[at] ^= 1;
        return signed;
    }

    private static byte[] BootDigest()
    {
        byte[] digest = [];
        (PlantedImage.Sealed() with { SignUki = uki => Note(uki, out digest) }).Disk();
        return digest;
    }

    private static byte[] Note(byte[] uki, out byte[] digest)
    {
        digest = AuthenticodeDigest.Compute(PeImage.Read(ByteSource.FromMemory(uki)), HashAlgorithmName.SHA256)[0];
        return uki;
    }
}
