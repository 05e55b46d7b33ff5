using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Publishing.Upload;

/// <summary>
/// What of an image is in which snapshot already: a text that grows by a line when EBS has taken a block. It is about one content in one region; about another it
/// says nothing. A line that a crash has cut off, and all behind it, counts as not written; so the worst that a wrong journal costs is to send a block twice.
/// </summary>
internal sealed class UploadJournal : IDisposable
{
    private const string Magic = "mantle-upload 1";
    private const long MaximumSize = 4L << 30;

    private static readonly SearchValues<char> s_hexDigits = SearchValues.Create("0123456789abcdef");

    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly string _key;
    private readonly FileStream _file;
    private readonly Dictionary<int, string> _done = [];

    private UploadJournal(string path, string key, FileStream file) => (_path, _key, _file) = (path, key, file);

    /// <summary>How many snapshots were given up before this one.</summary>
    public int Generation { get; private set; }

    /// <summary>The snapshot; null: none was started.</summary>
    public string? Snapshot { get; private set; }

    /// <summary>Opens or makes a journal and keeps others out of it as long as this one is open.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">Digest of the image.</param>
    /// <param name="region">Where it goes to.</param>
    /// <exception cref="UserErrorException">Another process has it open.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "the journal owns the file")]
    public static UploadJournal Open(string path, string content, string region)
    {
        FileStream file;
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new UserErrorException($"\"{path}\" is a symbolic link", "remove it: an upload is noted in a file of its own", ExitCode.Environment);
        }

        try
        {
            file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new UserErrorException($"\"{path}\" is in use: the release is being published to {region} already", "wait for the other run", ExitCode.Environment, e);
        }

        UploadJournal journal = new(path, $"{Magic} {content} {region}", file);
        journal.Load();
        return journal;
    }

    /// <summary>Whether the block is in the snapshot with this content.</summary>
    public bool Has(int index, ReadOnlySpan<byte> digest)
    {
        lock (_lock)
        {
            return _done.TryGetValue(index, out string? known) && Convert.ToHexStringLower(digest).AsSpan().SequenceEqual(known);
        }
    }

    /// <summary>Begins with a snapshot that has no block.</summary>
    public void Begin(int generation, string snapshot)
    {
        lock (_lock)
        {
            (Generation, Snapshot) = (generation, snapshot);
            _done.Clear();
            _file.SetLength(0);
            Append(string.Create(CultureInfo.InvariantCulture, $"{_key} {generation} {snapshot}\n"));
        }
    }

    /// <summary>EBS has taken a block. Once this returns the line survives the end of the process.</summary>
    public void Add(int index, ReadOnlySpan<byte> digest)
    {
        string text = Convert.ToHexStringLower(digest);
        lock (_lock)
        {
            _done[index] = text;
            Append(string.Create(CultureInfo.InvariantCulture, $"{index} {text}\n"));
        }
    }

    /// <summary>Removes the file: everything is done.</summary>
    public void Delete() => File.Delete(_path);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void Append(string text)
    {
        _file.Seek(0, SeekOrigin.End);
        _file.Write(Encoding.ASCII.GetBytes(text));
        _file.Flush();
    }

    private void Load()
    {
        if (_file.Length > MaximumSize)
        {
            return;
        }

        using StreamReader reader = new(_file, Encoding.ASCII, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        string text = reader.ReadToEnd();
        int end = text.IndexOf('\n', StringComparison.Ordinal);
        if (end < 0 || !text.StartsWith(_key + " ", StringComparison.Ordinal) || text[(_key.Length + 1)..end].Split(' ') is not [{ } generation, { } snapshot]
            || !int.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || !Ids.IsSnapshot(snapshot))
        {
            return;
        }

        (Generation, Snapshot) = (number, snapshot);
        int whole = end + 1;
        for (int next; (next = text.IndexOf('\n', whole)) >= 0 && ReadLine(text.AsSpan(whole..next)); whole = next + 1)
        {
        }

        // All characters that were read are ASCII up to here, so characters are bytes.
        _file.SetLength(whole);
    }

    private bool ReadLine(ReadOnlySpan<char> line)
    {
        int space = line.IndexOf(' ');
        if (space < 1 || !int.TryParse(line[..space], NumberStyles.None, CultureInfo.InvariantCulture, out int index) || line.Length - space - 1 != 64 || line[(space + 1)..].ContainsAnyExcept(s_hexDigits))
        {
            return false;
        }

        _done[index] = line[(space + 1)..].ToString();
        return true;
    }
}
