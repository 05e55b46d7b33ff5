using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.Formats.Tcg;

/// <summary>UEFI_VARIABLE_DATA (PFP 10.2.6): how firmware hands a variable to the hash.</summary>
/// <param name="Vendor">The variable's vendor GUID.</param>
/// <param name="Name">Its name.</param>
/// <param name="Content">Its content, without attributes; empty for a variable that does not exist.</param>
public sealed record UefiVariableData(Guid Vendor, string Name, ReadOnlyMemory<byte> Content)
{
    private const int HeaderSize = 32;

    /// <summary>Reads the structure, which must fill <paramref name="data"/>.</summary>
    /// <exception cref="MalformedInputException">It does not.</exception>
    public static UefiVariableData Read(ReadOnlyMemory<byte> data)
    {
        SpanReader reader = new(data.Span, "uefi variable data");
        Guid vendor = reader.ReadGuid();
        ulong nameLength = reader.ReadUInt64LittleEndian();
        ulong contentLength = reader.ReadUInt64LittleEndian();
        ulong remaining = (ulong)reader.Remaining;
        if (nameLength > remaining / 2 || contentLength != remaining - (2 * nameLength))
        {
            throw reader.Malformed($"{remaining} bytes cannot be a name of {nameLength} characters and {contentLength} bytes");
        }

        string name = Encoding.Unicode.GetString(reader.ReadBytes(2 * (int)nameLength));
        return new(vendor, name, data[reader.Position..]);
    }

    /// <summary>False: the bytes are not this structure.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> data, [NotNullWhen(true)] out UefiVariableData? variable)
    {
        try
        {
            variable = Read(data);
            return true;
        }
        catch (MalformedInputException)
        {
            variable = null;
            return false;
        }
    }

    /// <summary>The bytes that are hashed.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = new byte[HeaderSize + (2 * Name.Length) + Content.Length];
        Vendor.TryWriteBytes(bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), (ulong)Name.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), (ulong)Content.Length);
        Encoding.Unicode.GetBytes(Name, bytes.AsSpan(HeaderSize));
        Content.Span.CopyTo(bytes.AsSpan(HeaderSize + (2 * Name.Length)));
        return bytes;
    }
}
