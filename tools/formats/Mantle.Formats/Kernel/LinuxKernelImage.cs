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
    private const int HeaderLength = 0x250;
    private const int MaximumVersionLength = 256;
    private const int FirstVersionWithPayload = 0x208;

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
        byte[] start = image.ReadBytes(0, (int)Math.Min(HeaderLength, image.Length), Format);
        if (start.AsSpan().StartsWith("\u007fELF"u8))
        {
            return new LinuxKernelImage(image, CompressionFormat.None, null);
        }

        if (start.Length >= HeaderLength && start.AsSpan(0x202, 4).SequenceEqual("HdrS"u8))
        {
            return ReadSetup(image, start);
        }

        return start.Length >= 0x20 && start.AsSpan(0, 2).SequenceEqual("MZ"u8) && start.AsSpan(4, 4).SequenceEqual("zimg"u8)
            ? WithPayload(image, BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(8)), BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(12)), null)
            : null;
    }

    // The setup header: sectors of the setup code at 0x1F1, version of the protocol at 0x206, where the version text is at 0x20E, and from
    // protocol 2.08 on where the compressed kernel is within the protected-mode code.
    private static LinuxKernelImage ReadSetup(ByteSource image, byte[] header)
    {
        int protocol = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(0x206));
        if (protocol < FirstVersionWithPayload)
        {
            throw MalformedInputException.Unsupported(Format, 0x206, $"boot protocol {protocol >> 8}.{protocol & 0xFF}");
        }

        int sectors = header[0x1F1] == 0 ? 4 : header[0x1F1];
        long code = (sectors + 1) * 512L;
        int text = BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(0x20E));
        string? version = text == 0 ? null : ReadText(image, text + 0x200L);
        return WithPayload(image, code + BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(0x248)), BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(0x24C)), version);
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

    private static string? ReadText(ByteSource source, long offset)
    {
        if (offset >= source.Length)
        {
            return null;
        }

        byte[] bytes = source.ReadBytes(offset, (int)Math.Min(MaximumVersionLength, source.Length - offset), Format);
        int end = bytes.AsSpan().IndexOfAny((byte)0, (byte)'\n');
        return LinuxText.Decode(bytes.AsSpan(0, end < 0 ? bytes.Length : end));
    }
}
