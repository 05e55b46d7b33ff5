using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Signing;
using Mantle.Formats.Tests.Pe.Signing;
using Mantle.Formats.Tpm;
using Mantle.Measure.Audit;
using Mantle.Measure.Audit.Reporting;
using Mantle.Measure.Prediction;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Ledger;
using Mantle.Measure.Release.Policy;
using Mantle.Measure.Tests.Audit;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Release;

/// <summary>A release of a planted image, made by the public pieces alone, with one thing at a time to be changed before or after it is signed.</summary>
internal sealed record TestRelease
{
    public static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset Released = new(2026, 2, 3, 10, 12, 2, TimeSpan.Zero);
    public static readonly DateTimeOffset At = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly TestAuthority Db = new("db", years: 20);
    public static readonly TestAuthority Expired = new("expired");
    public static readonly TestAuthority Other = new("other", years: 20);

    public static readonly TestSigner Alice = TestSigner.Create(SignatureScheme.RsaPssSha256);
    public static readonly TestSigner AliceSecond = TestSigner.Create(SignatureScheme.Ed25519);
    public static readonly TestSigner Bob = TestSigner.Create(SignatureScheme.EcdsaP256Sha256);
    public static readonly TestSigner Carol = TestSigner.Create(SignatureScheme.Ed25519);
    public static readonly TestSigner CarolOld = TestSigner.Create(SignatureScheme.Ed25519);
    public static readonly TestSigner CarolNext = TestSigner.Create(SignatureScheme.Ed25519);
    public static readonly TestSigner Dan = TestSigner.Create(SignatureScheme.EcdsaP384Sha384);
    public static readonly TestSigner Erin = TestSigner.Create(SignatureScheme.RsaPkcs1Sha256);
    public static readonly TestSigner Mallory = TestSigner.Create(SignatureScheme.Ed25519);
    public static readonly TestSigner LedgerSigner = TestSigner.Create(SignatureScheme.Ed25519);
    public static readonly NoteKey LedgerKey = new("ledger.example/tiny", LedgerSigner.Key);

    private static readonly Lazy<TestRelease> s_sound = new(() => Make(Image(Db)));

    public required SortedDictionary<string, byte[]> Files { get; init; }

    public required ReleaseStatement Statement { get; init; }

    public IReadOnlyList<TestSigner> Signers { get; init; } = [Alice, Bob, Dan];

    public string PayloadType { get; init; } = DsseEnvelope.StatementType;

    /// <summary>Changes the payload after it was written and before it is signed.</summary>
    public Func<string, string> Payload { get; init; } = text => text;

    /// <summary>Changes the envelope's file.</summary>
    public Func<string, string> EnvelopeText { get; init; } = text => text;

    /// <summary>Changes the envelope, with its signatures.</summary>
    public Func<DsseEnvelope, DsseEnvelope> Resign { get; init; } = envelope => envelope;

    /// <summary>Changes the directory when everything is written.</summary>
    public Action<TemporaryFolder> Afterwards { get; init; } = _ => { };

    public string PolicyText { get; init; } = Policy();

    public DateTimeOffset Time { get; init; } = At;

    public Func<DsseEnvelope, ReleaseStatement, ReleaseLedger?> Ledger { get; init; } = (_, _) => null;

    /// <summary>The checkpoint that a policy names "kept".</summary>
    public Func<DsseEnvelope, ReleaseStatement, byte[]>? Kept { get; init; }

    public static TestRelease Sound() => s_sound.Value with { Files = new(s_sound.Value.Files, StringComparer.Ordinal) };

    public static PlantedImage Image(TestAuthority? signer) => PlantedImage.Sealed() with { SignUki = uki => signer is null ? uki : Sign(uki, signer) };

    public static byte[] Sign(byte[] uki, TestAuthority signer)
    {
        PeImage image = PeImage.Read(ByteSource.FromMemory(uki));
        return CertificateTable.Append(image, signer.Sign(AuthenticodeDigest.Compute(image, HashAlgorithmName.SHA256)[0])).ToArray();
    }

