using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;
using Mantle.Formats.Elf;
using Mantle.Formats.Kernel;
using Mantle.Formats.Tree;

namespace Mantle.Measure.Audit.Facts;

/// <summary>What the bytes of a file say of it, found once for every distinct file.</summary>
public sealed record FileFacts
{
    private const int HeadLength = 4096;
    private const int LongestInterpreter = 256;
    private const int ExecutableBits = 0b001_001_001;

    private static readonly FileFacts s_none = new();

    /// <summary>A module is unpacked in memory: the largest have a few megabytes.</summary>
    private static readonly DecompressionOptions s_decompression = new() { MaximumLength = 64 << 20 };

    private static readonly (int Offset, byte[] Bytes)[] s_archives =
    [
        (0, [.. "!<arch>\n"u8]), (257, [.. "ustar"u8]), (0, [.. "PK\u0003\u0004"u8]), (0, [0xFD, .. "7zXZ"u8, 0]), (0, [0x1F, 0x8B]),
        (0, [0x28, 0xB5, 0x2F, 0xFD]), (0, [.. "BZh"u8]), (0, [.. "07070"u8]),
    ];

    /// <summary>What it is.</summary>
    public ContentKind Kind { get; private init; }

    /// <summary>What an ELF file says of itself, or null.</summary>
    public ElfIdentity? Elf { get; private init; }

    /// <summary>The interpreter of a script with its arguments, or the loader of an ELF program, or null.</summary>
    public string? Interpreter { get; private init; }

    /// <summary>Whether it is a kernel module: a relocatable ELF file named <c>.ko</c>, or a compressed one.</summary>
    public bool IsModule { get; private init; }

    /// <summary>Whether it is a kernel module without a signature behind it; a compressed one is unpacked for that.</summary>
    public bool IsUnsignedModule { get; private init; }

    /// <summary>Whether something could run it: ELF, script, PE, or an execute bit.</summary>
    public bool IsCode { get; private init; }

    /// <summary>Reads the start of a file.</summary>
    /// <exception cref="MalformedInputException">The file system stores it damaged.</exception>
    public static FileFacts Read(string path, FileNode node)
    {
        if (node.Kind != FileKind.Regular || node.Content.Length == 0)
        {
            return s_none;
        }

        bool executable = (node.Permissions & ExecutableBits) != 0;
        byte[] head = node.Content.ReadBytes(0, (int)Math.Min(HeadLength, node.Content.Length), "file");
        if (head.AsSpan().StartsWith("\u007fELF"u8))
        {
            ElfIdentity elf = ElfIdentity.Read(node.Content)!;
            bool isModule = elf.Kind == ElfKind.Relocatable && path.EndsWith(".ko", StringComparison.Ordinal);
            return new()
            {
                Kind = ContentKind.Elf,
                Elf = elf,
                Interpreter = elf.Interpreter,
                IsCode = true,
                IsModule = isModule,
                IsUnsignedModule = isModule && IsUnsigned(node),
            };
        }

        if (head.AsSpan().StartsWith("#!"u8))
        {
            return new() { Kind = ContentKind.Script, Interpreter = ScriptInterpreter(head), IsCode = true };
        }

        if (head.AsSpan().StartsWith("MZ"u8))
        {
            return new() { Kind = ContentKind.Pe, IsCode = true };
        }

        bool isCompressedModule = ModuleFile.IsCompressedModulePath(path);
        ContentKind kind = isCompressedModule ? ContentKind.CompressedModule
            : Array.Exists(s_archives, magic => head.Length >= magic.Offset + magic.Bytes.Length
                && head.AsSpan(magic.Offset).StartsWith(magic.Bytes)) ? ContentKind.Archive
            : IsText(head) ? ContentKind.Text : ContentKind.Data;
        return new() { Kind = kind, IsCode = executable, IsModule = isCompressedModule, IsUnsignedModule = isCompressedModule && IsUnsigned(node) };
    }

    private static bool IsUnsigned(FileNode node)
    {
        using ModuleFile module = ModuleFile.Open(node.Content, s_decompression);
        return module.Signature is null;
    }

    private static bool IsText(ReadOnlySpan<byte> head)
    {
        foreach (byte value in head)
        {
            if (value is < 0x20 and not ((byte)'\t' or (byte)'\n' or (byte)'\r' or (byte)'\f' or 0x1B))
            {
                return false;
            }
        }

        return true;
    }

    private static string ScriptInterpreter(ReadOnlySpan<byte> head)
    {
        ReadOnlySpan<byte> line = head[2..Math.Min(head.Length, LongestInterpreter)];
        int end = line.IndexOf((byte)'\n');
        return Encoding.Latin1.GetString(end < 0 ? line : line[..end]).Trim();
    }
}
