using System.Buffers.Binary;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Efi;

/// <summary>
/// A variable as a file of efivarfs (Linux, Documentation/filesystems/efivarfs.rst): four bytes of attributes, then the content. The file's name is
/// <c>NAME-GUID</c>.
/// </summary>
public static class EfiVariableFile
{
    private const string Format = "efi variable file";
    private const int AttributesSize = 4;
    private const int GuidLength = 36;

    /// <summary>All bits that UEFI 2.10 defines for GetVariable.</summary>
    private const uint KnownAttributes = 0x7f;

    /// <summary>Reads a file's bytes, which are not copied.</summary>
    /// <exception cref="MalformedInputException">Name or bytes are not those of such a file.</exception>
    public static EfiVariable Read(string fileName, ReadOnlyMemory<byte> bytes)
    {
        int dash = fileName.Length - GuidLength - 1;
        if (dash <= 0 || fileName[dash] != '-' || !Guid.TryParseExact(fileName[(dash + 1)..], "D", out Guid vendor))
        {
            throw new MalformedInputException(Format, 0, $"file name \"{fileName}\" is not a variable's name, a dash and a vendor GUID");
        }

        EfiVariableAttributes attributes = ReadAttributes(bytes.Span);
        return new(vendor, fileName[..dash], attributes, bytes[AttributesSize..]);
    }

    /// <summary>The attributes that a file begins with.</summary>
    /// <exception cref="MalformedInputException">It is too short, or has attributes that do not exist.</exception>
    public static EfiVariableAttributes ReadAttributes(ReadOnlySpan<byte> bytes)
    {
        uint attributes = new SpanReader(bytes, Format).ReadUInt32LittleEndian();
        return attributes is not 0 && (attributes & ~KnownAttributes) == 0
            ? (EfiVariableAttributes)attributes
            : throw new MalformedInputException(Format, 0, $"attributes 0x{attributes:x8} do not exist");
    }

    /// <summary>The file's name for a variable.</summary>
    public static string NameOf(EfiVariable variable) => $"{variable.Name}-{variable.Vendor:D}";

    /// <summary>The file's bytes for a variable.</summary>
    public static byte[] Write(EfiVariable variable)
    {
        byte[] bytes = new byte[AttributesSize + variable.Content.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)variable.Attributes);
        variable.Content.Span.CopyTo(bytes.AsSpan(AttributesSize));
        return bytes;
    }
}
