using System.Buffers.Binary;
using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;

namespace Mantle.Formats.Kernel;

/// <summary>
/// A kernel as a boot loader gets it: a bzImage of x86 (Documentation/arch/x86/boot.rst), an EFI zboot image of the other architectures
/// (drivers/firmware/efi/libstub/zboot-header.S), or a plain ELF vmlinux. Inside is the kernel proper, compressed.
/// </summary>
public sealed partial class LinuxKernelImage : IDisposable
{
    private const string Format = "kernel";
    private const int ZbootHeaderLength = 0x20;

    private readonly ByteSource _payload;
    private readonly string? _headerVersion;
    private UnpackedContent? _unpacked;

    private LinuxKernelImage(ByteSource payload, CompressionFormat compression, string? version)
    {
        _payload = payload;
        Compression = compression;
        _headerVersion = version;
    }

    /// <summary>What the kernel proper is compressed with.</summary>
    public CompressionFormat Compression { get; }

    /// <summary>
    /// The version text: of the setup header, for example <c>6.12.1-amd64 (builder@host) #1 SMP …</c>; else what follows "Linux version " in
    /// the kernel proper, which must have been unpacked for it. Null: there is none.
    /// </summary>
    public string? Version => _headerVersion ?? (_unpacked is null && Compression != CompressionFormat.None ? null : FindBanner());

    /// <summary>Whether bytes look like one of the kinds of image that <see cref="Read"/> takes.</summary>
    public static bool IsKernel(ByteSource image)
    {
        try
        {
            using LinuxKernelImage? found = Find(image);
            return found is not null;
        }
        catch (MalformedInputException)
        {
            return false;
        }
    }

    /// <summary>Reads the headers; nothing is decompressed yet.</summary>
    /// <exception cref="MalformedInputException">It is none of these images, or a damaged one.</exception>
    public static LinuxKernelImage Read(ByteSource image) =>
        Find(image) ?? throw new MalformedInputException(Format, 0, "neither a bzImage nor an EFI zboot image nor an ELF file");

    /// <summary>Decompresses the kernel proper: for x86 an ELF file with its relocations behind it. There until this object is disposed of.</summary>
    /// <exception cref="MalformedInputException">It is damaged or longer than is accepted; or compressed by lzop (<see cref="MalformedInputException.IsUnsupported"/>).</exception>
    public ByteSource Unpack(DecompressionOptions options)
    {
        if (Compression == CompressionFormat.None)
        {
            return _payload;
        }

        _unpacked ??= Decompression.Unpack(_payload, options);
        return _unpacked.Content;
    }

    /// <inheritdoc/>
    public void Dispose() => _unpacked?.Dispose();

    private static LinuxKernelImage? Find(ByteSource image)
    {
        byte[] start = image.ReadBytes(0, (int)Math.Min(ZbootHeaderLength, image.Length), Format);
        if (start.AsSpan().StartsWith("\u007fELF"u8))
        {
            return new LinuxKernelImage(image, CompressionFormat.None, null);
        }

        if (image.Length >= LinuxSetupHeader.Length && LinuxSetupHeader.Find(image) is { } header)
        {
            return header.Payload is { } payload
                ? WithPayload(image, payload.Offset, payload.Length, header.Version)
                : throw MalformedInputException.Unsupported(Format, 0x206, $"boot protocol {header.Protocol >> 8}.{header.Protocol & 0xFF}");
        }

        return start.Length >= ZbootHeaderLength && start.AsSpan(0, 2).SequenceEqual("MZ"u8) && start.AsSpan(4, 4).SequenceEqual("zimg"u8)
            ? WithPayload(image, BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(8)), BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(12)), null)
            : null;
    }

    // Behind a payload that does not say how long it becomes, four bytes do; LZ4 ends there and not at a mark of its own.
    private static LinuxKernelImage WithPayload(ByteSource image, long offset, long length, string? version)
    {
        if (length < 8 || offset > image.Length - length)
        {
            throw new MalformedInputException(Format, 0x248, $"compressed kernel of {length} bytes at {offset} is outside the image");
        }

        ByteSource payload = image.Slice(offset, length);
        CompressionFormat compression = Decompression.Identify(payload);
        payload = compression == CompressionFormat.Lz4Legacy ? payload.Slice(0, length - sizeof(uint)) : payload;
        return compression == CompressionFormat.None && !payload.ReadBytes(0, 4, Format).AsSpan().SequenceEqual("\u007fELF"u8)
            ? throw new MalformedInputException(Format, offset, "kernel is compressed by nothing that is known")
            : new LinuxKernelImage(payload, compression, version);
    }
}
