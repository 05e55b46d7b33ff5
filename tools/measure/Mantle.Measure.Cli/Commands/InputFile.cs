using Microsoft.Win32.SafeHandles;

namespace Mantle.Measure.Cli.Commands;

/// <summary>Opens files that the command line names.</summary>
internal static class InputFile
{
    /// <summary>Keys, credentials and addons are small; the limit keeps a wrong path from filling the memory.</summary>
    private const long LargestSmallFile = 64 << 20;

    public static SafeFileHandle Open(FileInfo file, string kind)
    {
        if (Directory.Exists(file.FullName))
        {
            throw new UserErrorException($"\"{file}\" is a directory", $"give {kind} in a file", ExitCode.Environment);
        }

        try
        {
            return File.OpenHandle(file.FullName);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserErrorException($"\"{file}\" does not exist", $"give the path of {kind}", ExitCode.Environment, e);
        }
    }

    public static byte[] ReadSmall(FileInfo file)
    {
        using SafeFileHandle handle = Open(file, "a file");
        long length = RandomAccess.GetLength(handle);
        if (length > LargestSmallFile)
        {
            throw new UserErrorException($"\"{file}\" has {length} bytes, at most {LargestSmallFile} are read", "give the right file", ExitCode.Environment);
        }

        byte[] bytes = new byte[length];
        int read = 0;
        for (int count; read < bytes.Length && (count = RandomAccess.Read(handle, bytes.AsSpan(read), read)) > 0;)
        {
            read += count;
        }

        return read == bytes.Length ? bytes : throw new IOException($"\"{file}\" became shorter while it was read");
    }
}
