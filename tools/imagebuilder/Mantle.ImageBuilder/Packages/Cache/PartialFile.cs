using System.Globalization;
using System.Security.Cryptography;

namespace Mantle.ImageBuilder.Packages;

/// <summary>
/// A download that can be continued: what has arrived so far, with its running SHA-256. While it is open no other process has it (the file is locked);
/// a second build that fetches the same package takes the next number.
/// </summary>
internal sealed class PartialFile : IDisposable
{
    private const int MaximumCopies = 64;

    private readonly string _path;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private PartialFile(string path, FileStream file)
    {
        _path = path;
        _file = file;
    }

    /// <summary>Bytes that have arrived.</summary>
    public long Length => _file.Length;

    /// <summary>Whether the bytes came in more than one piece, so that they may not fit together.</summary>
    public bool IsPieced { get; private set; }

    /// <summary>Opens the first one of a name that is not locked, or makes it.</summary>
    public static PartialFile Open(string folder, string name)
    {
        for (int number = 0; ; number++)
        {
            string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name}.{number}"));
            try
            {
                return new PartialFile(path, new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
            }
            catch (IOException) when (number < MaximumCopies && File.Exists(path))
            {
                // Locked. (Between another build's rename and its unlock one can also catch the finished file here: it is
                // complete, so it is hashed and found right, never written to.)
            }
        }
    }

    /// <summary>Hashes what an earlier run left; throws it away if it is longer than the whole may be.</summary>
    public void Resume(long maximumLength)
    {
        if (Length > maximumLength)
        {
            Reset();
        }

        byte[] buffer = new byte[1 << 17];
        _file.Position = 0;
        for (int count; (count = _file.Read(buffer)) > 0;)
        {
            _hash.AppendData(buffer, 0, count);
        }

        IsPieced = Length > 0;
    }

    /// <summary>Marks the begin of another piece.</summary>
    public void BeginPiece() => IsPieced |= Length > 0;

    /// <summary>Appends bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        _file.Write(bytes);
        _hash.AppendData(bytes);
    }

    /// <summary>Throws away what has arrived.</summary>
    public void Reset()
    {
        _file.SetLength(0);
        _file.Position = 0;
        _hash.GetHashAndReset();
        IsPieced = false;
    }

    /// <summary>SHA-256 of what has arrived, in hexadecimal.</summary>
    public string Digest() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <summary>Brings the file to disk and moves it to its place.</summary>
    public void Commit(string destination)
    {
        _file.Flush(flushToDisk: true);
        try
        {
            File.Move(_path, destination, overwrite: true);
        }
        catch (FileNotFoundException) when (File.Exists(destination))
        {
            // The other build whose finished file this is was faster.
        }

    }

    /// <summary>
    /// Closes the file. It stays for the next run, even empty: removed, it would leave a build that has just opened it with a file without a name.
    /// </summary>
    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
    }
}
