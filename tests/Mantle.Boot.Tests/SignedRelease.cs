using Mantle.Measure.Prediction;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Dsse;
using Mantle.Testing;

namespace Mantle.Boot.Tests;

/// <summary>A release of the built image, made by the published builder with keys of this run.</summary>
public sealed class SignedRelease : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Lazy<string> _release;

    public SignedRelease() => _release = new(Make);

    /// <summary>The release directory.</summary>
    public string Folder => _release.Value;

    public string Image => Path.Combine(Folder, ReleaseFiles.Image);

    public ReleaseStatement Statement => ReleaseStatement.Read(DsseEnvelope.Read(File.ReadAllBytes(Path.Combine(Folder, ReleaseFiles.Envelope))).Payload);

    /// <summary>What the release's own identity puts into a machine.</summary>
    internal SecureBootVariables Variables => new()
    {
        PlatformKey = File.ReadAllBytes(Path.Combine(Folder, ReleaseFiles.PlatformKey)),
        KeyExchangeKeys = File.ReadAllBytes(Path.Combine(Folder, ReleaseFiles.KeyExchangeKeys)),
        Allowed = File.ReadAllBytes(Path.Combine(Folder, ReleaseFiles.Allowed)),
    };

    /// <summary>A new folder beside the release.</summary>
    public string NewFolder(string name) => Directory.CreateDirectory(_folder[name]).FullName;

    public void Dispose() => _folder.Dispose();

    private string Make()
    {
        string output = Path.GetDirectoryName(BuiltImage.Disk)!;
        foreach (string key in new[] { "pk", "kek", "db" })
        {
            Oracle.Succeed("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", _folder[key]);
        }

        Oracle.Succeed("openssl", "genpkey", "-algorithm", "ED25519", "-out", _folder["manager"]);
        Oracle.Succeed(
            BuiltImage.BuilderTool, "identity", "create", _folder["identity"], "--name", "test", "--valid-from", "2026-11-01",
            "--pk", _folder["pk"], "--kek", _folder["kek"], "--db", _folder["db"]);
        Oracle.Succeed(
            BuiltImage.BuilderTool, "sign", output, "--identity", _folder["identity"], "--db-key", _folder["db"], "--key", _folder["manager"],
            "--number", "1", "--released", "2026-11-23", "--expires", "2027-05-23", "--output", _folder["release"]);
        return _folder["release"];
    }
}
