using System.Security.Cryptography;
using System.Text.Json;
using Mantle.Testing;

namespace Mantle.Demo.Tests;

/// <summary>
/// The sample appliance with a service that has turned against it (tests/guest/hostile), as an insider would get it in: built, signed by everybody who has to,
/// and bound to the key, so that it is given its secrets.
/// </summary>
public sealed class HostileRun : IAsyncDisposable
{
    /// <summary>The secret file that is its own.</summary>
    internal const string Secret = "api-token";

    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _transcript = new();
    private readonly Lazy<Seen> _seen;
    private Cloud? _cloud;

    public HostileRun() => _seen = new(Run);

    /// <summary>What was seen of it. The first caller runs it.</summary>
    internal Seen Result => _seen.Value;

    public async ValueTask DisposeAsync()
    {
        if (_cloud is not null)
        {
            await _cloud.DisposeAsync();
        }

        await _transcript.DisposeAsync();
        _folder.Dispose();
    }

    private Seen Run()
    {
        foreach (string tool in new[] { "qemu-system-x86_64", "swtpm", "socat", "openssl", "mcopy" })
        {
            Oracle.Require(tool);
        }

        string hostile = BuildOutput.Require(Path.Combine("artifacts", "guest"), "hostile");
        Transcript transcript = new(_transcript);
        _cloud = Cloud.StartAsync(_folder["kms-root.pem"]).GetAwaiter().GetResult();
        Workshop workshop = new(_folder.Root, transcript);
        Demonstration demonstration = new(workshop, _cloud, transcript);
        foreach ((_, Action run) in demonstration.Chapters.Take(3))
        {
            run();
        }

        byte[] secret = RandomNumberGenerator.GetBytes(48);
        File.WriteAllBytes(_folder[Secret], secret);
        workshop.Build(_cloud.AsProvisioner(), "seal", Secret, "--out", $"{Secret}.sealed", "--appliance", "sample", "--encrypt", $"kms:{demonstration.Key}");
        using JsonDocument volume = JsonDocument.Parse(workshop.Build("volume", "inspect", "weights.img", "--json"));
        workshop.Write("hostile.yaml", Recipe(volume.RootElement.GetProperty("rootHashNamed").GetString()!, hostile));
        workshop.System("cp", "-r", Repository.PathOf("appliance", "debug"), _folder["debug"]);
        workshop.System("cp", "-r", Repository.PathOf("appliance", "keyrings"), _folder["keyrings"]);
        workshop.Build("build", "hostile.yaml", "--lock", SampleLock.Path, "--output", "out");

        workshop.Write("release.yaml", File.ReadAllText(_folder["release.yaml"]).Replace("[out-debug/debug-measurements.json]", "[]", StringComparison.Ordinal));
        demonstration.Sign("out", "release", 1);
        workshop.Write("plan.yaml", Texts.Plan(demonstration.Key[(demonstration.Key.LastIndexOf('/') + 1)..], "release/measurements-secure-boot.json"));
        workshop.Build(_cloud.AsCustodian(), "bind", "plan.yaml", "--release", "release", "--policy", "release.yaml", "--yes");
        (BootOutcome outcome, IReadOnlyList<string> report) = new Laboratory(workshop, _cloud).Interrogate("hostile", _folder["release/image.raw"]);
        return new(outcome, report, Convert.ToHexStringLower(SHA256.HashData(secret)), [.. _cloud.MetadataCalls]);
    }

    private static string Recipe(string rootHash, string hostile)
    {
        string recipe = Texts.Recipe("1.0.0", rootHash);
        string service = $"source: {Repository.PathOf("artifacts")}/guest/service\n";
        Assert.Contains(service, recipe, StringComparison.Ordinal);
        return recipe
            .Replace(service, $"source: {hostile}\n", StringComparison.Ordinal)
            .Replace("\nfiles:\n", $"\nfiles:\n  - path: /usr/share/mantle/sealed/{Secret}.sealed\n    source: {Secret}.sealed\n", StringComparison.Ordinal)
            .Replace("\n  volumes:\n", $"\n  files:\n    - name: {Secret}\n      source: /usr/share/mantle/sealed/{Secret}.sealed\n  volumes:\n", StringComparison.Ordinal);
    }

    /// <summary>What was seen.</summary>
    /// <param name="Outcome">Of the boot.</param>
    /// <param name="Report">The service's lines.</param>
    /// <param name="SecretDigest">SHA-256 of the secret that was sealed.</param>
    /// <param name="MetadataCalls">What the metadata service was asked.</param>
    internal sealed record Seen(BootOutcome Outcome, IReadOnlyList<string> Report, string SecretDigest, IReadOnlyList<string> MetadataCalls);
}
