using Mantle.Formats.Bytes;
using Mantle.Formats.Fat;
using Mantle.Formats.Gpt;

namespace Mantle.Measure.Prediction;

/// <summary>The file that the firmware starts.</summary>
/// <param name="Path">Its path on the ESP, or the input's name.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="GptEvent">The data of EV_EFI_GPT_EVENT; null when the input is not a disk.</param>
/// <param name="Extras">What the disk has beside it that systemd-stub picks up.</param>
internal sealed record BootFile(string Path, ByteSource Content, ByteSource? GptEvent, BootExtras Extras);

/// <summary>
/// Finds what the firmware starts: on a disk the removable-media path of its one ESP, which is what firmware without boot entries takes.
/// </summary>
internal static class BootFileLocator
{
    private const string BootPath = "EFI/BOOT/BOOTX64.EFI";

    private const string CompanionFolder = $"{BootPath}.extra.d";

    /// <summary>Picked up by stubs since 258, whose extras are not known.</summary>
    private const string ExtensionsFolder = "loader/extensions";

    public static BootFile Locate(ByteSource input, string inputName)
    {
        if (StartsWith(input, 0, "MZ"u8))
        {
            return new(inputName, input, null, BootExtras.None);
        }

        if (!StartsWith(input, 512, "EFI PART"u8))
        {
            throw new UserErrorException(
                $"\"{inputName}\" is neither a disk image with a GPT nor a PE image",
                "give the raw disk image or the unified kernel image");
        }

        GptTable table = GptReader.Read(input);
        GptPartition[] systemPartitions = [.. table.Partitions.Where(partition => partition.TypeId == DiscoverablePartitions.EfiSystem)];
        if (systemPartitions.Length != 1)
        {
            throw new UserErrorException(
                $"\"{inputName}\" has {systemPartitions.Length} EFI system partitions, so what firmware starts is not certain",
                "make an image with exactly one");
        }

        return Locate(FatReader.Read(systemPartitions[0].Content), ByteSource.FromMemory(table.MeasuredData));
    }

    private static BootFile Locate(FatVolume systemPartition, ByteSource gptEvent)
    {
        if (Find(systemPartition, ExtensionsFolder) is not null)
        {
            throw new UserErrorException(
                $"the EFI system partition has \"{ExtensionsFolder}\", and what stubs make of it is not known",
                "a sealed image has nothing beside its boot file; rebuild it without");
        }

        return Find(systemPartition, BootPath) is { IsDirectory: false } file
            ? new(BootPath, file.Content, gptEvent, Companions(systemPartition))
            : throw new UserErrorException($"the EFI system partition has no file \"{BootPath}\"", "make an image for x86-64 with this boot file");
    }

    private static BootExtras Companions(FatVolume volume)
    {
        CompanionFile[] own = FilesOf(volume, CompanionFolder);
        return new()
        {
            Addons = Ending(own, ".addon.efi"),
            GlobalAddons = Ending(FilesOf(volume, "loader/addons"), ".addon.efi"),
            Credentials = Ending(own, ".cred"),
            GlobalCredentials = Ending(FilesOf(volume, "loader/credentials"), ".cred"),
            SystemExtensions = [.. Ending(own, ".raw").Except(Ending(own, ".confext.raw"))],
            ConfigurationExtensions = Ending(own, ".confext.raw"),
        };
    }

    /// <summary>The files that the stub looks at: not hidden ones, none with a name beyond ASCII.</summary>
    private static CompanionFile[] FilesOf(FatVolume volume, string path) => Find(volume, path) is { IsDirectory: true } folder
        ? [.. volume.Entries.Where(entry => entry.Parent == folder && !entry.IsDirectory && entry.Name[0] != '.' && entry.Name.All(char.IsAscii))
            .Select(entry => new CompanionFile(entry.Name, entry.Content))]
        : [];

    private static CompanionFile[] Ending(CompanionFile[] files, string suffix) =>
        [.. files.Where(file => file.Name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))];

    /// <summary>Firmware and stub look up FAT names without regard to case, and by the long name as well as by the short one.</summary>
    private static FatEntry? Find(FatVolume volume, string path)
    {
        FatEntry? found = null;
        foreach (string part in path.Split('/'))
        {
            FatEntry? parent = found;
            found = volume.Entries.FirstOrDefault(entry => entry.Parent == parent
                && (string.Equals(entry.Name, part, StringComparison.OrdinalIgnoreCase)
                    || string.Equals(entry.ShortName, part, StringComparison.OrdinalIgnoreCase)));
            if (found is null)
            {
                return null;
            }
        }

        return found;
    }

    private static bool StartsWith(ByteSource input, long offset, ReadOnlySpan<byte> magic)
    {
        Span<byte> found = stackalloc byte[magic.Length];
        if (input.Length - found.Length < offset)
        {
            return false;
        }

        input.ReadExactly(offset, found);
        return found.SequenceEqual(magic);
    }
}
