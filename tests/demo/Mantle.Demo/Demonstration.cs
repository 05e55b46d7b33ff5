using System.Text.Json;
using Mantle.Measure;
using Mantle.Testing;

namespace Mantle.Demo;

/// <summary>
/// The chain from build to answer on one machine, and what becomes of six attacks on it. Every command is the published tool; what differs from AWS is
/// where KMS, the metadata service and the TPM are, and the root of the TPM's certificates, which is named wherever it is trusted.
/// </summary>
internal sealed class Demonstration(Workshop workshop, Cloud cloud, Transcript transcript)
{
    /// <summary>What the model is asked.</summary>
    public const string Prompt = "It is a truth";

    private const string Older = "0.9.0", Newer = "1.0.0";

    private readonly Laboratory _laboratory = new(workshop, cloud);
    private readonly string _today = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd");

    /// <summary>The chapters in order.</summary>
    public (string Title, Action Run)[] Chapters =>
    [
        ("Who signs: a Secure Boot identity, two people, a ledger", MakeKeys),
        ("A key that nobody can use yet", MakeKey),
        ("The weights travel encrypted, under that key", MakeVolume),
        ("Two releases and a debug twin, built from the same lock", BuildImages),
        ("Signed by two people, logged; the older one is revoked", SignAndLog),
        ("The key is released to what the newer image measures", BindKey),
        ("It boots, attests, unseals and answers", Serve),
        ("Six attacks", Attack),
    ];

    /// <summary>The identifier of the KMS key.</summary>
    public string Key { get; private set; } = "";

    /// <summary>The boot that serves.</summary>
    public BootOutcome? Served { get; private set; }

    /// <summary>What <c>measure connect</c> printed.</summary>
    public string Connected { get; private set; } = "";

    /// <summary>What became of the attacks.</summary>
    public IReadOnlyList<AttackReport> Attacks { get; private set; } = [];

    private string Released => $"{_today}T00:00:00Z";

    private void MakeKeys()
    {
        workshop.BuildWithPassphrase("demonstration\n", "identity", "create", "identity", "--name", "sample", "--valid-from", _today, "--keys", "keys", "--bits", "2048");
        foreach (string person in new[] { "alice", "bob", "ledger" })
        {
            workshop.System("openssl", "genpkey", "-algorithm", "ed25519", "-out", $"{person}.pem");
            workshop.Write($"{person}.pub", workshop.System("openssl", "pkey", "-in", $"{person}.pem", "-pubout"));
        }

        WritePolicy(ledger: null);
    }

    private void MakeKey()
    {
        workshop.Write("plan.yaml", Texts.Plan(null, null));
        workshop.Build(cloud.AsCustodian(), "bind", "plan.yaml", "--policy", "release.yaml", "--create", "--yes");
        Key = cloud.Keys.Service.Keys.Single().Arn;
    }

    private void MakeVolume()
    {
        workshop.Build(
            cloud.AsProvisioner(), "volume", "create", Repository.PathOf("artifacts", "weights"), "--out", "weights.img", "--appliance", "sample", "--name", "weights", "--encrypt", $"kms:{Key}");
    }

    private string RootHash()
    {
        using JsonDocument volume = JsonDocument.Parse(workshop.Build("volume", "inspect", "weights.img", "--json"));
        return volume.RootElement.GetProperty("rootHashNamed").GetString()!;
    }

    private void BuildImages()
    {
        string rootHash = RootHash();
        foreach (string folder in new[] { "debug", "files", "keyrings" }.Where(folder => Directory.Exists(Repository.PathOf("appliance", folder))))
        {
            workshop.System("cp", "-r", Repository.PathOf("appliance", folder), workshop[folder]);
        }

        File.Copy(SampleLock.Path, workshop["appliance.lock.json"]);
        workshop.Write("older.yaml", Texts.Recipe(Older, rootHash));
        workshop.Write("appliance.yaml", Texts.Recipe(Newer, rootHash));
        workshop.Build("build", "older.yaml", "--lock", "appliance.lock.json", "--output", "out-older");
        workshop.Build("build", "appliance.yaml", "--output", "out");
        workshop.Build("build", "appliance.yaml", "--debug", "--output", "out-debug");
        transcript.Say("Nobody signs the twin:");
        workshop.Refused(
            ExitCode.Malformed, "demonstration\n", "sign", "out-debug", "--identity", "identity", "--db-key", "keys/db.key.pem", "--key", "alice.pem", "--number", "3", "--released", Released, "--expires",
            Expires(), "--output", "release-debug");
    }

