using Mantle.Formats.Bytes;
using Mantle.Formats.Gpt;
using Mantle.Formats.Tree;

namespace Mantle.Measure.Prediction;

/// <summary>The file that the firmware starts.</summary>
/// <param name="Path">Its path on the ESP, or the input's name.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="GptEvent">The data of EV_EFI_GPT_EVENT; null when the input is not a disk.</param>
internal sealed record BootFile(string Path, ByteSource Content, ByteSource? GptEvent);

/// <summary>
/// Finds what the firmware starts: on a disk the removable-media path of its one ESP, which is what firmware without boot entries takes.
/// </summary>
internal static class BootFileLocator
{
    private const string BootPath = "EFI/BOOT/BOOTX64.EFI";

    /// <summary>What systemd-stub would pick up beside the boot file, changing PCR 4, 9, 12 or 13.</summary>
    private static readonly string[] s_companions =
    [
        $"{BootPath}.extra.d", "loader/addons", "loader/credentials", "loader/extensions",
    ];

    public static BootFile Locate(ByteSource input, string inputName)
    {
        if (StartsWith(input, 0, "MZ"u8))
        {
            return new(inputName, input, null);
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

        return Locate(ReadFileSystem(systemPartitions[0].Content), ByteSource.FromMemory(table.MeasuredData));
    }

    internal static BootFile Locate(FileTree systemPartition, ByteSource gptEvent)
    {
        foreach (string companion in s_companions)
        {
            if (Find(systemPartition, companion) is not null)
            {
                throw new UserErrorException(
                    $"the EFI system partition has \"{companion}\", which the stub would load and measure",
                    "a sealed image has nothing beside its boot file; rebuild it without");
            }
        }

        return Find(systemPartition, BootPath) is { Kind: FileKind.Regular, Content: { } content }
            ? new(BootPath, content, gptEvent)
            : throw new UserErrorException($"the EFI system partition has no file \"{BootPath}\"", "make an image for x86-64 with this boot file");
    }

    /// <summary>THE ONE PLACE where the FAT reader is called.</summary>
    private static FileTree ReadFileSystem(ByteSource partition) => throw new NotSupportedException();

    /// <summary>FAT names match without regard to case, for the firmware and for the stub.</summary>
    private static FileNode? Find(FileTree tree, string path)
    {
        FileNode? node = tree.Root;
        foreach (string part in path.Split('/'))
        {
            node = node.Children.FirstOrDefault(child => string.Equals(child.Key, part, StringComparison.OrdinalIgnoreCase)).Value;
            if (node is null)
            {
                return null;
            }
        }

        return node;
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
