using System.Buffers.Binary;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Kernel;

/// <summary>The setup header of an x86 bzImage (Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header").</summary>
public sealed class LinuxSetupHeader
{
    /// <summary>Bytes from the start of the image up to the end of <c>payload_length</c>.</summary>
    public const int Length = 0x250;

    private const string Format = "kernel";
    private const int SectorsAt = 0x1F1;
    private const int MagicAt = 0x202;
    private const int ProtocolAt = 0x206;
    private const int VersionAt = 0x20E;
    private const int PayloadAt = 0x248;
    private const int LeastLength = VersionAt + sizeof(ushort);
    private const int Sector = 0x200;
    private const int LongestVersion = 256;
    private const int FirstProtocolWithPayload = 0x208;

    private readonly byte[] _fields;
    private readonly byte[] _version;

    private LinuxSetupHeader(byte[] fields, byte[] version) => (_fields, _version) = (fields, version);

    /// <summary>Version of the boot protocol, for example 0x20F for 2.15.</summary>
    public int Protocol => BinaryPrimitives.ReadUInt16LittleEndian(_fields.AsSpan(ProtocolAt));

    /// <summary>Where the compressed kernel is, as the header says it; null before protocol 2.08.</summary>
    public (long Offset, long Length)? Payload => Protocol < FirstProtocolWithPayload || _fields.Length < Length ? null
        : (CodeOffset + BinaryPrimitives.ReadUInt32LittleEndian(_fields.AsSpan(PayloadAt)), BinaryPrimitives.ReadUInt32LittleEndian(_fields.AsSpan(PayloadAt + sizeof(uint))));

    /// <summary>The version text's first line, for example <c>6.12.1-amd64 (builder@host) #1 SMP …</c>; null: there is none.</summary>
    public string? Version => FirstLine(_version);

    /// <summary>The release as <c>uname -r</c> prints it: the version text's first word. Null: there is none.</summary>
    public string? Release => _version.AsSpan().IndexOfAnyExceptInRange((byte)'!', (byte)'~') is > 0 and int end ? Encoding.ASCII.GetString(_version.AsSpan(0, end)) : null;

    /// <summary>The protected-mode code follows the setup code's sectors, of which 0 means 4, and the boot sector.</summary>
    private long CodeOffset => ((_fields[SectorsAt] == 0 ? 4 : _fields[SectorsAt]) + 1) * (long)Sector;

    /// <summary>Reads the header; null: the image has none.</summary>
    public static LinuxSetupHeader? Find(ByteSource image)
    {
        byte[] fields = image.ReadBytes(0, (int)Math.Min(Length, image.Length), Format);
        if (fields.Length < LeastLength || !fields.AsSpan(MagicAt, 4).SequenceEqual("HdrS"u8))
        {
            return null;
        }

        int pointer = BinaryPrimitives.ReadUInt16LittleEndian(fields.AsSpan(VersionAt));
        return new(fields, pointer == 0 ? [] : ReadVersion(image, pointer + Sector));
    }

    /// <summary>A version text, which ends with NUL or its line, as bytes that may go on behind it; empty behind the image's end.</summary>
    internal static byte[] ReadVersion(ByteSource image, long offset) =>
        offset >= image.Length ? [] : image.ReadBytes(offset, (int)Math.Min(LongestVersion, image.Length - offset), Format);

    /// <summary>The text of such bytes; null for none.</summary>
    internal static string? FirstLine(ReadOnlySpan<byte> version)
    {
        int end = version.IndexOfAny((byte)0, (byte)'\n');
        return version.IsEmpty ? null : LinuxText.Decode(end < 0 ? version : version[..end]);
    }
}