    /// <summary>Everything that a maker of releases does, without asking whether it should.</summary>
    public static TestRelease Make(PlantedImage planted, TestAuthority? db = null, SignatureList? dbx = null, string? waivers = null, TestRelease? secureBootOf = null)
    {
        ByteSource image = planted.Disk();
        SecureBootVariables variables = new()
        {
            PlatformKey = SignatureDatabase.Write(Other.List),
            KeyExchangeKeys = SignatureDatabase.Write(Other.List),
            Allowed = SignatureDatabase.Write((db ?? Db).List),
            Forbidden = dbx is null ? default : SignatureDatabase.Write(dbx),
        };
        SortedDictionary<string, byte[]> files = new(StringComparer.Ordinal)
        {
            [ReleaseFiles.Image] = image.ToArray(),
            [ReleaseFiles.PlatformKey] = variables.PlatformKey.ToArray(),
            [ReleaseFiles.KeyExchangeKeys] = variables.KeyExchangeKeys.ToArray(),
            [ReleaseFiles.Allowed] = variables.Allowed.ToArray(),
        };
        if (dbx is not null)
        {
            files[ReleaseFiles.Forbidden] = variables.Forbidden.ToArray();
        }

        if (waivers is not null)
        {
            files[ReleaseFiles.Waivers] = Encoding.UTF8.GetBytes(waivers);
        }

        string unsigned = new('1', 64);
        string signed = Digest(files[ReleaseFiles.Image]);
        string sbom = $"{{\"documentNamespace\":\"urn:sha256:{signed}\"}}";
        files[ReleaseFiles.Sbom] = Encoding.UTF8.GetBytes(sbom);
        files[ReleaseFiles.Manifest] = Encoding.UTF8.GetBytes(Manifest(unsigned, Digest(Encoding.UTF8.GetBytes(sbom.Replace(signed, unsigned, StringComparison.Ordinal)))));
        files[ReleaseFiles.Provenance] = Encoding.UTF8.GetBytes(Provenance(signed));
        AuditReport audit = Auditor.Audit(image, new()
        {
            InputName = ReleaseFiles.Image,
            Waivers = waivers is null ? [] : WaiverReader.Parse(ReleaseFiles.Waivers, waivers),
            At = DateOnly.FromDateTime(Released.UtcDateTime),
        });
        files[ReleaseFiles.Audit] = Bytes(output => AuditJson.Write(audit, output));
        ImagePrediction off = Predictor.Predict(image, new());
        files[ReleaseFiles.Measurements] = Bytes(output => MeasurementsDocument.Write(off, output));
        ReleaseMeasurements? on = secureBootOf?.Statement.WithSecureBoot;
        if (secureBootOf is null)
        {
            ImagePrediction prediction = Predictor.Predict(image, new() { SecureBoot = SecureBootState.On, Variables = variables });
            files[ReleaseFiles.SecureBootMeasurements] = Bytes(output => MeasurementsDocument.Write(prediction, output));
            on = ReleaseMeasurements.Of(prediction);
        }
        else
        {
            files[ReleaseFiles.SecureBootMeasurements] = secureBootOf.Files[ReleaseFiles.SecureBootMeasurements];
        }

        return new TestRelease
        {
            Files = files,
            Statement = new()
            {
                Subjects = [],
                Name = "tiny",
                Version = "1.2.0",
                Number = 7,
                MinimumNumber = 5,
                Epoch = Epoch,
                Released = Released,
                Expires = new(2027, 2, 3, 0, 0, 0, TimeSpan.Zero),
                Audit = new("sealed", audit.Rules.Digest, audit.Waived.Count),
                WaiversSha256 = null,
                IdentitySha256 = "",
                WithoutSecureBoot = ReleaseMeasurements.Of(off),
                WithSecureBoot = on!,
            },
        }.Restated();
    }

    /// <summary>The statement with the digests of the files as they are now.</summary>
    public TestRelease Restated()
    {
        ReleaseSubject[] subjects = [.. Files.Select(file => new ReleaseSubject(file.Key, Digest(file.Value)))];
        return this with
        {
            Statement = Statement with
            {
                Subjects = subjects,
                IdentitySha256 = ReleaseFiles.IdentityDigest(subjects),
                WaiversSha256 = subjects.FirstOrDefault(subject => subject.Name == ReleaseFiles.Waivers)?.Sha256,
            },
        };
    }

    public TestRelease WithFile(string name, byte[] content) => this with { Files = new(Files, StringComparer.Ordinal) { [name] = content } };

    public TestRelease WithFile(string name, Func<string, string> change)
    {
        string before = Encoding.UTF8.GetString(Files[name]);
        string after = change(before);
        Assert.NotEqual(before, after);
        return WithFile(name, Encoding.UTF8.GetBytes(after));
    }

    public TestRelease WithoutFile(string name)
    {
        SortedDictionary<string, byte[]> files = new(Files, StringComparer.Ordinal);
        Assert.True(files.Remove(name));
        return this with { Files = files };
    }

    public TestRelease Stating(Func<ReleaseStatement, ReleaseStatement> change) => this with { Statement = change(Statement) };

    public DsseEnvelope Envelope()
    {
        DsseEnvelope envelope = DsseEnvelope.Create(PayloadType, Encoding.UTF8.GetBytes(Payload(Encoding.UTF8.GetString(Statement.ToArray()))));
        return Resign(Signers.Aggregate(envelope, (signed, signer) => signer.Sign(signed)));
    }

