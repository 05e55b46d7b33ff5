using System.Buffers;
using Mantle.Formats.Bytes;
using Mantle.Formats.Compression;

namespace Mantle.Formats.Kernel;

/// <content>What the kernel proper says of itself.</content>
public sealed partial class LinuxKernelImage
{
    private const int MaximumConfigurationLength = 4 << 20;
    private const int WindowLength = 1 << 20;
    private const int MarkLength = 8;

    // The mark, and the start of the gzip stream: the text of the mark alone is in other places too.
    private static ReadOnlySpan<byte> ConfigurationStart => [(byte)'I', (byte)'K', (byte)'C', (byte)'F', (byte)'G', (byte)'_', (byte)'S', (byte)'T', 0x1F, 0x8B, 8];

    /// <summary>
    /// The configuration that the kernel was built with, where it has it inside (CONFIG_IKCONFIG, kernel/configs.c: a gzip stream between
    /// the marks IKCFG_ST and IKCFG_ED). Null: it has none. Decompresses the kernel where that has not been done.
    /// </summary>
    /// <exception cref="MalformedInputException">The kernel or its configuration is damaged or too long, or not supported.</exception>
    public string? ReadConfiguration(DecompressionOptions options)
    {
        ByteSource kernel = Unpack(options);
        long start = IndexOf(kernel, ConfigurationStart, 0);
        if (start < 0)
        {
            return null;
        }

        start += MarkLength;
        using UnpackedContent text = Decompression.Unpack(kernel.Slice(start, kernel.Length - start), new DecompressionOptions { MaximumLength = MaximumConfigurationLength });
        return LinuxText.Decode(text.Content.ToArray());
    }

    /// <summary>The first place of a text, read in windows that overlap by it; -1 for none.</summary>
    private static long IndexOf(ByteSource source, ReadOnlySpan<byte> wanted, long from)
    {
        byte[] window = ArrayPool<byte>.Shared.Rent(WindowLength);
        try
        {
            for (long offset = from; offset + wanted.Length <= source.Length; offset += WindowLength - wanted.Length + 1)
            {
                Span<byte> bytes = window.AsSpan(0, (int)Math.Min(WindowLength, source.Length - offset));
                source.ReadExactly(offset, bytes);
                int found = bytes.IndexOf(wanted);
                if (found >= 0)
                {
                    return offset + found;
                }
            }

            return -1;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(window);
        }
    }

    // "Linux version %s", of which there is also the format itself.
    private string? FindBanner()
    {
        ReadOnlySpan<byte> wanted = "Linux version "u8;
        ByteSource kernel = _unpacked?.Content ?? _payload;
        for (long at = IndexOf(kernel, wanted, 0); at >= 0; at = IndexOf(kernel, wanted, at + 1))
        {
            string? text = LinuxSetupHeader.FirstLine(LinuxSetupHeader.ReadVersion(kernel, at + wanted.Length));
            if (text is [>= '0' and <= '9', ..])
            {
                return text;
            }
        }

        return null;
    }
}