    private void SignAndLog()
    {
        Sign("out-older", "release-older", 1);
        Sign("out", "release", 2);
        string logged = workshop.Build("ledger", "append", "releases.jsonl", "--release", "release-older", "--policy", "release.yaml", "--time", Released, "--key", "ledger.pem", "--origin", "ledger.example.com/sample");
        WritePolicy(logged.Split('\n').Single(line => line.StartsWith("key ", StringComparison.Ordinal))[4..]);
        workshop.Build("ledger", "append", "releases.jsonl", "--release", "release", "--policy", "release.yaml", "--time", Released, "--key", "ledger.pem");
        workshop.Build("ledger", "append", "releases.jsonl", "--revoke", "1", "--reason", "an example", "--time", Released, "--key", "ledger.pem");
        Check(workshop.Measure("verify", "release", "--policy", "release.yaml", "--ledger", "releases.jsonl"), ExitCode.Success);
    }

    /// <summary>Both people sign a build.</summary>
    internal void Sign(string build, string release, int number)
    {
        workshop.BuildWithPassphrase(
            "demonstration\n", "sign", build, "--identity", "identity", "--db-key", "keys/db.key.pem", "--key", "alice.pem", "--number", $"{number}", "--released", Released, "--expires",
            Expires(), "--output", release);
        workshop.Build("sign", release, "--key", "bob.pem");
    }

    private void BindKey()
    {
        workshop.Write("plan.yaml", Texts.Plan(Key[(Key.LastIndexOf('/') + 1)..], "release/measurements-secure-boot.json"));
        workshop.Build(cloud.AsCustodian(), "bind", "plan.yaml", "--release", "release", "--policy", "release.yaml", "--ledger", "releases.jsonl", "--yes");
        workshop.Write("policy.json", workshop.System(BuildOutput.Require("dist", "measure"), "policy", "generate", "plan.yaml"));
    }

    private void Serve()
    {
        Served = _laboratory.Serve("release", workshop["release/image.raw"], port =>
        {
            File.WriteAllBytes(workshop["attestation-root.der"], cloud.AttestationRoot);
            (int code, string output, string error) = workshop.Measure(
                "connect", $"https://127.0.0.1:{port}", "--against", "release", "--root", "attestation-root.der", "--prompt", Prompt);
            Connected = Check((code, output, error), ExitCode.Success);
        });
        transcript.Say($"after the kernel's start: {string.Join(", ", Served.Stages.Select(stage => $"{stage.Stage} {stage.Since.TotalSeconds:f1} s"))}");
        transcript.Say($"KMS was asked: {string.Join(", ", Served.KeyServiceCalls.Select(call => $"{call.Operation} {call.Error ?? "allowed"}, attested: {call.IsAttested}"))}");
    }

    private void Attack() => Attacks = new Attacks(workshop, _laboratory, transcript).RunAll();

    private void WritePolicy(string? ledger) =>
        workshop.Write("release.yaml", Texts.ReleasePolicy(File.ReadAllText(workshop["alice.pub"]), File.ReadAllText(workshop["bob.pub"]), ledger));

    private string Expires() => TimeProvider.System.GetUtcNow().AddDays(60).ToString("yyyy-MM-dd");

    private static string Check((int Code, string Output, string Error) run, int expected) =>
        run.Code == expected ? run.Output : throw new DemoException($"ended with {run.Code}, not {expected}: {run.Output}{run.Error}");
}
