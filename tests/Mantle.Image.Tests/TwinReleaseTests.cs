using System.Security.Cryptography;
using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Measure;
using Mantle.Measure.Prediction;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Dsse;
using Mantle.Testing;

namespace Mantle.Image.Tests;

/// <summary>The debug twin as somebody would release it, by mistake or on purpose, with all keys at hand.</summary>
public sealed class TwinReleaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ECDsa _signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TwinReleaseTests()
    {
        foreach (string name in (string[])["pk", "kek", "db"])
        {
            using RSA key = RSA.Create(2048);
            File.WriteAllText(_folder[name + ".key"], key.ExportPkcs8PrivateKeyPem());
        }

        File.WriteAllText(_folder["signer.key"], _signer.ExportPkcs8PrivateKeyPem());
        Oracle.Succeed(
            Builder, "identity", "create", _folder["identity"], "--name", "twin", "--valid-from", "2026-11-01", "--pk", _folder["pk.key"], "--kek", _folder["kek.key"], "--db", _folder["db.key"]);
    }

    private static string Builder => BuildOutput.Require("dist", "imagebuilder");

    public void Dispose()
    {
        _signer.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Nobody_signs_the_twin_be_it_that_its_manifest_says_otherwise()
    {
        Refused(Path.GetDirectoryName(FinishedTwin.Disk)!);

        // The same with nothing left that calls itself a twin but the image itself.
        Directory.CreateDirectory(_folder["unmarked"]);
        foreach (string path in Directory.GetFiles(Path.GetDirectoryName(FinishedTwin.Disk)!))
        {
            File.CreateSymbolicLink(_folder["unmarked/" + Path.GetFileName(path)], path);
        }

        string manifest = File.ReadAllText(_folder["unmarked/manifest.json"]);
        string unmarked = manifest.Replace("\"debug\": true", "\"debug\": false", StringComparison.Ordinal);
        Assert.NotEqual(manifest, unmarked);
        File.Delete(_folder["unmarked/manifest.json"]);
        File.WriteAllText(_folder["unmarked/manifest.json"], unmarked);
        Refused(_folder["unmarked"]);
    }

    /// <summary>Every file is what the statement says, its registers are the image's, and who has to has signed it.</summary>
    [Fact]
    public void A_statement_that_is_forged_for_the_twin_does_not_verify()
    {
        WriteRelease();
        foreach (bool denies in (bool[])[false, true])
        {
            File.WriteAllText(_folder["policy.yaml"], Policy(denies));
            File.Copy(BuildOutput.Require("out-debug", "debug-measurements.json"), _folder["twins.json"], overwrite: true);
            (int exitCode, string output, string error) = Oracle.Run(
                BuildOutput.Require("dist", "measure"), ["verify", _folder["release"], "--policy", _folder["policy.yaml"], "--at", "2026-11-24T00:00:00Z", "--json"]);
            Assert.True(exitCode == ExitCode.Mismatch, output + error);
            Dictionary<string, (string Outcome, string Evidence)> checks = JsonDocument.Parse(output).RootElement.GetProperty("checks").EnumerateArray()
                .ToDictionary(check => check.GetProperty("id").GetString()!, check => (check.GetProperty("outcome").GetString()!, check.GetProperty("evidence").GetString()!));
            Assert.Equal("pass", checks["role.manager"].Outcome);
            Assert.Equal("pass", checks["file.image.raw"].Outcome);
            Assert.Equal("pass", checks["measurements.off"].Outcome);
            Assert.Equal("fail", checks["debug-twin"].Outcome);
            Assert.Contains(".osrel", checks["debug-twin"].Evidence, StringComparison.Ordinal);
            Assert.Contains("os-release", checks["debug-twin"].Evidence, StringComparison.Ordinal);
            Assert.Equal("fail", checks["audit"].Outcome);
            Assert.Equal(denies ? "fail" : "pass", checks["deny-list"].Outcome);
        }
    }

    private void Refused(string build)
    {
        (int exitCode, _, string error) = Oracle.Run(Builder,
        [
            "sign", build, "--identity", _folder["identity"], "--db-key", _folder["db.key"], "--key", _folder["signer.key"], "--number", "1", "--released", "2026-11-23", "--expires", "2027-05-23",
            "--output", _folder["none"],
        ]);
        Assert.Equal(ExitCode.Malformed, exitCode);
        Assert.Contains("is a debug twin", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["none"]));
    }

    private void WriteRelease()
    {
        Directory.CreateDirectory(_folder["release"]);
        Oracle.Succeed("cp", "-r", _folder["identity"], _folder["release"]);
        Oracle.Succeed("cp", "--sparse=always", "--reflink=auto", FinishedTwin.Disk, FinishedTwin.Uki, _folder["release"]);
        ByteSource image = ByteSource.OpenFile(_folder["release/image.raw"]);
        ImagePrediction off = Predictor.Predict(image, new() { InputName = ReleaseFiles.Image }) with { IsDebugTwin = false };
        foreach (string name in (string[])[ReleaseFiles.Measurements, ReleaseFiles.SecureBootMeasurements])
        {
            using FileStream file = File.Create(_folder["release/" + name]);
            MeasurementsDocument.Write(off, file);
        }

        string manifest = File.ReadAllText(BuildOutput.Require("out-debug", "manifest.json"));
        File.WriteAllText(_folder["release/manifest.json"], manifest.Replace("\"debug\": true", "\"debug\": false", StringComparison.Ordinal));
        foreach (string name in (string[])[ReleaseFiles.Audit, ReleaseFiles.Sbom, ReleaseFiles.Provenance])
        {
            File.WriteAllText(_folder["release/" + name], "{}\n");
        }

        string root = _folder["release"];
        ReleaseSubject[] subjects = [.. Directory.GetFiles(root, "*", SearchOption.AllDirectories)
            .Select(path => new ReleaseSubject(Path.GetRelativePath(root, path), Sha256(path))).OrderBy(subject => subject.Name, StringComparer.Ordinal)];
        JsonElement known = JsonDocument.Parse(manifest).RootElement;
        ReleaseStatement statement = new()
        {
            Subjects = subjects,
            Name = known.GetProperty("name").GetString()!,
            Version = known.GetProperty("release").GetString()!,
            Number = 1,
            MinimumNumber = 0,
            Epoch = DateTimeOffset.FromUnixTimeSeconds(known.GetProperty("epoch").GetInt64()),
            Released = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero),
            Expires = new(2027, 5, 23, 0, 0, 0, TimeSpan.Zero),
            IsDebugTwin = false,
            Audit = new("sealed", new string('0', 64), 0),
            WaiversSha256 = null,
            IdentitySha256 = ReleaseFiles.IdentityDigest(subjects),
            WithoutSecureBoot = ReleaseMeasurements.Of(off),
            WithSecureBoot = ReleaseMeasurements.Of(off),
        };
        DsseEnvelope envelope = DsseEnvelope.Create(DsseEnvelope.StatementType, statement.ToArray());
        byte[] signature = _signer.SignData(envelope.PreAuthenticationEncoding(), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        string keyId = VerificationKey.FromSubjectPublicKeyInfo(_signer.ExportSubjectPublicKeyInfo()).KeyId;
        File.WriteAllBytes(_folder["release/" + ReleaseFiles.Envelope], envelope.With(new(keyId, signature)).ToArray());
    }

    private string Policy(bool denies) =>
        "format: 1\nname: sample\nminimum-number: 1\nmaximum-age: 90d\nroles:\n  - role: manager\n    threshold: 1\n    people:\n      - person: manager\n        keys:\n"
        + "          - from: 2026-01-01\n            until: 2027-12-31\n            key: |\n"
        + string.Concat(_signer.ExportSubjectPublicKeyInfoPem().Split('\n').Select(line => $"              {line}\n"))
        + (denies ? "debug-twins: [twins.json]\n" : "");

    private static string Sha256(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
