using System.Runtime.InteropServices;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Tests.Erofs;

/// <summary>
/// A folder of the host as a file tree, as lstat, readlink and lgetxattr have it: how foreign tools' output is compared.
/// </summary>
internal static partial class HostTree
{
    private const int StatLength = 144;

    public static FileTree Read(string folder)
    {
        FileTree tree = new();
        Dictionary<(ulong Device, ulong Inode), FileNode> known = [];
        Fill(tree.Root, Encoding.UTF8.GetBytes(folder), known);
        return tree;
    }

    /// <summary>Sets an extended attribute; false where the host's file system or the user's rights do not allow it.</summary>
    public static bool TrySetAttribute(string path, string name, byte[] value) =>
        lsetxattr(Terminated(Encoding.UTF8.GetBytes(path)), name, value, (nuint)value.Length, 0) == 0;

    private static FileNode Fill(FileNode? node, byte[] path, Dictionary<(ulong Device, ulong Inode), FileNode> known)
    {
        byte[] stat = new byte[StatLength];
        Assert.Equal(0, lstat(Terminated(path), stat));
        (ulong Device, ulong Inode) identity = (BitConverter.ToUInt64(stat, 0), BitConverter.ToUInt64(stat, 8));
        if (known.TryGetValue(identity, out FileNode? existing))
        {
            return existing;
        }

        uint mode = BitConverter.ToUInt32(stat, 24);
        FileKind kind = (FileKind)(mode >> 12);
        node ??= new FileNode(kind, (int)mode);
        node.Permissions = (int)mode & 0xFFF;
        node.UserId = BitConverter.ToUInt32(stat, 28);
        node.GroupId = BitConverter.ToUInt32(stat, 32);
        ulong device = BitConverter.ToUInt64(stat, 40);
        node.DeviceMajor = (uint)((device >> 8) & 0xFFF);
        node.DeviceMinor = (uint)((device & 0xFF) | ((device >> 12) & 0xFFFFF00));
        node.ModifiedSeconds = BitConverter.ToInt64(stat, 88);
        ReadAttributes(node, path);
        known.Add(identity, node);
        if (kind == FileKind.Directory)
        {
            foreach (byte[] name in Names(path))
            {
                node.Children.Add(LinuxText.Decode(name), Fill(null, [.. path, (byte)'/', .. name], known));
            }
        }
        else if (kind == FileKind.SymbolicLink)
        {
            byte[] target = new byte[4096];
            nint length = readlink(Terminated(path), target, 4096);
            node.LinkTarget = LinuxText.Decode(target.AsSpan(0, (int)length));
        }
        else if (kind == FileKind.Regular)
        {
            node.Content = ByteSource.FromMemory(ReadFile(path, BitConverter.ToInt64(stat, 48)));
        }

        return node;
    }

    private static void ReadAttributes(FileNode node, byte[] path)
    {
        byte[] names = new byte[65536];
        nint length = llistxattr(Terminated(path), names, (nuint)names.Length);
        foreach (string name in Encoding.UTF8.GetString(names, 0, Math.Max(0, (int)length)).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            byte[] value = new byte[65536];
            nint size = lgetxattr(Terminated(path), name, value, (nuint)value.Length);
            Assert.True(size >= 0, $"cannot read {name}");
            node.ExtendedAttributes[name] = value[..(int)size];
        }
    }

    private static List<byte[]> Names(byte[] path)
    {
        nint directory = opendir(Terminated(path));
        Assert.NotEqual(0, directory);
        List<byte[]> names = [];
        for (nint entry = readdir(directory); entry != 0; entry = readdir(directory))
        {
            List<byte> name = [];
            for (int i = 19; Marshal.ReadByte(entry, i) is not 0 and byte b; i++)
            {
                name.Add(b);
            }

            if (name is not ([(byte)'.'] or [(byte)'.', (byte)'.']))
            {
                names.Add([.. name]);
            }
        }

        _ = closedir(directory);
        return names;
    }

    private static byte[] ReadFile(byte[] path, long length)
    {
        int file = open(Terminated(path), 0);
        Assert.True(file >= 0);
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = new(file, ownsHandle: true);
        byte[] bytes = new byte[length];
        for (int offset = 0; offset < length;)
        {
            int count = RandomAccess.Read(handle, bytes.AsSpan(offset), offset);
            Assert.NotEqual(0, count);
            offset += count;
        }

        return bytes;
    }

    private static byte[] Terminated(byte[] text) => [.. text, 0];

#pragma warning disable SA1300, CA5392 // native names verbatim; libc only
    [LibraryImport("libc")]
    private static partial int lstat(byte[] path, byte[] stat);

    [LibraryImport("libc")]
    private static partial nint readlink(byte[] path, byte[] target, nuint size);

    [LibraryImport("libc")]
    private static partial int open(byte[] path, int flags);

    [LibraryImport("libc")]
    private static partial nint opendir(byte[] path);

    [LibraryImport("libc")]
    private static partial nint readdir(nint directory);

    [LibraryImport("libc")]
    private static partial int closedir(nint directory);

    [LibraryImport("libc")]
    private static partial nint llistxattr(byte[] path, byte[] names, nuint size);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint lgetxattr(byte[] path, string name, byte[] value, nuint size);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lsetxattr(byte[] path, string name, byte[] value, nuint size, int flags);
#pragma warning restore SA1300, CA5392
}
