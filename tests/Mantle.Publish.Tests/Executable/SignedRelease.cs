using System.Globalization;
using System.Security.Cryptography;
using Mantle.Cli.Tests;
using Mantle.Testing;

namespace Mantle.Publish.Tests.Executable;

/// <summary>A release of twenty megabytes, built and signed by the executable itself, and a policy that accepts it.</summary>
public sealed class SignedRelease : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SignedRelease()
    {
        TinyAppliance.Write(Root, payload: 20_000_000);
        Succeed([.. TinyAppliance.Build(Root)]);
        using ECDsa manager = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(_folder["manager.key"], manager.ExportPkcs8PrivateKeyPem());
        foreach (string name in (string[])["pk", "kek", "db"])
        {
            using RSA key = RSA.Create(2048);
            File.WriteAllText(_folder[name + ".key"], key.ExportPkcs8PrivateKeyPem());
        }

        Succeed("identity", "create", "identity", "--name", "tiny", "--valid-from", Day(-2), "--pk", "pk.key", "--kek", "kek.key", "--db", "db.key");
        Succeed("sign", "out", "--identity", "identity", "--db-key", "db.key", "--key", "manager.key", "--number", "3", "--released", Day(-1), "--expires", Day(60), "--output", "release");
        string pem = string.Join('\n', manager.ExportSubjectPublicKeyInfoPem().TrimEnd().Split('\n').Select(line => $"                          {line}"));
        File.WriteAllText(_folder["policy.yaml"], $"""
            format: 1
            name: tiny
            minimum-number: 1
            maximum-age: 90d
            roles:
              - role: manager
                threshold: 1
                people:
                  - person: manager
                    keys:
                      - from: {Day(-10)}
                        until: {Day(90)}
                        key: |
            {pem}

            """);
    }

    public string Root => _folder.Root;

    public string PathOf(string name) => _folder[name];

    internal ToolResult Succeed(params IEnumerable<string> arguments)
    {
        ToolResult result = Tool.Run(Root, "imagebuilder", arguments);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }

    public void Dispose() => _folder.Dispose();

    private static string Day(int offset) => TimeProvider.System.GetUtcNow().AddDays(offset).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
