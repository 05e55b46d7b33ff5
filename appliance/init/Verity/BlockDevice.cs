using System.Globalization;

namespace Mantle.Init.Verity;

/// <summary>What the kernel says of a block device in <c>/sys/class/block/NAME/uevent</c>.</summary>
/// <param name="Number"><c>major:minor</c>.</param>
/// <param name="Name">File name below <c>/dev</c>.</param>
/// <param name="PartitionNumber">Its place in the partition table, from 1; 0 for a whole disk.</param>
internal sealed record BlockDevice(string Number, string Name, int PartitionNumber)
{
    /// <summary>Reads lines of <c>KEY=value</c>; null if they are not those of a disk or of a partition.</summary>
    internal static BlockDevice? FromUevent(string text)
    {
        string? major = null, minor = null, name = null, kind = null, number = null;
        foreach (string line in text.Split('\n'))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                continue;
            }

            string value = line[(equals + 1)..];
            switch (line[..equals])
            {
                case "MAJOR": major = value; break;
                case "MINOR": minor = value; break;
                case "DEVNAME": name = value; break;
                case "DEVTYPE": kind = value; break;
                case "PARTN": number = value; break;
            }
        }

        int partition = 0;
        bool whole = IsNumber(major) && IsNumber(minor) && IsPlain(name)
            && (kind == "disk" || (kind == "partition" && TryNumber(number, out partition) && partition > 0));
        return whole ? new BlockDevice($"{major}:{minor}", name!, partition) : null;
    }

    private static bool IsPlain(string? name) =>
        name is { Length: > 0 } && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-');

    private static bool IsNumber(string? text) => TryNumber(text, out _);

    private static bool TryNumber(string? text, out int number) => int.TryParse(text, NumberStyles.None, null, out number);
}
