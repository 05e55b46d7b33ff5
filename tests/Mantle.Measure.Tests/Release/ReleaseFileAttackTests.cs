using Mantle.Measure.Release;
using Mantle.Measure.Release.Dsse;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Release;

/// <summary>Attacks on the files and the envelope of a release by somebody who has none of the keys, or not enough.</summary>
public sealed class ReleaseFileAttackTests
{
    private static readonly Lazy<TestRelease> s_another = new(() => TestRelease.Make(TestRelease.Image(TestRelease.Db).WithRootFile("etc/motd", "another")));

    private static readonly ReleaseAttack[] s_files =
    [
        new("another image of the same signer", "file.image.raw", "the statement has", release => release.WithFile(ReleaseFiles.Image, s_another.Value.Files[ReleaseFiles.Image])),
        new("measurements of another image", "file.measurements.json", "the statement has", release => release.WithFile(ReleaseFiles.Measurements, s_another.Value.Files[ReleaseFiles.Measurements])),
        new("a changed audit report", "file.audit.json", "the statement has", release => release.WithFile(ReleaseFiles.Audit, text => text.Replace("image.raw", "other.raw", StringComparison.Ordinal))),
        new("a changed SBOM", "file.sbom.spdx.json", "the statement has", release => release.WithFile(ReleaseFiles.Sbom, text => text + " ")),
        new("a changed provenance", "file.provenance.json", "the statement has", release => release.WithFile(ReleaseFiles.Provenance, text => text + " ")),
        new("a changed manifest", "file.manifest.json", "the statement has", release => release.WithFile(ReleaseFiles.Manifest, text => text + " ")),
        new("another db", "file.identity/db.esl", "the statement has", release => release.WithFile(ReleaseFiles.Allowed, release.Files[ReleaseFiles.PlatformKey])),
        new("a file taken away", "files", "not in the directory", release => release.WithoutFile(ReleaseFiles.Sbom)),
        new("a file that nobody knows", "directory", "no file of a release", release => release.WithFile("notes.txt", "x"u8.ToArray())),
        new("a file more in the identity", "files", "not in the statement", release => release.WithFile("identity/more.esl", "x"u8.ToArray())),
        new("waivers added after signing", "files", "waivers.yaml\" lies in the directory", release => release.WithFile(ReleaseFiles.Waivers, "format: 1\nwaivers: []\n"u8.ToArray())),
        new("a symbolic link for a file", "directory", "symbolic link", release => release with { Afterwards = folder => Link(folder, ReleaseFiles.Sbom) }),
        new("a symbolic link for the identity", "directory", "symbolic link", release => release with
        {
            Afterwards = folder =>
            {
                Directory.Move(folder["identity"], folder["elsewhere"]);
                Directory.CreateSymbolicLink(folder["identity"], "elsewhere");
            },
        }),
        new("a directory", "directory", "directory that no release has", release => release with { Afterwards = folder => Directory.CreateDirectory(folder["more"]) }),
        new("a hidden file", "directory", "no file of a release", release => release with { Afterwards = folder => File.WriteAllText(folder[".more"], "x") }),
        new("a pipe, which nobody ever writes to", "directory", "no plain file", release => release with
        {
            Afterwards = folder =>
            {
                File.Delete(folder[ReleaseFiles.Audit]);
                Oracle.Succeed("mkfifo", folder[ReleaseFiles.Audit]);
            },
        }),
        new("no envelope", "envelope", "there is no", release => release with { Afterwards = folder => File.Delete(folder[ReleaseFiles.Envelope]) }),
    ];

    private static readonly ReleaseAttack[] s_envelopes =
    [
        new("an envelope that is cut off", "envelope", "dsse envelope", release => release with { EnvelopeText = text => text[..^40] }),
        new("a duplicate key", "envelope", "twice", release => release with { EnvelopeText = text => text.Replace("\"payloadType\"", "\"payload\": \"e30=\",\n  \"payloadType\"", StringComparison.Ordinal) }),
        new("a member that nobody knows", "envelope", "not known", release => release with { EnvelopeText = text => text.Replace("\"payloadType\"", "\"skip\": true,\n  \"payloadType\"", StringComparison.Ordinal) }),
        new("another encoding of the envelope", "envelope", "canonical", release => release with { EnvelopeText = text => text.Replace("\n", "", StringComparison.Ordinal) }),
        new("base64 with bits too many", "envelope", "base64", release => release with { EnvelopeText = text => text.Replace("\"sig\": \"", "\"sig\": \" ", StringComparison.Ordinal) }),
        new("a signed text of another type", "payload-type", "not application/vnd.in-toto+json", release => release with { PayloadType = "text/plain" }),
        new("a type that was changed after signing", "signatures", "does not hold", release => release with
        {
            PayloadType = "text/plain",
            Resign = envelope => envelope.Signatures.Aggregate(DsseEnvelope.Create(DsseEnvelope.StatementType, envelope.Payload), (other, signature) => other.With(signature)),
        }),
        new("a signed provenance in place of the statement", "statement", "predicateType", release => release with { Payload = text => text.Replace(ReleaseStatement.PredicateType, "https://slsa.dev/provenance/v1", StringComparison.Ordinal) }),
        new("a subject outside of the directory", "statement", "name of a file", release => release with { Payload = text => text.Replace("\"audit.json\"", "\"../audit.json\"", StringComparison.Ordinal) }),
        new("a subject in another spelling", "statement", "name of a file", release => release with { Payload = text => text.Replace("\"audit.json\"", "\"./audit.json\"", StringComparison.Ordinal) }),
        new("a subject that stands twice", "statement", "twice", release => release with { Payload = text => text.Replace("\"image.raw\"", "\"audit.json\"", StringComparison.Ordinal) }),
        new("SHA-1 for a subject", "statement", "lacks the member sha256", release => release with { Payload = text => text.Replace("\"sha256\": \"" + release.Statement.Subjects[0].Sha256, "\"sha1\": \"" + release.Statement.Subjects[0].Sha256[..40], StringComparison.Ordinal) }),
        new("a number that stands twice", "statement", "twice", release => release with { Payload = text => text.Replace("\"number\": 7", "\"number\": 7,\n    \"number\": 8", StringComparison.Ordinal) }),
        new("a member of the statement that nobody knows", "statement", "not known", release => release with { Payload = text => text.Replace("\"debug\": false", "\"debug\": false,\n    \"trusted\": true", StringComparison.Ordinal) }),
        new("another encoding of the statement", "statement", "canonical", release => release with { Payload = text => text.TrimEnd() }),
        new("a statement that was changed after signing", "signatures", "does not hold", release => release with
        {
            Resign = envelope => envelope.Signatures.Aggregate(
                DsseEnvelope.Create(envelope.PayloadType, (release.Statement with { Expires = release.Statement.Expires.AddYears(1) }).ToArray()), (other, signature) => other.With(signature)),
        }),
    ];

