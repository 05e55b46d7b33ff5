using System.Buffers;
using System.Globalization;
using System.Text;

namespace Mantle.Service.Attestation;

/// <summary>
/// Reads PCRs through the kernel: one file a register, upper-case hexadecimal and a line feed
/// (Documentation/ABI/stable/sysfs-class-tpm, "pcr-&lt;hash&gt;/&lt;index&gt;").
/// </summary>
internal static class PcrBanks
{
    // TCG PC Client Platform Firmware Profile: a PC's TPM has 24 PCRs.
    private const int PcrCount = 24;

    private static readonly (string Name, int DigestSize)[] s_banks = [("sha1", 20), ("sha256", 32), ("sha384", 48), ("sha512", 64)];

    private static readonly SearchValues<byte> s_hexadecimal = SearchValues.Create("0123456789ABCDEFabcdef"u8);

    /// <summary>
    /// Every bank that the TPM has allocated, each register's digest in lower-case hexadecimal.
    /// False if there is no bank, or one that is incomplete or not what the kernel writes: half an answer is none.
    /// </summary>
    public static bool TryRead(string tpmFolder, out OrderedDictionary<string, OrderedDictionary<string, string>> banks)
    {
        banks = [];
        foreach ((string name, int digestSize) in s_banks)
        {
            string folder = $"{tpmFolder}/pcr-{name}";
            if (!Directory.Exists(folder))
            {
                continue;
            }

            OrderedDictionary<string, string> registers = new(PcrCount);
            for (int pcr = 0; pcr < PcrCount; pcr++)
            {
                string index = pcr.ToString(CultureInfo.InvariantCulture);
                if (ReadDigest($"{folder}/{index}", digestSize) is not { } digest)
                {
                    return false;
                }

                registers.Add(index, digest);
            }

            banks.Add(name, registers);
        }

        return banks.Count > 0;
    }

    /// <summary>Null if the register cannot be read or holds something else than one digest.</summary>
    private static string? ReadDigest(string path, int digestSize)
    {
        // One byte more than the longest right answer (digits and a line feed), so that a longer one is seen.
        Span<byte> text = stackalloc byte[(2 * digestSize) + 2];
        int length = 0;
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            length = file.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        ReadOnlySpan<byte> digits = text[..length];
        if (digits.EndsWith("\n"u8))
        {
            digits = digits[..^1];
        }

        return digits.Length == 2 * digestSize && !digits.ContainsAnyExcept(s_hexadecimal)
            ? Encoding.ASCII.GetString(digits).ToLowerInvariant()
            : null;
    }
}
