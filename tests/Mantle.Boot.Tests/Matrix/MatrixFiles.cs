using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Cpio;
using Mantle.Formats.Fat;
using Mantle.Formats.Gpt;
using Mantle.Formats.Pe;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tree;
using Mantle.Testing;

namespace Mantle.Boot.Tests.Matrix;

/// <summary>The files that the matrix boots: the built image's stub and kernel with an empty initrd, so that little has to be hashed by an emulated processor.</summary>
internal sealed class MatrixFiles
{
    private const long SystemPartitionSize = 64 << 20;

    private static readonly Lazy<IReadOnlyDictionary<string, byte[]>> s_captured = new(ReadCaptured);

    /// <summary>The boot file, unsigned.</summary>
    public byte[] BootFile { get; } = Shrink(ByteSource.OpenFile(BuiltImage.Uki), "nothing");

    /// <summary>The boot file's Authenticode digest.</summary>
    public byte[] BootFileDigest => Digest(BootFile);

    /// <summary>Another boot file, as good as the first.</summary>
    public byte[] Forbidden { get; } = Shrink(ByteSource.OpenFile(BuiltImage.Uki), "something");

    /// <summary>The other's Authenticode digest.</summary>
    public byte[] ForbiddenDigest => Digest(Forbidden);

    /// <summary>An addon with a command line, as trixie's ukify makes it, from a captured boot.</summary>
    public static byte[] Addon => s_captured.Value["addons/l1.addon.efi"];

    /// <summary>Another one.</summary>
    public static byte[] OtherAddon => s_captured.Value["addons/g.addon.efi"];

    /// <summary>The boot file with the stub of another release of Debian.</summary>
    public static byte[] WithStubOf(string suite) => Shrink(ByteSource.OpenFile(BuiltImage.Uki), "nothing", OtherStubs.Of(suite));

    /// <summary>A file of a captured boot, as <c>creds/b.cred</c>.</summary>
    public static byte[] Captured(string name) => s_captured.Value[name];

    /// <summary>Writes a disk whose EFI system partition has a boot file, and others.</summary>
    public static void WriteDisk(string path, byte[]? bootFile, IReadOnlyDictionary<string, byte[]> others)
    {
        FileTree tree = new();
        if (bootFile is not null)
        {
            tree.Put("EFI/BOOT/BOOTX64.EFI", FileNode.Regular(ByteSource.FromMemory(bootFile)));
        }

        foreach ((string name, byte[] content) in others)
        {
            tree.Put(name, FileNode.Regular(ByteSource.FromMemory(content)));
        }

        ByteSource partition = FatWriter.Layout(tree, new() { SizeBytes = SystemPartitionSize, VolumeId = 0x4d4e544c, TimeSeconds = 0 });
        ByteSource disk = GptWriter.Layout(new()
        {
            DiskId = new("6d616e74-6c65-4d41-a152-495800000001"),
            Partitions =
            [
                new() { TypeId = DiscoverablePartitions.EfiSystem, Id = new("6d616e74-6c65-4d41-a152-495800000002"), Name = "esp", Content = partition },
            ],
        });
        using FileStream file = File.Create(path);
        file.SetLength(disk.Length);
        byte[] chunk = new byte[1 << 20];
        for (long offset = 0; offset < disk.Length; offset += chunk.Length)
        {
            Span<byte> part = chunk.AsSpan(0, (int)Math.Min(chunk.Length, disk.Length - offset));
            disk.ReadExactly(offset, part);
            if (part.ContainsAnyExcept((byte)0))
            {
                RandomAccess.Write(file.SafeFileHandle, part, offset);
            }
        }
    }

    private static byte[] Digest(byte[] file) => AuthenticodeDigest.Compute(PeImage.Read(ByteSource.FromMemory(file)), HashAlgorithmName.SHA256)[0];

    private static byte[] Shrink(ByteSource built, string text, byte[]? stub = null)
    {
        UkiImage uki = UkiReader.Read(built);
        FileTree initrd = new();
        initrd.Put("test", FileNode.Regular(ByteSource.FromMemory(System.Text.Encoding.ASCII.GetBytes(text))));
        return UkiWriter.Layout(new()
        {
            Stub = ByteSource.FromMemory(stub ?? StubOf(uki.Image)),
            Sections =
            [
                .. uki.Sections.Where(section => UkiSectionName.Payload.Contains(section.Name) && section.Name != ".sbat")
                    .Select(section => section.Name == UkiSectionName.Initrd ? section with { Content = CpioWriter.Layout(initrd) } : section),
            ],
        }).ToArray();
    }

    /// <summary>The file up to its first payload section, with a section table that ends there.</summary>
    private static byte[] StubOf(PeImage image)
    {
        int count = image.Sections.TakeWhile(section => section.Name != ".osrel").Count();
        byte[] stub = image.Source.Slice(0, image.Sections[count].PointerToRawData).ToArray();
        int header = BinaryPrimitives.ReadInt32LittleEndian(stub.AsSpan(0x3c)) + 4;
        BinaryPrimitives.WriteUInt16LittleEndian(stub.AsSpan(header + 2), (ushort)count);
        return stub;
    }

    private static Dictionary<string, byte[]> ReadCaptured()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Repository.PathOf("tests", "vectors", "own-qemu", "05-sidecars", "case.json")));
        return new[] { "addons", "creds", "gcreds", "sysext", "confext" }
            .SelectMany(kind => document.RootElement.GetProperty("inputs").GetProperty(kind).EnumerateArray().Select(file => ($"{kind}/{file[0].GetString()}", file[1].GetBytesFromBase64())))
            .ToDictionary();
    }
}
