using System.Security.Cryptography;

namespace Mantle.ImageBuilder.Output;

/// <summary>A file that is written beside the one that it replaces, and takes its place when all of it is on the disk.</summary>
public static class ReplacedFile
{
    /// <summary>Writes a file, or leaves what was there.</summary>
    /// <param name="path">The file; a symbolic link of that name is replaced, not followed.</param>
    /// <param name="write">Writes its content.</param>
    /// <param name="beside">The beginning of the unfinished file's path, on the same file system; null: the file's own.</param>
    public static void Write(string path, Action<Stream> write, string? beside = null)
    {
        // A new file under a name that nobody can know before: nothing that somebody else has put there, such as a link, is written to.
        string pending = $"{beside ?? path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}.pending";
        try
        {
            using (FileStream file = new(pending, FileMode.CreateNew))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            File.Move(pending, path, overwrite: true);
        }
        finally
        {
            File.Delete(pending);
        }
    }

    /// <summary>Writes a file of these bytes, or leaves what was there.</summary>
    public static void Write(string path, ReadOnlyMemory<byte> content, string? beside = null) => Write(path, file => file.Write(content.Span), beside);
}
