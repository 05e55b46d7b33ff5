using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Mantle.ImageBuilder.Volumes;

/// <summary>
/// What an interrupted <c>volume create</c> leaves beside the unfinished image, so that the next one goes on: which segments are written, of what, and
/// under which key. The key itself is in no file; it is in the kernel's key ring, under a name that stands here, and so is gone with the machine's next
/// start. So is trust in what the page cache may not have written: a journal of another boot counts for nothing.
/// </summary>
/// <remarks>
/// Lines of text: format, boot, source, name of the key in the key ring or <c>-</c>, sealed key in base64 or <c>-</c>; then a segment's number for each that is written.
/// </remarks>
internal sealed class VolumeJournal : IDisposable
{
    private const string Format = "mantle volume journal 1";
    private const string BootPath = "/proc/sys/kernel/random/boot_id";
    private readonly string _path;
    private readonly FileStream _file;
    private readonly HashSet<long> _written;

    private VolumeJournal(string path, FileStream file, string? keyName, byte[]? blob, HashSet<long> written)
    {
        _path = path;
        _file = file;
        _written = written;
        KeyName = keyName;
        Blob = blob;
    }

    /// <summary>The key's name in the key ring; null: the volume is not encrypted, or its key could not be kept.</summary>
    public string? KeyName { get; }

    /// <summary>The sealed key.</summary>
    public byte[]? Blob { get; }

    /// <summary>Segments that need not be written again.</summary>
    public int WrittenSegments => _written.Count;

    /// <summary>Whether a segment is written.</summary>
    public bool IsWritten(long segment) => _written.Contains(segment);

    /// <summary>Opens the journal of an interrupted run; null when there is none that counts.</summary>
    /// <param name="path">Of the journal.</param>
    /// <param name="source">What stands for the same input and options.</param>
    public static VolumeJournal? TryOpen(string path, string source)
    {
        if (!File.Exists(path) || !File.Exists(BootPath))
        {
            return null;
        }

        // A line that was being written when the process was killed has no end, and so doesn't count.
        string text = File.ReadAllText(path);
        string[] lines = text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines is not [Format, string boot, string of, string keyName, string blob, .. string[] segments] || boot != Boot() || of != source)
        {
            return null;
        }

        HashSet<long> written = [];
        foreach (string line in segments)
        {
            if (!long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out long segment))
            {
                return null;
            }

            written.Add(segment);
        }

        byte[]? sealedKey = blob == "-" ? null : Convert.FromBase64String(blob);
        return new(path, new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0), keyName == "-" ? null : keyName, sealedKey, written);
    }

    /// <summary>Starts a journal.</summary>
    /// <param name="path">Where.</param>
    /// <param name="source">What stands for the same input and options.</param>
    /// <param name="key">The volume's key; null for none.</param>
    /// <param name="blob">The key sealed.</param>
    public static VolumeJournal Start(string path, string source, VolumeKey? key, byte[]? blob)
    {
        string? keyName = key is null ? null : $"mantle:volume:{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}";
        if (keyName is not null && !KernelKeyring.TryKeep(keyName, key!.Bytes))
        {
            keyName = null;
        }

        VolumeJournal journal = new(path, new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0), keyName, blob, []);
        string boot = File.Exists(BootPath) ? Boot() : "unknown";
        journal.Write($"{Format}\n{boot}\n{source}\n{keyName ?? "-"}\n{(blob is null ? "-" : Convert.ToBase64String(blob))}\n");
        return journal;
    }

    /// <summary>Notes that a segment is written.</summary>
    public void Add(long segment) => Write(segment.ToString(CultureInfo.InvariantCulture) + "\n");

    /// <summary>The volume is whole: nothing will go on from here.</summary>
    public void Finish()
    {
        if (KeyName is not null)
        {
            KernelKeyring.Forget(KeyName);
        }

        _file.Dispose();
        File.Delete(_path);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static string Boot() => File.ReadAllText(BootPath).Trim();

    private void Write(string text) => _file.Write(Encoding.ASCII.GetBytes(text));
}