    public ReleaseVerificationResult Verify()
    {
        using TemporaryFolder folder = new();
        Write(folder);
        Afterwards(folder);
        return ReleaseVerification.Verify(folder.Root, new()
        {
            Policy = ReleasePolicyReader.Parse("release.yaml", PolicyText, name => name == "kept" && Kept is { } kept ? ByteSource.FromMemory(kept(Envelope(), Statement)) : null),
            At = Time,
            Ledger = Ledger(Envelope(), Statement),
            Workers = 2,
        });
    }

    public void Write(TemporaryFolder folder)
    {
        Directory.CreateDirectory(folder["identity"]);
        foreach ((string name, byte[] content) in Files)
        {
            File.WriteAllBytes(folder[name], content);
        }

        File.WriteAllText(folder[ReleaseFiles.Envelope], EnvelopeText(Encoding.UTF8.GetString(Envelope().ToArray())));
    }

    public static string Policy(string more = "", string managers = "", int minimumNumber = 5) => string.Create(CultureInfo.InvariantCulture, $"""
        format: 1
        name: tiny
        minimum-number: {minimumNumber}
        maximum-age: 90d
        roles:
          - role: release manager
            threshold: 2
            people:
              - person: alice
                keys:
        {Key(Alice)}
        {Key(AliceSecond)}
              - person: bob
                keys:
        {Key(Bob)}
              - person: carol
                keys:
        {Key(Carol)}
        {Key(CarolOld, "2024-01-01", "2026-02-28")}
        {Key(CarolNext, "2026-03-02", "2027-02-28")}
        {managers}
          - role: security reviewer
            threshold: 1
            people:
              - person: dan
                keys:
        {Key(Dan)}
              - person: erin
                keys:
        {Key(Erin)}
        {more}

        """);

    /// <summary>The ledger with the release in it and what else is given, under a checkpoint of its key.</summary>
    public static ReleaseLedger Logged(DsseEnvelope envelope, ReleaseStatement statement, params IReadOnlyList<LedgerEntry> more) =>
        Checkpointed(more.Aggregate(ReleaseLedger.Empty.Append(Entry(envelope, statement)), (ledger, entry) => ledger.Append(entry)));

    public static ReleaseLedger Checkpointed(ReleaseLedger ledger) => ReleaseLedger.Read(ledger.ToArray(), CheckpointOf(ledger));

    public static byte[] CheckpointOf(ReleaseLedger ledger, TestSigner? signer = null, NoteKey? key = null)
    {
        string text = ledger.CheckpointText((key ?? LedgerKey).Name);
        return new SignedNote(text, []).With(key ?? LedgerKey, (signer ?? LedgerSigner).Sign(Encoding.UTF8.GetBytes(text))).ToArray();
    }

    public static LedgerEntry Entry(DsseEnvelope envelope, ReleaseStatement statement) => new()
    {
        Index = 0,
        After = new string('0', 64),
        Time = Released.AddDays(1),
        Event = LedgerEvent.Released,
        Name = statement.Name,
        Number = statement.Number,
        Version = statement.Version,
        Statement = Digest(envelope.Payload.ToArray()),
        Image = statement.DigestOf(ReleaseFiles.Image),
        Envelope = envelope.Sha256,
        MinimumNumber = statement.MinimumNumber,
        WithoutSecureBoot = statement.WithoutSecureBoot,
        WithSecureBoot = statement.WithSecureBoot,
    };

    public static string Digest(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static string Key(TestSigner signer, string from = "2026-01-01", string until = "2027-12-31")
    {
        string pem = string.Join('\n', signer.PublicPem.TrimEnd().Split('\n').Select(line => $"              {line}"));
        return $"""
                      - scheme: {signer.Scheme.Name()}
                        from: {from}
                        until: {until}
                        key: |
            {pem}
            """;
    }

    private static string Manifest(string image, string sbom) => JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["name"] = "tiny",
        ["release"] = "1.2.0",
        ["debug"] = false,
        ["epoch"] = Epoch.ToUnixTimeSeconds(),
        ["outputs"] = new[] { Output(ReleaseFiles.Image, image), Output(ReleaseFiles.Sbom, sbom) },
    });

    private static Dictionary<string, object> Output(string name, string sha256) => new() { ["name"] = name, ["size"] = 1, ["sha256"] = sha256 };

    private static string Provenance(string image) =>
        $"{{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{{\"name\":\"image.raw\",\"digest\":{{\"sha256\":\"{image}\"}}}}],\"predicateType\":\"https://slsa.dev/provenance/v1\",\"predicate\":{{}}}}\n";

    private static byte[] Bytes(Action<Stream> write)
    {
        using MemoryStream output = new();
        write(output);
        return output.ToArray();
    }
}
