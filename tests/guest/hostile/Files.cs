namespace Mantle.Hostile;

/// <summary>Files by bare system calls.</summary>
internal static class Files
{
    public const int ReadOnly = 0, WriteOnly = 1, ReadWrite = 2, Create = 0x40, NonBlocking = 0x800, Temporary = 0x410000;

    private const int OpenCall = 2, StatCall = 4, CloseCall = 3, AccessCall = 21;

    public static nint Open(string path, int flags = ReadWrite) => Interop.CallWith(path, name => Interop.Call(OpenCall, name, flags | NonBlocking, 0x1ED));

    public static void Close(nint descriptor) => _ = Interop.Call(CloseCall, descriptor);

    /// <summary>access(2) says that it could be written.</summary>
    public static bool IsWritable(string path) => Interop.CallWith(path, name => Interop.Call(AccessCall, name, 2)) == 0;

    /// <summary>Opens the first of a folder's entries of a kind for reading. A success when there is none: nothing may be refused for want of a target.</summary>
    public static nint OpenFirst(string folder, string prefix, string devices)
    {
        string? name = Directory.Exists(folder)
            ? Directory.GetFileSystemEntries(folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal).FirstOrDefault(each => each.StartsWith(prefix, StringComparison.Ordinal))
            : null;
        return name is null ? 0 : Open(devices + name, ReadOnly);
    }

    /// <summary>Mode, user and group, stat(2).</summary>
    public static (uint Mode, uint User, uint Group) Stat(string path)
    {
        byte[] buffer = new byte[144];
        nint result = Interop.CallWith(buffer, pointer => Interop.CallWith(path, name => Interop.Call(StatCall, name, pointer)));
        return result < 0 ? default : (BitConverter.ToUInt32(buffer, 24), BitConverter.ToUInt32(buffer, 28), BitConverter.ToUInt32(buffer, 32));
    }

    /// <summary>Everything below a folder that can be listed, links not followed.</summary>
    public static IEnumerable<string> Below(string folder, Func<string, bool> skips)
    {
        EnumerationOptions flat = new() { IgnoreInaccessible = true, AttributesToSkip = 0 };
        Stack<string> folders = new([folder]);
        while (folders.TryPop(out string? next))
        {
            foreach (FileSystemInfo entry in new DirectoryInfo(next).EnumerateFileSystemInfos("*", flat))
            {
                if (skips(entry.FullName))
                {
                    continue;
                }

                yield return entry.FullName;
                if (entry is DirectoryInfo && entry.LinkTarget is null)
                {
                    folders.Push(entry.FullName);
                }
            }
        }
    }
}
