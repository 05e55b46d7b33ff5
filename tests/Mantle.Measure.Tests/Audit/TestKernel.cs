using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Mantle.Formats.Tests.Pe;

namespace Mantle.Measure.Tests.Audit;

/// <summary>A bzImage in shape (Documentation/arch/x86/boot.rst): a PE file with a setup header, and the kernel proper compressed by gzip.</summary>
internal static class TestKernel
{
    /// <summary>What a kernel with the security module lockdown holds.</summary>
    public const string Lockdown = "Lockdown: %s: %s is restricted; see man kernel_lockdown.7\n";

    private const int SetupSectors = 3;
    private const int CodeOffset = (SetupSectors + 1) * 512;

    /// <summary>A kernel that knows lockdown.</summary>
    public static byte[] Build(string? configuration = null) => Build(Lockdown, configuration);

    public static byte[] Build(string text, string? configuration, string version = "6.12.1-test (builder) #1")
    {
        byte[] proper = [.. "\u007fELF"u8, .. new byte[60], .. Encoding.Latin1.GetBytes(text), 0];
        if (configuration is not null)
        {
            proper = [.. proper, .. "IKCFG_ST"u8, .. Gzip(Encoding.ASCII.GetBytes(configuration)), .. "IKCFG_ED"u8];
        }

        byte[] payload = [.. Gzip(proper), 0, 0, 0, 0];
        byte[] image = SyntheticPe.Kernel(size: payload.Length + 600, version: version);
        int at = image.Length - SyntheticPe.RoundUp(payload.Length + 600, SyntheticPe.FileAlignment);
        payload.CopyTo(image, at);
        image[0x1F1] = SetupSectors;
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(0x206), 0x20F);
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(0x248), at - CodeOffset);
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(0x24C), payload.Length);
        return image;
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Optimal))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }
}
