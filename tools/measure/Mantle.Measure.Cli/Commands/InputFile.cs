using Microsoft.Win32.SafeHandles;

namespace Mantle.Measure.Cli.Commands;

/// <summary>Opens the file that a command is about, and says what is wrong with it otherwise.</summary>
internal static class InputFile
{
    public static SafeFileHandle Open(FileInfo file, string hint)
    {
        if (Directory.Exists(file.FullName))
        {
            throw new UserErrorException($"\"{file}\" is a directory", hint, ExitCode.Environment);
        }

        try
        {
            return File.OpenHandle(file.FullName);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UserErrorException($"\"{file}\" does not exist", hint, ExitCode.Environment, e);
        }
    }
}
