using System.Globalization;
using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Cpio;

/// <summary>Prints an archive as text that can be compared line by line.</summary>
public static class CpioPrinter
{
    /// <summary>
    /// One line for each member, in order: mode, owner:group, links, size in bytes or device number, time, name, and link target or SHA-256 of the data.
    /// </summary>
    /// <exception cref="MalformedInputException">See <see cref="CpioReader.Entries(ByteSource)"/>.</exception>
    public static void Print(TextWriter output, ByteSource source)
    {
        int archive = -1;
        foreach (CpioEntry entry in CpioReader.Entries(source))
        {
            if (entry.Archive != archive)
            {
                archive = entry.Archive;
                output.Write(string.Create(CultureInfo.InvariantCulture, $"cpio archive {archive} at 0x{entry.Offset:x}\n"));
            }

            string size = entry.Kind is FileKind.BlockDevice or FileKind.CharacterDevice
                ? $"{entry.RawDeviceMajor},{entry.RawDeviceMinor}"
                : $"{entry.Data.Length}";
            string tail = entry.Kind switch
            {
                FileKind.SymbolicLink => $" -> {PrintedText.Escape(entry.LinkTarget)}",
                FileKind.Regular when entry.Data.Length > 0 => $" sha256:{PrintedText.Digest(entry.Data)}",
                _ => "",
            };
            string mode = Convert.ToString(((int)entry.Kind << 12) | entry.Permissions, 8).PadLeft(6, '0');
            output.Write($"{mode} {entry.UserId}:{entry.GroupId} {entry.LinkCount} {size,10} {PrintedText.Time(entry.ModifiedSeconds)} "
                + $"{PrintedText.Escape(entry.Name)}{tail}\n");
        }
    }
}
