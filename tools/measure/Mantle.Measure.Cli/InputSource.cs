using Mantle.Formats.Bytes;
using Mantle.Measure.EventLogs;

namespace Mantle.Measure.Cli;

/// <summary>Files and folders that commands are given.</summary>
internal static class InputSource
{
    /// <summary>Largest file of sysfs or a pipe that is read, which have no length of their own.</summary>
    private const int MaximumUnsized = 64 << 20;

    /// <summary>Opens a file. One without a length, as those of sysfs and securityfs, is read into memory.</summary>
    public static ByteSource Open(string path, string what)
    {
        if (Directory.Exists(path))
        {
            throw new UserErrorException($"\"{path}\" is a directory", $"give {what}", ExitCode.Environment);
        }

        try
        {
            FileInfo file = new(path);
            return file.Exists && file.Length > 0 ? ByteSource.OpenFile(path) : ReadUnsized(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserErrorException($"\"{path}\" does not exist", $"give {what}", ExitCode.Environment, e);
        }
    }

    /// <summary>Reads PCR values from a file, or from a folder as sysfs has it.</summary>
    public static PcrList OpenValues(string path) => Directory.Exists(path)
        ? PcrFolder.Read(path)
        : PcrListReader.Read(Open(path, "a file with PCR values, or a folder like /sys/class/tpm/tpm0"));

    private static ByteSource ReadUnsized(string path)
    {
        using FileStream stream = File.OpenRead(path);
        using MemoryStream content = new();
        byte[] buffer = new byte[1 << 16];
        int count;
        while ((count = stream.Read(buffer)) > 0)
        {
            content.Write(buffer, 0, count);
            if (content.Length > MaximumUnsized)
            {
                throw new UserErrorException($"\"{path}\" has more than {MaximumUnsized} bytes", "copy it to a file", ExitCode.Environment);
            }
        }

        return ByteSource.FromMemory(content.ToArray());
    }
}
