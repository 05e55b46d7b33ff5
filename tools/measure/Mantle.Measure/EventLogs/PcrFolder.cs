using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.EventLogs;

/// <summary>
/// Reads values as Linux shows them below <c>/sys/class/tpm/tpm0</c>: a folder <c>pcr-sha256</c> a bank, a file a PCR, its value in hex.
/// </summary>
public static class PcrFolder
{
    private const int MaximumLength = 4096;

    /// <summary>Reads one bank's folder, or a folder that has several of them.</summary>
    /// <exception cref="MalformedInputException">A file has no value of its bank.</exception>
    /// <exception cref="UserErrorException">The folder has none of these folders.</exception>
    public static PcrList Read(string path)
    {
        PcrList list = new();
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        foreach (TpmAlgorithm bank in TpmHash.Computable)
        {
            string folder = $"pcr-{bank.Name()}";
            Read(list, bank, name == folder ? path : Path.Combine(path, folder));
        }

        return list.Count > 0
            ? list
            : throw new UserErrorException(
                $"folder \"{path}\" has no PCR values",
                "give a folder like /sys/class/tpm/tpm0 or /sys/class/tpm/tpm0/pcr-sha256", ExitCode.Environment);
    }

    private static void Read(PcrList list, TpmAlgorithm bank, string folder)
    {
        for (int index = 0; index < PcrValues.RegisterCount; index++)
        {
            string file = Path.Combine(folder, $"{index}");
            if (!File.Exists(file))
            {
                continue;
            }

            // The size that Linux reports for such a file says nothing about its content.
            using FileStream stream = File.OpenRead(file);
            byte[] buffer = new byte[MaximumLength];
            int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            string text = System.Text.Encoding.Latin1.GetString(buffer, 0, length).Trim();
            if (text.Length != 2 * bank.DigestSize() || !text.All(char.IsAsciiHexDigit))
            {
                throw new MalformedInputException(PcrListReader.Format, 0, $"\"{file}\" is not {bank.DigestSize()} bytes in hex");
            }

            list.TryAdd(bank, index, Convert.FromHexString(text));
        }
    }
}
