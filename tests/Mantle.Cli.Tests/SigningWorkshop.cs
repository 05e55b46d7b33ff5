using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mantle.Testing;

namespace Mantle.Cli.Tests;

/// <summary>A folder in which the executable builds tiny appliances and signs them as of now, with keys that are made here.</summary>
public class SigningWorkshop : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<(string Name, string Pem)> _people = [];

    public SigningWorkshop(params IReadOnlyList<string> people)
    {
        foreach (string name in people)
        {
            using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            File.WriteAllText(_folder[name + ".key"], key.ExportPkcs8PrivateKeyPem());
            _people.Add((name, key.ExportSubjectPublicKeyInfoPem()));
        }

        foreach (string name in (string[])["pk", "kek", "db"])
        {
            using RSA key = RSA.Create(2048);
            File.WriteAllText(_folder[name + ".key"], key.ExportPkcs8PrivateKeyPem());
        }

        Succeed("identity", "create", "identity", "--name", "tiny", "--valid-from", Day(-2), "--pk", "pk.key", "--kek", "kek.key", "--db", "db.key");
        File.WriteAllText(_folder["policy.yaml"], Policy());
    }

    public string Root => _folder.Root;

    public static string Day(int offset) => TimeProvider.System.GetUtcNow().AddDays(offset).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public string PathOf(string name) => _folder[name];

    /// <summary>Builds an appliance of its own and signs it by the first person.</summary>
    /// <param name="release">The release directory.</param>
    /// <param name="number">Its number.</param>
    /// <param name="payload">Bytes of the program in it: another number makes another image.</param>
    public void MakeRelease(string release, int number, int payload)
    {
        string build = _folder[$"build-{number}"];
        Directory.CreateDirectory(build);
        TinyAppliance.Write(build, payload: payload);
        ToolResult built = Tool.Run(build, "imagebuilder", TinyAppliance.Build(build));
        Assert.True(built.ExitCode == 0, built.Error);
        Succeed(
            "sign", Path.Combine(build, "out"), "--identity", "identity", "--db-key", "db.key", "--key", _people[0].Name + ".key", "--number", $"{number}", "--released", Day(-1),
            "--expires", Day(60), "--output", release);
        Directory.Delete(build, recursive: true);
    }

    internal ToolResult Succeed(params IEnumerable<string> arguments)
    {
        ToolResult result = Tool.Run(Root, "imagebuilder", arguments);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => _folder.Dispose();

    /// <summary>Each person is a role by itself, and each has to sign.</summary>
    private string Policy()
    {
        StringBuilder text = new("format: 1\nname: tiny\nminimum-number: 1\nmaximum-age: 90d\nroles:\n");
        foreach ((string name, string pem) in _people)
        {
            string key = string.Concat(pem.TrimEnd().Split('\n').Select(line => $"              {line}\n"));
            text.Append(
                CultureInfo.InvariantCulture,
                $"  - role: {name}\n    threshold: 1\n    people:\n      - person: {name}\n        keys:\n          - from: {Day(-10)}\n            until: {Day(90)}\n            key: |\n{key}");
        }

        return text.ToString();
    }
}
