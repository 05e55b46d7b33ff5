using System.Text;
using Mantle.Measure.Checking;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Dsse;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Release;

/// <summary>Attacks on the files and the envelope of a release by somebody who has none of the keys, or not enough.</summary>
public sealed class ReleaseFileAttackTests : IDisposable
{
    private static readonly Lazy<TestRelease> s_another = new(() => TestRelease.Make(TestRelease.Image(TestRelease.Db).WithRootFile("etc/motd", "another")));

    private static readonly TemporaryFolder s_outside = new();

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
        new("a second envelope", "directory", "\"release.dsse.json.1\" is no file", release => release.WithFile("release.dsse.json.1", release.Envelope().ToArray())),
        new("an envelope in other letters", "directory", "\"Release.dsse.json\" is no file", release => release.WithFile("Release.dsse.json", release.Envelope().ToArray())),
        new("an image in other letters", "directory", "\"IMAGE.RAW\" is no file", release => release.WithFile("IMAGE.RAW", s_another.Value.Files[ReleaseFiles.Image])),
        new("an image with a letter that looks the same", "directory", "is no file", release => release.WithFile("im\u0430ge.raw", s_another.Value.Files[ReleaseFiles.Image])),
        new("a name with a letter and its accent", "directory", "is no file", release => release.WithFile("identity/de\u0301.esl", "x"u8.ToArray())),
        new("another db in other letters", "files", "identity/DB.esl", release => release.WithFile("identity/DB.esl", release.Files[ReleaseFiles.PlatformKey])),
        new("a symbolic link in the identity", "directory", "symbolic link", release => release with { Afterwards = folder => LinkOutside(folder, ReleaseFiles.Allowed) }),
        new("a symbolic link out of the directory", "directory", "symbolic link", release => release with { Afterwards = folder => LinkOutside(folder, ReleaseFiles.Image) }),
        new("a symbolic link for the place of publication", "directory", "symbolic link", release => release with { Afterwards = folder => File.CreateSymbolicLink(folder[ReleaseFiles.Publication], "/dev/zero") }),
        new("a symbolic link to nothing", "directory", "symbolic link", release => release with { Afterwards = folder => File.CreateSymbolicLink(folder["identity/x.esl"], "nothing") }),
        new("a directory for a file", "directory", "directory that no release has", release => release with { Afterwards = folder => Directory.CreateDirectory(folder[ReleaseFiles.Waivers]) }),
        new("a directory in the identity", "directory", "directory that no release has", release => release with { Afterwards = folder => Directory.CreateDirectory(folder["identity/identity"]) }),
        new("an empty file", "directory", "is empty", release => release.WithFile("identity/x.esl", [])),
        new("files without end", "envelope", "more than 256 entries", release => release with { Afterwards = folder => Array.ForEach([.. Enumerable.Range(0, 300)], number => File.WriteAllText(folder[$"identity/{number}"], "x")) }),
        new("a file without end", "directory", "more than 268,435,456 bytes", release => release with { Afterwards = folder => Grow(folder[ReleaseFiles.Sbom], 1L << 40) }),
        new("an envelope without end", "envelope", "bytes", release => release with { Afterwards = folder => Grow(folder[ReleaseFiles.Envelope], 5 << 20) }),
        new("an image that goes on", "file.image.raw", "the statement has", release => release with { Afterwards = folder => Grow(folder[ReleaseFiles.Image], release.Files[ReleaseFiles.Image].Length + 512) }),
        new("an image that is cut off", "file.image.raw", "the statement has", release => release with { Afterwards = folder => Grow(folder[ReleaseFiles.Image], release.Files[ReleaseFiles.Image].Length - 512) }),
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
        .. new[] { "/etc/passwd", "identity/../audit.json", "identity//db.esl", "identity/", "identity/.hidden", "identity\\\\db.esl", "audit.json\\u0000", "audit.json ", "AUDIT.JSON", "\uff41udit.json", "identity/sub/x.esl", "ami.json", "release.dsse.json" }
            .Select(name => new ReleaseAttack($"the subject {name}", "statement", "", release => release with { Payload = text => text.Replace("\"audit.json\"", $"\"{name}\"", StringComparison.Ordinal) })),
        new("a subject that differs in its letters' case alone", "statement", "upper and lower case alone", release => release.Stating(statement => statement with
        {
            Subjects = [.. statement.Subjects, new("identity/DB.esl", new string('a', 64))],
        })),
        .. new[] { "9223372036854775808", "18446744073709551623", "7.0", "7e0", "07", "-7", "\"7\"", "0", "null" }
            .Select(number => new ReleaseAttack($"the number {number}", "statement", "", release => release with { Payload = text => text.Replace("\"number\": 7,", $"\"number\": {number},", StringComparison.Ordinal) })),
        .. new[] { "9999-12-31T23:59:60Z", "2027-02-30T00:00:00Z", "2027-02-03T00:00:00+00:00", "2027-02-03T00:00:00.000Z", "2027-2-3T00:00:00Z", "10000-01-01T00:00:00Z", "2027-02-03" }
            .Select(time => new ReleaseAttack($"the end {time}", "statement", "expires", release => release with { Payload = text => text.Replace("\"expires\": \"2027-02-03T00:00:00Z\"", $"\"expires\": \"{time}\"", StringComparison.Ordinal) })),
        new("a minimum that is more than the number", "statement", "is more than the release's own", release => release.Stating(statement => statement with { MinimumNumber = 8 })),
        new("a release that ends when it begins", "statement", "expires before", release => release.Stating(statement => statement with { Expires = statement.Released })),
        new("a text that is no Unicode", "statement", "not Unicode", release => release with { Payload = text => text.Replace("\"1.2.0\"", "\"\\ud800\"", StringComparison.Ordinal) }),
        new("registers that stand twice", "statement", "", release => release with { Payload = text => text.Replace("\"4\": \"", "\"04\": \"", StringComparison.Ordinal) }),
        new("an envelope with a byte order mark", "envelope", "byte order mark", release => release with { EnvelopeText = text => "\ufeff" + text }),
        new("an envelope behind the envelope", "envelope", "", release => release with { EnvelopeText = text => text + text }),
        new("a list of envelopes", "envelope", "must be an object", release => release with { EnvelopeText = text => $"[{text}]" }),
        new("an envelope in an envelope", "statement", "lacks the member _type", release => release with { Payload = _ => Encoding.UTF8.GetString(TestRelease.Sound().Envelope().ToArray()) }),
        new("nesting without end", "envelope", "", release => release with { EnvelopeText = _ => new string('[', 100_000) }),
        new("a key id in capitals", "envelope", "lower-case", release => release with { EnvelopeText = text => text.Replace(TestRelease.Bob.Key.KeyId, TestRelease.Bob.Key.KeyId.ToUpperInvariant(), StringComparison.Ordinal) }),
        new("more signatures than an envelope has", "envelope", "64 are the most", release => release with
        {
            Resign = envelope => Enumerable.Range(0, 70).Aggregate(envelope, (signed, number) => signed.With(new(TestRelease.Digest([(byte)number]), new byte[64]))),
        }),
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
        new("the same signature once more, under a key id that is made up", "role.release manager", "signed by alice; 2 of 3", release => release with
        {
            Signers = [TestRelease.Alice, TestRelease.Dan],
            Resign = envelope => envelope.With(new(new string('a', 64), envelope.Signatures.Single(signature => signature.KeyId == TestRelease.Alice.Key.KeyId).Signature)),
        }),
        new("a manager's signature under a reviewer's key id", "signatures", "dan's key", release => release with
        {
            Signers = [TestRelease.Alice, TestRelease.Bob],
            Resign = envelope => envelope.With(new(TestRelease.Dan.Key.KeyId, TestRelease.Alice.Sign(envelope.PreAuthenticationEncoding()))),
        }),
        new("a ledger's checkpoint in place of a signature", "signatures", "carol's key", release => release with
        {
            Resign = envelope => envelope.With(new(TestRelease.Carol.Key.KeyId, TestRelease.Carol.Sign(Encoding.UTF8.GetBytes($"ledger.example/tiny\n1\n{Convert.ToBase64String(new byte[32])}\n")))),
        }),
        new("a signature with a byte behind it", "signatures", "carol's key", release => release with
        {
            Resign = envelope => envelope.With(new(TestRelease.Carol.Key.KeyId, (byte[])[.. TestRelease.Carol.Sign(envelope.PreAuthenticationEncoding()), 0])),
        }),
        new("an Ed25519 signature whose number has the group's order added", "signatures", "carol's key", release => release with
        {
            Resign = envelope => envelope.With(new(TestRelease.Carol.Key.KeyId, Malleated(TestRelease.Carol.Sign(envelope.PreAuthenticationEncoding())))),
        }),
        new("a signature over another release", "signatures", "bob's key", release => release with
        {
            Resign = envelope => envelope.With(s_another.Value.Envelope().Signatures.Single(signature => signature.KeyId == TestRelease.Bob.Key.KeyId)),
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

    public void Dispose() => File.Delete(s_outside["file"]);

    [Fact]
    public void Changed_files_are_noticed() => Array.ForEach(s_files, attack => attack.Run());

    [Fact]
    public void A_name_that_is_no_text_is_no_name()
    {
        using TemporaryFolder folder = new();
        TestRelease.Sound().Write(folder);
        Oracle.Succeed("bash", "-c", $"echo x > '{folder.Root}/identity'/$'\\xff.esl'");
        try
        {
            Assert.Equal(CheckOutcome.Fail, ReleaseVerification.VerifyContent(folder.Root, 1).Report.Find("directory")!.Outcome);
        }
        finally
        {
            Oracle.Succeed("bash", "-c", $"rm '{folder.Root}/identity'/$'\\xff.esl'"); // .NET cannot name it
        }
    }

    [Fact]
    public void Changed_envelopes_are_noticed() => Array.ForEach(s_envelopes, attack => attack.Run());

    [Fact]
    public void Signatures_that_do_not_count_do_not_count() => Array.ForEach(s_signatures, attack => attack.Run());

    private static void LinkOutside(TemporaryFolder folder, string name)
    {
        File.Move(folder[name], s_outside["file"], overwrite: true);
        File.CreateSymbolicLink(folder[name], s_outside["file"]);
    }

    private static void Grow(string path, long length)
    {
        using FileStream file = new(path, FileMode.Open);
        file.SetLength(length);
    }

    /// <summary>S + L (RFC 8032, 5.1.7: S has to be less than L).</summary>
    private static byte[] Malleated(byte[] signature)
    {
        System.Numerics.BigInteger order = System.Numerics.BigInteger.Pow(2, 252) + System.Numerics.BigInteger.Parse("27742317777372353535851937790883648493", System.Globalization.CultureInfo.InvariantCulture);
        byte[] sum = (new System.Numerics.BigInteger(signature.AsSpan(32), isUnsigned: true) + order).ToByteArray(isUnsigned: true);
        return [.. signature[..32], .. sum, .. new byte[32 - sum.Length]];
    }

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
