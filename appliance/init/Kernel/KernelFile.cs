using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Mantle.Init.Kernel;

/// <summary>
/// Whole small files. System.IO is not used: files of /proc and /sys state no size, one write(2) must be one value, and every
/// descriptor has to be close-on-exec.
/// </summary>
internal static unsafe class KernelFile
{
    /// <summary>Opens a file, always close-on-exec; the caller closes it.</summary>
    internal static int Open(string path, int flags, uint mode = 0) =>
        SystemCallException.Check(Interop.Libc.open(path, flags | OpenFlags.CloseOnExec, mode), $"open \"{path}\"");

    /// <summary>The bytes of a file of at most <paramref name="limit"/> bytes; a longer one is refused.</summary>
    internal static byte[] ReadAll(string path, int limit)
    {
        int descriptor = Open(path, OpenFlags.ReadOnly);
        try
        {
            byte[] buffer = new byte[Math.Min(limit + 1, 4096)];
            int length = 0;
            while (true)
            {
                int count = Read(descriptor, buffer.AsSpan(length), path);
                length += count;
                if (count == 0)
                {
                    return buffer[..length];
                }

                if (length > limit)
                {
                    throw new InvalidDataException($"\"{path}\" is longer than {limit} bytes");
                }

                if (length == buffer.Length)
                {
                    Array.Resize(ref buffer, Math.Min(limit + 1, buffer.Length * 2));
                }
            }
        }
        finally
        {
            _ = Interop.Libc.close(descriptor);
        }
    }

    /// <summary>The text of a one-line file of sysfs or procfs, without its newline.</summary>
    internal static string ReadLine(string path) => Encoding.UTF8.GetString(ReadAll(path, 4096)).TrimEnd('\n');

    /// <summary>Fills as much of the buffer as the file has from its position on; 0 at the end, or when there is none now.</summary>
    internal static int Read(int descriptor, Span<byte> buffer, string what)
    {
        fixed (byte* pointer = buffer)
        {
            while (true)
            {
                nint count = Interop.Libc.read(descriptor, pointer, (nuint)buffer.Length);
                if (count >= 0)
                {
                    return (int)count;
                }

                switch (Marshal.GetLastPInvokeError())
                {
                    case Errno.EINTR:
                        continue;
                    case Errno.EAGAIN:
                        return 0;
                    default:
                        throw SystemCallException.Last($"read \"{what}\"");
                }
            }
        }
    }

    /// <summary>Exactly so many bytes from an offset on, or as many as there are before the end.</summary>
    internal static byte[] ReadAt(int descriptor, long offset, int length, string what)
    {
        byte[] bytes = new byte[length];
        int filled = 0;
        fixed (byte* pointer = bytes)
        {
            while (filled < length)
            {
                nint count = Interop.Libc.pread(descriptor, pointer + filled, (nuint)(length - filled), offset + filled);
                if (count < 0 && Marshal.GetLastPInvokeError() != Errno.EINTR)
                {
                    throw SystemCallException.Last($"read \"{what}\"");
                }

                if (count == 0)
                {
                    break;
                }

                filled += (int)Math.Max(count, 0);
            }
        }

        return bytes[..filled];
    }

    /// <summary>Whether something is at a path.</summary>
    internal static bool Exists(string path) => Interop.Libc.access(path, 0) == 0;

    /// <summary>Writes a value with one write(2), as the files of /proc/sys want it. Never creates the file.</summary>
    internal static void WriteValue(string path, string value) => Write(path, OpenFlags.WriteOnly, 0, value);

    /// <summary>Puts a new file in place of an old one; a reader sees the old text or the new one.</summary>
    internal static void Replace(string path, uint mode, string text)
    {
        string temporary = path + ".new";
        Write(temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate | OpenFlags.NoFollow, mode, text);
        SystemCallException.Check(Interop.Libc.rename(temporary, path), $"rename \"{path}\"");
    }

    /// <summary>Names in a folder without "." and "..", in no particular order, with "is it a folder (not a link to one)".</summary>
    internal static List<(string Name, bool IsFolder)> List(string folder)
    {
        const byte TypeDirectory = 4;
        List<(string, bool)> names = [];
        int descriptor = Open(folder, OpenFlags.ReadOnly | OpenFlags.Directory);
        try
        {
            Span<byte> buffer = new byte[4096];
            fixed (byte* pointer = buffer)
            {
                while (true)
                {
                    nint length = Interop.Libc.getdents64(descriptor, pointer, (nuint)buffer.Length);
                    if (length < 0)
                    {
                        throw SystemCallException.Last($"getdents64 \"{folder}\"");
                    }

                    if (length == 0)
                    {
                        return names;
                    }

                    // struct linux_dirent64: inode 8, offset 8, record length 2, type 1, name up to NUL.
                    for (int at = 0; at < length;)
                    {
                        int recordLength = BinaryPrimitives.ReadUInt16LittleEndian(buffer[(at + 16)..]);
                        ReadOnlySpan<byte> name = buffer.Slice(at + 19, recordLength - 19);
                        string text = Encoding.UTF8.GetString(name[..name.IndexOf((byte)0)]);
                        if (text is not ("." or ".."))
                        {
                            names.Add((text, buffer[at + 18] == TypeDirectory));
                        }

                        at += recordLength;
                    }
                }
            }
        }
        finally
        {
            _ = Interop.Libc.close(descriptor);
        }
    }

    private static void Write(string path, int flags, uint mode, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int descriptor = Open(path, flags, mode);
        try
        {
            fixed (byte* pointer = bytes)
            {
                // An empty value still needs a byte: write(2) of nothing never reaches a sysctl.
                byte newline = (byte)'\n';
                nint written = bytes.Length == 0 ? Interop.Libc.write(descriptor, &newline, 1) : Interop.Libc.write(descriptor, pointer, (nuint)bytes.Length);
                if (written < bytes.Length)
                {
                    throw SystemCallException.Last($"write \"{path}\"");
                }
            }
        }
        finally
        {
            _ = Interop.Libc.close(descriptor);
        }
    }
}
