using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mantle.Testing;

namespace Mantle.Service.Tests;

/// <summary>A folder with the files that the kernel shows below /sys/class/tpm/tpm0.</summary>
public sealed class FakeTpm : IDisposable
{
    public const int PcrCount = 24;
    private readonly TemporaryFolder folder = new();

    public FakeTpm(params ReadOnlySpan<string> banks)
    {
        foreach (string bank in banks)
        {
            Directory.CreateDirectory(folder[$"pcr-{bank}"]);
            for (int pcr = 0; pcr < PcrCount; pcr++)
            {
                Write(bank, pcr, Convert.ToHexString(Digest(bank, pcr)) + "\n");
            }
        }
    }

    public string Root => folder.Root;

    /// <summary>Another value for each register, of the size that the bank has.</summary>
    public static byte[] Digest(string bank, int pcr)
    {
        byte[] seed = Encoding.ASCII.GetBytes(bank + pcr.ToString(CultureInfo.InvariantCulture));
        return bank switch
        {
            "sha1" => SHA256.HashData(seed)[..20],
            "sha256" => SHA256.HashData(seed),
            "sha384" => SHA384.HashData(seed),
            _ => SHA512.HashData(seed),
        };
    }

    public void Write(string bank, int pcr, string text) =>
        File.WriteAllText(Path.Combine(folder[$"pcr-{bank}"], pcr.ToString(CultureInfo.InvariantCulture)), text);

    public void Remove(string bank, int pcr) =>
        File.Delete(Path.Combine(folder[$"pcr-{bank}"], pcr.ToString(CultureInfo.InvariantCulture)));

    public void Dispose() => folder.Dispose();
}
