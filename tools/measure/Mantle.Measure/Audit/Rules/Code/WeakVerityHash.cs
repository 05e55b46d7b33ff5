using Mantle.Formats.Bytes;
using Mantle.Measure.Audit.Inspection;

namespace Mantle.Measure.Audit.Rules.Code;

/// <summary>
/// A hash tree, or a word that sets one up, with a hash function for which collisions are known or which is none of cryptography's. The name is in the
/// superblock (cryptsetup, struct verity_sb) and in the table of dm-verity (Linux, Documentation/admin-guide/device-mapper/verity.rst).
/// </summary>
internal sealed class WeakVerityHash : ICodeRule
{
    private const int AlgorithmOffset = 32;
    private const int AlgorithmLength = 32;
    private const int ShortestStrong = 64;

    private static readonly string[] s_weak = ["sha1", "md4", "md5", "crc32", "crc32c", "xxhash64", "ripemd128", "rmd160", "sha224"];
    private static readonly string[] s_tables = ["dm_mod.create=", "systemd.verity_root_options=", "systemd.verity_usr_options="];
    private static readonly char[] s_separators = [' ', ',', ';', '=', '"'];

    public void Check(AuditContext context, Action<string, Evidence> report)
    {
        foreach (InspectedVolume volume in context.Image.Volumes.Where(volume => volume.Role == VolumeRole.Verity && volume.Content.Length >= AlgorithmOffset + AlgorithmLength))
        {
            ReadOnlySpan<byte> field = volume.Content.ReadBytes(AlgorithmOffset, AlgorithmLength, "verity");
            string name = LinuxText.Decode(field.TrimEnd((byte)0));
            if (s_weak.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                report(volume.Place, new($"the superblock of the hash tree names {name}"));
            }
        }

        foreach (BootEntry entry in context.Image.BootEntries)
        {
            foreach (string word in entry.Words)
            {
                string normal = KernelWords.Normalise(word);
                bool isTable = s_tables.Any(table => normal.StartsWith(table, StringComparison.Ordinal));
                if ((isTable && normal.Split(s_separators).Any(part => s_weak.Contains(part, StringComparer.OrdinalIgnoreCase))) || IsShort(word))
                {
                    report(entry.Place, new(word));
                }
            }
        }
    }

    private static bool IsShort(string word) =>
        (word.StartsWith("roothash=", StringComparison.Ordinal) || word.StartsWith("usrhash=", StringComparison.Ordinal))
        && word[(word.IndexOf('=', StringComparison.Ordinal) + 1)..] is { Length: > 0 and < ShortestStrong } hash && hash.All(char.IsAsciiHexDigit);
}
