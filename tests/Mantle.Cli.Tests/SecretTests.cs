using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Mantle.Cli.Tests;

/// <summary>A key and a passphrase that would be recognised anywhere, and a look everywhere.</summary>
public sealed class SecretTests(SigningFixture signing) : IClassFixture<SigningFixture>
{
    private const string Passphrase = "marker-passphrase-7f3a91c2";

    [Fact]
    public async Task Neither_key_nor_passphrase_is_in_files_output_arguments_environment_or_core_dumps()
    {
        using RSA boot = RSA.Create();
        boot.ImportFromPem(File.ReadAllText(signing.PathOf("db.key")));
        string work = signing.PathOf("marker");
        Directory.CreateDirectory(Path.Combine(work, "tmp"));
        File.WriteAllText(
            Path.Combine(work, "db.encrypted"), boot.ExportEncryptedPkcs8PrivateKeyPem(Passphrase, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        Process process = StartWithStandardInput(work, SigningFixture.Sign(Path.Combine(work, "release"), "--key", "manager.key", "--passphrase-fd", "0").Select(word => word == "db.key" ? "marker/db.encrypted" : word));

        // It waits for the passphrase now, with all that it will ever have as arguments and environment.
        string limits = await UntilProtectedAsync(process);
        byte[] seen = [.. File.ReadAllBytes($"/proc/{process.Id}/cmdline"), .. Encoding.UTF8.GetBytes(limits)];
        if (Environment.UserName == "root")
        {
            seen = [.. seen, .. File.ReadAllBytes($"/proc/{process.Id}/environ")];
        }

        await process.StandardInput.WriteLineAsync(Passphrase);
        process.StandardInput.Close();
        ToolResult result = Tool.End(process);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Matches(@"Max core file size +0 +0 ", limits);
        AssertNoSecret("what /proc shows", seen, boot);
        AssertNoSecret("the output", Encoding.UTF8.GetBytes(result.Output + result.Error), boot);
        foreach (string path in Directory.EnumerateFiles(work, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            AssertNoSecret(path, File.ReadAllBytes(path), boot);
        }

        // The look finds what is there.
        Assert.ThrowsAny<Exception>(() => AssertNoSecret("the key itself", boot.ExportPkcs8PrivateKey(), boot));
        Assert.ThrowsAny<Exception>(() => AssertNoSecret("the key as text", Encoding.ASCII.GetBytes(boot.ExportPkcs8PrivateKeyPem()), boot));
    }

    [Fact]
    public void A_wrong_passphrase_is_not_repeated_and_leaves_nothing()
    {
        using RSA boot = RSA.Create();
        boot.ImportFromPem(File.ReadAllText(signing.PathOf("db.key")));
        File.WriteAllText(signing.PathOf("db.encrypted"), boot.ExportEncryptedPkcs8PrivateKeyPem("another", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        Process process = StartWithStandardInput(signing.Root, SigningFixture.Sign("wrong", "--key", "manager.key", "--passphrase-fd", "0").Select(word => word == "db.key" ? "db.encrypted" : word));
        process.StandardInput.WriteLine(Passphrase);
        process.StandardInput.Close();
        ToolResult result = Tool.End(process);

        Assert.Equal(5, result.ExitCode);
        Assert.Contains("cannot be decrypted", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Passphrase, result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(signing.PathOf("wrong")));
        TinyAppliance.AssertNoLeftovers(signing.Root);
    }

    private Process StartWithStandardInput(string temporary, IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(Tool.PathOf("imagebuilder"), arguments)
        {
            WorkingDirectory = signing.Root, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["HOME"] = signing.PathOf("home");
        start.Environment["TMPDIR"] = Path.Combine(temporary, "tmp");
        return Process.Start(start)!;
    }

    private static async Task<string> UntilProtectedAsync(Process process)
    {
        for (int attempt = 0; ; attempt++)
        {
            string limits = await File.ReadAllTextAsync($"/proc/{process.Id}/limits");
            // The soft limit may be 0 from the start; that nobody can raise it again is the program's doing.
            if (limits.Split('\n').Any(line => line.StartsWith("Max core file size", StringComparison.Ordinal) && line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, _, "0", "0", ..])
                || attempt == 600)
            {
                return limits;
            }

            await Task.Delay(20);
        }
    }

    private static void AssertNoSecret(string where, byte[] bytes, RSA key)
    {
        RSAParameters parts = key.ExportParameters(includePrivateParameters: true);
        foreach (byte[] part in new[] { parts.D!, parts.P!, parts.Q!, parts.DP!, parts.DQ!, parts.InverseQ! })
        {
            byte[] marker = part[..24];
            Assert.True(bytes.AsSpan().IndexOf(marker) < 0, $"{where} holds a part of the key");
            Assert.True(bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(marker))) < 0, $"{where} holds a part of the key in hexadecimal");
        }

        foreach (string line in key.ExportPkcs8PrivateKeyPem().Split('\n').Where(line => line.Length == 64).Skip(7)) // what is in front is the modulus, which is public
        {
            Assert.True(bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(line)) < 0, $"{where} holds a part of the key in base64");
        }

        Assert.True(bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Passphrase)) < 0, $"{where} holds the passphrase");
    }
}
