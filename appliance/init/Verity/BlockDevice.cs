namespace Mantle.Init.Verity;

/// <summary>What <c>/sys/class/block/NAME/uevent</c> says of a block device.</summary>
/// <param name="Number"><c>major:minor</c>.</param>
/// <param name="Name">File name below <c>/dev</c>.</param>
/// <param name="PartitionUuid">The GPT entry's UUID in lower case; null for what is no GPT partition.</param>
internal sealed record BlockDevice(string Number, string Name, string? PartitionUuid)
{
    /// <summary>Reads lines of <c>KEY=value</c>; null if a member that every block device has is missing.</summary>
    internal static BlockDevice? FromUevent(string text)
    {
        string? major = null, minor = null, name = null, uuid = null, kind = null;
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
                case "PARTUUID": uuid = value.ToLowerInvariant(); break;
            }
        }

        bool whole = IsNumber(major) && IsNumber(minor) && name is { Length: > 0 }
            && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-');
        return whole ? new BlockDevice($"{major}:{minor}", name!, kind == "partition" ? uuid : null) : null;
    }

    /// <summary>
    /// The one device with a partition UUID; null while there is none. Two are an error: no rule would say which to trust.
    /// </summary>
    internal static BlockDevice? Single(IReadOnlyList<BlockDevice> devices, string partitionUuid)
    {
        BlockDevice? found = null;
        foreach (BlockDevice device in devices)
        {
            if (device.PartitionUuid == partitionUuid)
            {
                found = found is null ? device : throw new InvalidDataException($"partition \"{partitionUuid}\" exists twice");
            }
        }

        return found;
    }

    private static bool IsNumber(string? text) => text is { Length: > 0 and <= 8 } && text.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0;
}
