using System.Text;
using Mantle.Formats.Tpm;
using Mantle.Fuzz.Seeds;
using Mantle.ImageBuilder.Publishing;
using Mantle.Measure;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Release.Policy;

namespace Mantle.Fuzz;

/// <summary>Envelopes, statements, ledgers and policies of releases: what somebody sends who wants a release accepted.</summary>
internal static class ReleaseReaders
{
    /// <summary>The Ed25519 key of RFC 8032, 7.1, test 1.</summary>
    private const string Key = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

    private const string Policy = """
        format: 1
        name: tiny
        minimum-number: 1
        maximum-age: 90d
        roles:
          - role: manager
            threshold: 1
            people:
              - person: alice
                keys:
                  - from: 2026-01-01
                    until: 2027-12-31
                    scheme: ed25519
                    key: |
                      -----BEGIN PUBLIC KEY-----
                      MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
                      -----END PUBLIC KEY-----
        identities: []
        deny:
          - reason: withdrawn by mistake
            number: 7
          - reason: withdrawn by mistake
            pcr: {bank: sha1, index: 4, value: 1111111111111111111111111111111111111111}
        waivers:
          - rule: SSH-001
            path: /etc/x
        ledger: PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW
        """;

    private const string Published = """
        {"version": 1, "name": "tiny", "release": "1.2.0", "statement": "aa", "image": "bb", "amis": [
          {"region": "us-east-1", "id": "ami-0123456789abcdef0", "snapshot": "snap-0123456789abcdef0", "account": "111122223333", "sharedWith": ["public"]},
          {"region": "eu-central-1", "id": "ami-0123456789abcdef1", "snapshot": "snap-0123456789abcdef1", "account": "111122223333", "sharedWith": []}]}
        """;

    private static readonly IReadOnlyList<byte[]> s_words = Texts.Words(
        "null", "[]", "{}", "true", "{\"", "\\u0000", "\\ud800", "1e999", "-0", "/*", ",", "\"\"", "../", "\"payload\":", "\"sig\":", "\"subject\":", "\"sha256\":", "==", "\n", "\n\n", "— ", "+", "01", "99999999999999999999");

    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        new("release envelope", () => [Envelope()], bytes => Same(bytes, DsseEnvelope.Read(bytes).ToArray())) { Words = s_words },
        new("release statement", () => [Statement().ToArray()], bytes => Same(bytes, ReleaseStatement.Read(bytes).ToArray())) { Words = s_words },
        new("release ledger", () => [Ledger().ToArray()], bytes => Same(bytes, ReleaseLedger.Read(bytes, null).ToArray())) { Words = s_words },
        new("ledger checkpoint", () => [Checkpointed(Ledger()).Checkpoint!.Note.ToArray()], bytes => Same(bytes, Checkpoint.Read(bytes).Note.ToArray())) { Words = s_words },
        new("ledger proof", () => [Checkpointed(Ledger()).Prove(1).ToArray()], bytes => Same(bytes, LedgerProof.Read(bytes).ToArray())) { Words = s_words },
        new("ami document", () => [Texts.Bytes(Published)], bytes => AmiDocument.Read(bytes)) { Words = s_words },
        new("signing key", () => [Texts.Bytes(Key), VerificationKey.FromPem(Key).SubjectPublicKeyInfo.ToArray()], bytes => VerificationKey.Read(bytes).Verify("text"u8, new byte[64], SignatureScheme.Ed25519)),
        new("release policy", () => [Texts.Bytes(Policy)], bytes => ReleasePolicyReader.Parse("release.yaml", Encoding.UTF8.GetString(bytes), _ => null))
        {
            Refuses = problem => problem is UserErrorException,
            Words = Texts.Words("- ", ": ", "\n", "  ", "[", "]", "{", "}", "&a ", "*a", "!!str ", "|", ">", "\"", "'", "? ", "---\n", "...\n", "\t", "#", "<<: ", "null", "~", "role", "keys", "9999999999999999999"),
        },
    ];

    private static byte[] Envelope() => DsseEnvelope.Create(DsseEnvelope.StatementType, Statement().ToArray())
        .With(new(new string('a', 64), new byte[64])).With(new(new string('b', 64), new byte[256])).ToArray();

    private static ReleaseStatement Statement() => new()
    {
        Subjects = [new(ReleaseFiles.Image, new string('a', 64)), new(ReleaseFiles.Allowed, new string('b', 64))],
        Name = "tiny",
        Version = "1.2.0",
        Number = 7,
        MinimumNumber = 5,
        Epoch = DateTimeOffset.UnixEpoch,
        Released = DateTimeOffset.UnixEpoch,
        Expires = DateTimeOffset.UnixEpoch.AddDays(1),
        Audit = new("sealed", new string('c', 64), 0),
        WaiversSha256 = null,
        IdentitySha256 = new string('d', 64),
        WithoutSecureBoot = Registers(),
        WithSecureBoot = Registers(),
    };

    private static ReleaseMeasurements Registers() => new(new Dictionary<TpmAlgorithm, IReadOnlyDictionary<int, TpmDigest>>
    {
        [TpmAlgorithm.Sha256] = new Dictionary<int, TpmDigest> { [4] = TpmDigest.Zero(TpmAlgorithm.Sha256), [11] = TpmDigest.Zero(TpmAlgorithm.Sha256) },
    });

    private static ReleaseLedger Ledger()
    {
        LedgerEntry released = new()
        {
            Index = 0,
            After = "",
            Time = DateTimeOffset.UnixEpoch,
            Event = LedgerEvent.Released,
            Name = "tiny",
            Number = 7,
            Version = "1.2.0",
            Statement = new string('a', 64),
            Image = new string('b', 64),
            Envelope = new string('c', 64),
            MinimumNumber = 5,
            WithoutSecureBoot = Registers(),
            WithSecureBoot = Registers(),
        };
        return ReleaseLedger.Empty.Append(released).Append(LedgerEntry.Withdrawing(released, LedgerEvent.Revoked, "withdrawn by mistake", DateTimeOffset.UnixEpoch));
    }

    private static ReleaseLedger Checkpointed(ReleaseLedger ledger) =>
        ReleaseLedger.Read(ledger.ToArray(), new SignedNote(ledger.CheckpointText("log.example"), [new("log.example", 7, new byte[64])]).ToArray());

    /// <summary>What is accepted has one encoding.</summary>
    private static void Same(byte[] read, byte[] written)
    {
        if (!read.AsSpan().SequenceEqual(written))
        {
            throw new InvalidOperationException("a document was accepted that its writer would write otherwise");
        }
    }
}
