using System.Buffers;
using System.Runtime.InteropServices;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Cpio;

/// <summary>
/// Writes a "newc" archive (magic 070701). Members are in the order of <see cref="FileTree.Walk()"/>, inode numbers count from 1 in that order,
/// all on device 0:0. As GNU cpio does it, the data of a file with several names stands with the last of them.
/// </summary>
public static class CpioWriter
{
    /// <summary>
    /// The archive of a tree. Contents are referred to, not copied. Its length is a multiple of 4, so archives can be put one behind another.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// The tree holds what the format cannot say: a file of 4 GiB or more, a time outside 1970 to 2106, a path or link target of more than
    /// 4,095 bytes, an extended attribute, a directory with two names, a file at the root that is called like the trailer.
    /// </exception>
    public static ByteSource Layout(FileTree tree, CpioOptions? options = null)
    {
        List<(string Path, FileNode Node)> members = [.. tree.Walk()];
        if (options?.IncludeRoot == true)
        {
            members.Insert(0, (".", tree.Root));
        }

        Dictionary<FileNode, Links> links = Verify(members);
        Output output = new();
        uint nextInode = 1;
        foreach ((string path, FileNode node) in members)
        {
            ref Links link = ref CollectionsMarshal.GetValueRefOrNullRef(links, node);
            if (link.Written++ == 0)
            {
                link.Inode = nextInode++;
            }

            ByteSource data = node.Kind switch
            {
                FileKind.SymbolicLink => ByteSource.FromMemory(LinuxText.Encode(node.LinkTarget)),
                FileKind.Regular when link.Written == link.Count => node.Content,
                _ => ByteSource.Empty,
            };
            uint linkCount = node.Kind == FileKind.Directory
                ? 2 + (uint)node.Children.Values.Count(child => child.Kind == FileKind.Directory)
                : link.Count;
            output.Header(
                [
                    link.Inode, (uint)node.Mode, node.UserId, node.GroupId, linkCount, (uint)node.ModifiedSeconds, (uint)data.Length,
                    0, 0, node.DeviceMajor, node.DeviceMinor,
                ],
                LinuxText.Encode(path));
            output.Data(data);
        }

        output.Header([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], LinuxText.Encode(CpioFormat.Trailer));
        return output.ToSource();
    }

    private static Dictionary<FileNode, Links> Verify(List<(string Path, FileNode Node)> members)
    {
        Dictionary<FileNode, Links> links = new(members.Count, ReferenceEqualityComparer.Instance);
        foreach ((string path, FileNode node) in members)
        {
            ref Links link = ref CollectionsMarshal.GetValueRefOrAddDefault(links, node, out bool seen);
            link.Count++;
            string? problem =
                seen && node.Kind == FileKind.Directory ? "is a directory with two names"
                : path == CpioFormat.Trailer ? "has the name that ends an archive"
                : LinuxText.Encode(path).Length >= CpioFormat.MaximumPathLength ? "has a path of more than 4,095 bytes"
                : LinuxText.Encode(node.LinkTarget).Length >= CpioFormat.MaximumPathLength ? "has a link target of more than 4,095 bytes"
                : node.Kind == FileKind.SymbolicLink && node.LinkTarget.Length == 0 ? "is a symbolic link without a target"
                : node.Content.Length > uint.MaxValue ? $"has {node.Content.Length} bytes, and a cpio member at most 4,294,967,295"
                : node.ModifiedSeconds is < 0 or > uint.MaxValue ? $"has time {node.ModifiedSeconds}, which 32 bits do not hold"
                : node.ExtendedAttributes.Count > 0 ? $"has the extended attribute \"{node.ExtendedAttributes.Keys.First()}\", which cpio cannot carry"
                : null;
            if (problem is not null)
            {
                throw new ArgumentException($"cpio: \"{path}\" {problem}");
            }
        }

        return links;
    }

    private record struct Links(uint Count, uint Written, uint Inode);

    /// <summary>Headers and names in one buffer; contents beside it; the gaps that are left are the padding.</summary>
    private sealed class Output
    {
        private readonly ArrayBufferWriter<byte> _buffer = new();
        private readonly List<(long Offset, int Start, int Length)> _headers = [];
        private readonly List<ByteSource.Extent> _extents = [];
        private long _offset;

        public void Header(ReadOnlySpan<uint> fields, byte[] name)
        {
            int start = _buffer.WrittenCount;
            _buffer.Write(CpioFormat.Magic);
            foreach (uint field in fields)
            {
                Field(field);
            }

            Field((uint)name.Length + 1);
            Field(0); // the checksum field, which only 070702 uses
            _buffer.Write(name);
            int length = _buffer.WrittenCount - start;
            _headers.Add((_offset, start, length));
            _offset = CpioFormat.Align(_offset + length + 1);
        }

        public void Data(ByteSource data)
        {
            _extents.Add(new(_offset, data));
            _offset = CpioFormat.Align(_offset + data.Length);
        }

        public ByteSource ToSource()
        {
            ReadOnlyMemory<byte> headers = _buffer.WrittenMemory;
            return ByteSource.Compose(
                _offset,
                _extents.Concat(_headers.Select(h => new ByteSource.Extent(h.Offset, ByteSource.FromMemory(headers.Slice(h.Start, h.Length))))));
        }

        private void Field(uint value)
        {
            value.TryFormat(_buffer.GetSpan(CpioFormat.FieldLength), out int written, "x8");
            _buffer.Advance(written);
        }
    }
}
