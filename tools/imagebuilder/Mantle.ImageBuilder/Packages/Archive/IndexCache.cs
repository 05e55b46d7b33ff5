using System.Security.Cryptography;

namespace Mantle.ImageBuilder.Packages.Archive;

/// <summary>Decompressed indexes by their SHA-256, so that an unchanged suite is neither fetched nor decompressed again. An entry that does not match its name counts as absent.</summary>
/// <param name="folder">The cache's folder; made when the first entry is written.</param>
internal sealed class IndexCache(string folder)
{
    /// <summary>Returns an entry whose bytes were just checked, or null.</summary>
    public byte[]? Find(string sha256, long size)
    {
        FileInfo file = new(PathOf(sha256));
        if (!file.Exists || file.Length != size)
        {
            return null;
        }

        byte[] content = File.ReadAllBytes(file.FullName);
        return Convert.ToHexStringLower(SHA256.HashData(content)) == sha256 ? content : null;
    }

    /// <summary>Keeps an entry. A cache that cannot be written is no error: it is only slower.</summary>
    public void Keep(string sha256, ReadOnlySpan<byte> content)
    {
        string path = PathOf(sha256);
        string temporary = $"{path}.{Environment.ProcessId}";
        try
        {
            Directory.CreateDirectory(folder);
            using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                stream.Write(content);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
        }
    }

    private string PathOf(string sha256) => Path.Combine(folder, sha256);
}
