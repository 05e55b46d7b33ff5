using System.Text;
using Mantle.Measure;
using Microsoft.Win32.SafeHandles;

namespace Mantle.ImageBuilder.Signing.Keys;

/// <summary>Passphrases from an open file descriptor, one a line, in the order in which keys are opened: <c>--passphrase-fd 3 3&lt;file</c>.</summary>
/// <param name="descriptor">Its number.</param>
public sealed class DescriptorPassphrases(int descriptor) : IPassphrases
{
    private const int MaximumLength = 1024;

    /// <inheritdoc/>
    public char[] Ask(string purpose)
    {
        Span<byte> line = stackalloc byte[MaximumLength];
        int length = 0;
        using SafeFileHandle handle = new(descriptor, ownsHandle: false);
        using FileStream stream = Open(handle);
        for (int value; (value = stream.ReadByte()) >= 0 && value != '\n';)
        {
            line[length] = (byte)value;
            if (++length == MaximumLength)
            {
                throw new UserErrorException($"the passphrase on file descriptor {descriptor} has more than {MaximumLength} bytes", exitCode: ExitCode.Usage);
            }
        }

        line = line[..length].TrimEnd((byte)'\r');
        char[] passphrase = new char[Encoding.UTF8.GetCharCount(line)];
        Encoding.UTF8.GetChars(line, passphrase);
        line.Clear();
        return passphrase.Length > 0
            ? passphrase
            : throw new UserErrorException($"file descriptor {descriptor} has no passphrase for {purpose}", "give one line a key, in the order of the keys", ExitCode.Usage);
    }

    /// <inheritdoc/>
    public char[] Choose(string purpose) => Ask(purpose);

    /// <summary>Without a buffer: the next line is for the next key.</summary>
    private FileStream Open(SafeFileHandle handle)
    {
        try
        {
            return new(handle, FileAccess.Read, bufferSize: 0);
        }
        catch (Exception problem) when (problem is IOException or ArgumentException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"file descriptor {descriptor} cannot be read", "open it for reading, for example --passphrase-fd 3 3<file", ExitCode.Usage);
        }
    }
}
