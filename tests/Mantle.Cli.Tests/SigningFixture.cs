using System.Security.Cryptography;
using Mantle.Testing;

namespace Mantle.Cli.Tests;

/// <summary>A build of the tiny appliance, an identity whose keys are at hand, and keys of two people; made once.</summary>
public sealed class SigningFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SigningFixture()
    {
        TinyAppliance.Write(Root);
        Succeed([.. TinyAppliance.Build(Root)]);
        using RSA platform = RSA.Create(2048);
        using RSA exchange = RSA.Create(2048);
        using RSA boot = RSA.Create(2048);
        using ECDsa first = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsa second = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        foreach ((string name, AsymmetricAlgorithm key) in new (string, AsymmetricAlgorithm)[] { ("pk", platform), ("kek", exchange), ("db", boot), ("manager", first), ("reviewer", second) })
        {
            File.WriteAllText(PathOf(name + ".key"), key.ExportPkcs8PrivateKeyPem());
            File.WriteAllText(PathOf(name + ".pub"), key.ExportSubjectPublicKeyInfoPem());
        }

        Oracle.Succeed("openssl", "genpkey", "-algorithm", "ED25519", "-out", PathOf("steady.key"));
        Succeed("identity", "create", "identity", "--name", "tiny", "--valid-from", "2026-11-01", "--pk", "pk.key", "--kek", "kek.key", "--db", "db.key");
        Succeed(Sign("release", "--key", "steady.key"));
    }

    public string Root => _folder.Root;

    public string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>The arguments of a first signing.</summary>
    public static string[] Sign(string output, params IEnumerable<string> more) =>
        ["sign", "out", "--identity", "identity", "--db-key", "db.key", "--number", "3", "--released", "2026-11-23", "--expires", "2027-05-23", "--output", output, .. more];

    internal ToolResult Run(params IEnumerable<string> arguments) => Tool.Run(Root, "imagebuilder", arguments);

    internal ToolResult Succeed(params IEnumerable<string> arguments)
    {
        ToolResult result = Run(arguments);
        Assert.True(result.ExitCode == 0, result.Error);
        TinyAppliance.AssertNoLeftovers(Root);
        return result;
    }

    /// <summary>A copy of the release that the fixture has made.</summary>
    public string CopyRelease(string name) => Copy("release", name);

    public string Copy(string folder, string name)
    {
        Oracle.Succeed("cp", "-a", PathOf(folder), PathOf(name));
        return name;
    }

    public void Dispose() => _folder.Dispose();
}
