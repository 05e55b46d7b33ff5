using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.ImageBuilder.Tree;

/// <summary>
/// SHA-256 of a whole tree: of one line per file with type, mode, owner, target and content digest. It stands for the tree's content where an
/// identifier must follow from content (file system UUID, verity salt), and it gives every file's digest to the manifest.
/// </summary>
public sealed class TreeDigest
{
    private TreeDigest(byte[] value, IReadOnlyDictionary<string, string> files)
    {
        Value = value;
        Files = files;
    }

    /// <summary>32 bytes.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    /// <summary>SHA-256 of every regular file by path, in lower-case hexadecimal.</summary>
    public IReadOnlyDictionary<string, string> Files { get; }

    /// <summary>Hashes a tree, files on all cores.</summary>
    public static TreeDigest Compute(FileTree tree, CancellationToken cancellation)
    {
        ConcurrentDictionary<string, string> digests = new(StringComparer.Ordinal);
        (string Path, FileNode Node)[] files = [.. tree.Walk().Where(entry => entry.Node.Kind == FileKind.Regular).OrderByDescending(e => e.Node.Content.Length)];
        Parallel.ForEach(
            Partitioner.Create(files, EnumerablePartitionerOptions.NoBuffering),
            new ParallelOptions { CancellationToken = cancellation },
            file => digests[file.Path] = Convert.ToHexStringLower(HashContent(file.Node.Content)));

        using IncrementalHash whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string path, FileNode node) in tree.Walk())
        {
            StringBuilder line = new();
            line.Append(CultureInfo.InvariantCulture, $"{node.Mode:x} {node.UserId} {node.GroupId} {node.DeviceMajor} {node.DeviceMinor}\0{path}\0{node.LinkTarget}\0");
            line.Append(digests.GetValueOrDefault(path, ""));
            foreach ((string name, byte[] value) in node.ExtendedAttributes)
            {
                line.Append('\0').Append(name).Append('=').Append(Convert.ToHexStringLower(value));
            }

            whole.AppendData(LinuxText.Encode(line.Append('\n').ToString()));
        }

        return new TreeDigest(whole.GetHashAndReset(), digests);
    }

    /// <summary>SHA-256 of a source, streamed.</summary>
    public static byte[] HashContent(ByteSource content, CancellationToken cancellation = default)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 18);
        for (long offset = 0; offset < content.Length;)
        {
            cancellation.ThrowIfCancellationRequested();
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, content.Length - offset));
            content.ReadExactly(offset, part);
            hash.AppendData(part);
            offset += part.Length;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return hash.GetHashAndReset();
    }

    /// <summary>An identifier that follows from the tree: SHA-256 over a purpose and the digest, cut to 16 bytes, marked as a version 8 UUID (RFC 9562).</summary>
    public Guid Identifier(string purpose)
    {
        byte[] bytes = Derive(purpose)[..16];
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>32 bytes that follow from the tree, for a purpose.</summary>
    public byte[] Derive(string purpose) => SHA256.HashData([.. Encoding.UTF8.GetBytes(purpose), 0, .. Value.Span]);
}
