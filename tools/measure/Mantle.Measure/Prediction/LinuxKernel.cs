using System.Buffers.Binary;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Measure.Prediction;

/// <summary>What the setup header of an x86 bzImage says (Documentation/arch/x86/boot.rst).</summary>
internal static class LinuxKernel
{
    private const int SetupHeaderOffset = 0x1f1;
    private const int MagicOffset = 0x202;
    private const int KernelVersionOffset = 0x20e;
    private const int SetupCode = 0x200;
    private const int LongestVersion = 256;

    /// <summary>The release as uname -r prints it, or null when the image has no such header.</summary>
    public static string? Release(ByteSource kernel)
    {
        if (kernel.Length < KernelVersionOffset + 2)
        {
            return null;
        }

        Span<byte> header = stackalloc byte[KernelVersionOffset + 2 - SetupHeaderOffset];
        kernel.ReadExactly(SetupHeaderOffset, header);
        if (!header.Slice(MagicOffset - SetupHeaderOffset, 4).SequenceEqual("HdrS"u8))
        {
            return null;
        }

        int pointer = BinaryPrimitives.ReadUInt16LittleEndian(header[(KernelVersionOffset - SetupHeaderOffset)..]);
        int at = pointer + SetupCode;
        int available = (int)Math.Min(LongestVersion, kernel.Length - at);
        if (pointer == 0 || available <= 0)
        {
            return null;
        }

        Span<byte> text = stackalloc byte[available];
        kernel.ReadExactly(at, text);
        int end = text.IndexOfAnyExceptInRange((byte)'!', (byte)'~');
        return end > 0 ? Encoding.ASCII.GetString(text[..end]) : null;
    }
}