    private static readonly ReleaseAttack[] s_signatures =
    [
        new("no signature", "role.release manager", "signed by nobody; 2 of 3", release => release with { Signers = [] }),
        new("one manager", "role.release manager", "signed by bob; 2 of 3", release => release with { Signers = [TestRelease.Bob, TestRelease.Dan] }),
        new("no reviewer", "role.security reviewer", "signed by nobody; 1 of 2", release => release with { Signers = [TestRelease.Alice, TestRelease.Bob, TestRelease.Carol] }),
        new("the same person with two keys", "role.release manager", "signed by alice; 2 of 3", release => release with { Signers = [TestRelease.Alice, TestRelease.AliceSecond, TestRelease.Dan] }),
        new("two reviewers in place of a manager", "role.release manager", "signed by alice; 2 of 3", release => release with { Signers = [TestRelease.Alice, TestRelease.Dan, TestRelease.Erin] }),
        new("a key that nobody knows", "role.release manager", "in no role", release => release with { Signers = [TestRelease.Alice, TestRelease.Mallory, TestRelease.Dan] }),
        new("the same key twice in the envelope", "envelope", "twice", release => release with { EnvelopeText = text => Twice(text) }),
        new("a signature under somebody else's key id", "signatures", "bob's key", release => release with
        {
            Resign = envelope => envelope.With(new(TestRelease.Bob.Key.KeyId, TestRelease.Mallory.Sign(envelope.PreAuthenticationEncoding()))),
        }),
        new("a signature over the payload without its type", "signatures", "bob's key", release => release with
        {
            Resign = envelope => envelope.With(new(TestRelease.Bob.Key.KeyId, TestRelease.Bob.Sign(envelope.Payload.ToArray()))),
        }),
        new("a weaker padding than the policy has", "signatures", "does not hold as rsa-pss-sha256", release => release with { Resign = envelope => Rsa(envelope, SignatureScheme.RsaPkcs1Sha256) }),
        new("a weaker hash than the policy has", "signatures", "does not hold as rsa-pss-sha256", release => release with { Resign = envelope => Rsa(envelope, null) }),
        new("a key that has expired", "role.release manager", "carol's key", release => release with { Signers = [TestRelease.Alice, TestRelease.CarolOld, TestRelease.Dan] }),
        new("a key that is not valid yet", "role.release manager", "valid only from 2026-03-02 on", release => release with { Signers = [TestRelease.Alice, TestRelease.CarolNext, TestRelease.Dan] }),
        new("an elliptic curve signature in another encoding", "signatures", "bob's key", release => release with
        {
            Resign = envelope => envelope.With(new(TestRelease.Bob.Key.KeyId, new byte[64])),
        }),
    ];

    [Fact]
    public void Changed_files_are_noticed() => Array.ForEach(s_files, attack => attack.Run());

    [Fact]
    public void Changed_envelopes_are_noticed() => Array.ForEach(s_envelopes, attack => attack.Run());

    [Fact]
    public void Signatures_that_do_not_count_do_not_count() => Array.ForEach(s_signatures, attack => attack.Run());

    private static void Link(TemporaryFolder folder, string name)
    {
        File.Move(folder[name], folder[$"identity/{name}"]);
        File.CreateSymbolicLink(folder[name], $"identity/{name}");
    }

    /// <summary>The first signature stands there a second time.</summary>
    private static string Twice(string text)
    {
        int start = text.IndexOf("    {", StringComparison.Ordinal);
        int end = text.IndexOf("    }", StringComparison.Ordinal) + 5;
        return text.Insert(end, ",\n" + text[start..end]);
    }

    private static DsseEnvelope Rsa(DsseEnvelope envelope, SignatureScheme? scheme)
    {
        using System.Security.Cryptography.RSA rsa = System.Security.Cryptography.RSA.Create();
        rsa.ImportFromPem(TestRelease.Alice.PrivatePem);
        byte[] message = envelope.PreAuthenticationEncoding();
        return envelope.With(new(TestRelease.Alice.Key.KeyId, rsa.SignData(
            message,
            scheme?.Hash() ?? System.Security.Cryptography.HashAlgorithmName.SHA1,
            scheme is null ? System.Security.Cryptography.RSASignaturePadding.Pss : System.Security.Cryptography.RSASignaturePadding.Pkcs1)));
    }
}
