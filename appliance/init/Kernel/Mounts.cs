namespace Mantle.Init.Kernel;

/// <summary>mount(2) with its errors as exceptions.</summary>
internal static class Mounts
{
    /// <summary><c>RAMFS_MAGIC</c> and <c>TMPFS_MAGIC</c> of linux/magic.h: the initrd's root is one of them.</summary>
    internal const long RamfsType = 0x858458F6;
    internal const long TmpfsType = 0x01021994;

    internal static void Mount(string source, string target, string type, MountFlags flags, string? data = null) =>
        SystemCallException.Check(Interop.Libc.mount(source, target, type, (nuint)flags, data), $"mount \"{target}\"");

    internal static void Move(string from, string to) =>
        SystemCallException.Check(Interop.Libc.mount(from, to, null, (nuint)MountFlags.Move, null), $"move \"{from}\"");

    /// <summary>
    /// Gives a mount new flags. Of the mount, not of its file system: the kernel goes on making nodes in a devtmpfs whose
    /// mount at /dev is read-only.
    /// </summary>
    internal static void ChangeFlags(string target, MountFlags flags) =>
        SystemCallException.Check(
            Interop.Libc.mount("none", target, null, (nuint)(flags | MountFlags.Remount | MountFlags.Bind), null), $"remount \"{target}\"");

    /// <summary>Makes a folder; one that exists is as good.</summary>
    internal static void MakeFolder(string path, uint mode)
    {
        if (Interop.Libc.mkdir(path, mode) < 0 && SystemCallException.Last($"mkdir \"{path}\"") is { ErrorNumber: not Errno.EEXIST } problem)
        {
            throw problem;
        }
    }

    /// <summary>The magic number of the file system that holds a path, statfs(2).</summary>
    internal static unsafe long FileSystemType(string path)
    {
        long* buffer = stackalloc long[32];
        SystemCallException.Check(Interop.Libc.statfs(path, (byte*)buffer), $"statfs \"{path}\"");
        return buffer[0];
    }
}
