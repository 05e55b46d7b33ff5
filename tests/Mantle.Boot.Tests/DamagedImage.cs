using Mantle.Formats.Bytes;
using Mantle.Formats.Erofs;
using Mantle.Formats.Gpt;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tree;
using Mantle.Testing;
using Microsoft.Win32.SafeHandles;

namespace Mantle.Boot.Tests;

/// <summary>A copy of a disk with one bit flipped.</summary>
internal sealed class DamagedImage : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private DamagedImage(string disk, Func<ByteSource, long> findByte)
    {
        Path = _folder["image.raw"];
        File.Copy(disk, Path);
        using SafeFileHandle file = File.OpenHandle(Path, FileMode.Open, FileAccess.ReadWrite);
        long offset = findByte(ByteSource.FromFile(file));
        byte[] value = new byte[1];
        RandomAccess.Read(file, value, offset);
        RandomAccess.Write(file, [(byte)(value[0] ^ 0x20)], offset);
    }

    public string Path { get; }

    /// <summary>The bit is in the first block of a program, which the kernel reads to start it.</summary>
    public static DamagedImage InProgram(string path, string program) => new(path, disk =>
    {
        GptPartition root = Partition(disk, DiscoverablePartitions.RootX64);
        FileNode file = ErofsReader.Open(root.Content).ReadTree().TryFind(program, out FileNode? found) ? found : throw new ArgumentException($"the root has no {program}");
        return root.Offset + Find(root.Content, file.Content.Slice(0, 4096).ToArray()) + 4000;
    });

    /// <summary>The bit is in the text of the UKI's os-release, which changes nothing but measurements.</summary>
    public static DamagedImage InUki(string path, string uki) => new(path, disk =>
    {
        GptPartition system = Partition(disk, DiscoverablePartitions.EfiSystem);
        using SafeFileHandle file = File.OpenHandle(uki);
        ByteSource text = UkiReader.Read(ByteSource.FromFile(file)).TryGetSection(UkiSectionName.OsRelease, out ByteSource? found) ? found : throw new ArgumentException("the boot file has no os-release");
        return system.Offset + Find(system.Content, text.ToArray()) + text.Length - 3;
    });

    public void Dispose() => _folder.Dispose();

    private static GptPartition Partition(ByteSource disk, Guid type) => GptReader.Read(disk).Partitions.Single(x => x.TypeId == type);

    private static long Find(ByteSource partition, byte[] content)
    {
        int offset = partition.ToArray().AsSpan().IndexOf(content);
        return offset >= 0 ? offset : throw new InvalidOperationException("the content is not in the partition in one piece");
    }
}
