using Mantle.Init.Kernel;

namespace Mantle.Init.Unsealing;

/// <summary>The service's secret files, in a file system of their own in memory: there is no swap, and nothing of it reaches a disk.</summary>
/// <param name="user">The service's user.</param>
/// <param name="group">The service's group.</param>
internal sealed unsafe class SecretStore(uint user, uint group)
{
    /// <summary>Where the service finds them.</summary>
    internal const string Folder = "/run/secrets";

    private const MountFlags Closed = MountFlags.NoSuid | MountFlags.NoDevices | MountFlags.NoExecution;

    /// <summary>Makes the empty folder.</summary>
    internal void Create()
    {
        Mounts.MakeFolder(Folder, 0x1E8); // 0750
        Mounts.Mount("tmpfs", Folder, "tmpfs", Closed, $"size=16777216,mode=0750,uid=0,gid={group}");
    }

    /// <summary>Adds a piece to a file.</summary>
    /// <exception cref="StageException">It doesn't fit.</exception>
    internal void Add(string name, ReadOnlySpan<byte> piece, bool isFirst)
    {
        string path = $"{Folder}/{name}";
        try
        {
            int flags = OpenFlags.WriteOnly | OpenFlags.NoFollow | (isFirst ? OpenFlags.Create | OpenFlags.Exclusive : OpenFlags.Append);
            int descriptor = KernelFile.Open(path, flags, 0x100); // 0400
            try
            {
                fixed (byte* pointer = piece)
                {
                    if (Interop.Libc.write(descriptor, pointer, (nuint)piece.Length) != piece.Length)
                    {
                        throw SystemCallException.Last($"write \"{path}\"");
                    }
                }
            }
            finally
            {
                _ = Interop.Libc.close(descriptor);
            }

            if (isFirst)
            {
                SystemCallException.Check(Interop.Libc.chown(path, user, group), $"chown \"{path}\"");
            }
        }
        catch (SystemCallException problem)
        {
            throw new StageException(StageCode.Unsealing, problem);
        }
    }

    /// <summary>Nobody changes them any more, not even their owner.</summary>
    internal static void Close() => Mounts.ChangeFlags(Folder, Closed | MountFlags.ReadOnly);

    /// <summary>Takes all of them away, whatever state they are in.</summary>
    internal void Empty()
    {
        const int Detach = 2;
        _ = Interop.Libc.umount2(Folder, Detach);
        Create();
    }
}
