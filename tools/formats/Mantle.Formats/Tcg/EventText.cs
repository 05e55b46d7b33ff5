using System.Buffers.Binary;
using System.Text;

namespace Mantle.Formats.Tcg;

/// <summary>One line about a record's data, for people. It repeats what the log says and proves nothing.</summary>
public static class EventText
{
    private const int MaximumTextLength = 200;
    private const int MaximumHexLength = 32;

    /// <summary>Describes the data by the record's type; data that does not have the type's form is shown as hex. Never fails.</summary>
    public static string Describe(EventRecord record)
    {
        ReadOnlySpan<byte> data = record.UntrustedData.Span;
        return record.UntrustedType switch
        {
            EventType.EfiVariableDriverConfig or EventType.EfiVariableBoot or EventType.EfiVariableBoot2 or EventType.EfiVariableAuthority =>
                UefiVariableData.TryRead(record.UntrustedData, out UefiVariableData? variable)
                    ? $"{Quote(variable.Name)} {variable.Vendor} {Bytes(variable.Content.Span)}"
                    : Bytes(data),
            EventType.EfiGptEvent => DescribeGpt(data),
            EventType.EventTag => DescribeTag(data),
            EventType.EfiPlatformFirmwareBlob when data.Length == 16 => DescribeBlob(data),
            EventType.EfiBootServicesApplication or EventType.EfiBootServicesDriver or EventType.EfiRuntimeServicesDriver => DescribeImage(data),
            EventType.NoAction when data.StartsWith(SpecIdEvent.Signature) => Quote("Spec ID Event03"),
            _ => DescribeText(data),
        };
    }

    private static string DescribeText(ReadOnlySpan<byte> data)
    {
        string? text = data.Length >= 4 && data.Length % 2 == 0 && data[1] == 0 ? Printable(Encoding.Unicode, data) : null;
        text ??= data.Length >= 2 ? Printable(Encoding.UTF8, data) : null;
        return text is null ? Bytes(data) : Quote(text);
    }

    private static string? Printable(Encoding encoding, ReadOnlySpan<byte> data)
    {
        string text = encoding.GetString(data).TrimEnd('\0');
        return text.Length > 0 && !text.Any(x => char.IsControl(x) && x is not ('\n' or '\t')) && !text.Contains('\ufffd', StringComparison.Ordinal)
            ? text
            : null;
    }

    private static string DescribeGpt(ReadOnlySpan<byte> data)
    {
        const int HeaderSize = 92;
        return data.Length >= HeaderSize + 8
            ? $"disk {new Guid(data.Slice(56, 16))}, {BinaryPrimitives.ReadUInt64LittleEndian(data[HeaderSize..])} partitions"
            : Bytes(data);
    }

    private static string DescribeTag(ReadOnlySpan<byte> data)
    {
        if (data.Length < 8 || BinaryPrimitives.ReadUInt32LittleEndian(data[4..]) != data.Length - 8)
        {
            return Bytes(data);
        }

        return $"tag 0x{BinaryPrimitives.ReadUInt32LittleEndian(data):x8} {DescribeText(data[8..])}";
    }

    private static string DescribeBlob(ReadOnlySpan<byte> data) =>
        $"0x{BinaryPrimitives.ReadUInt64LittleEndian(data):x} {BinaryPrimitives.ReadUInt64LittleEndian(data[8..])} bytes";

    private static string DescribeImage(ReadOnlySpan<byte> data)
    {
        const int HeaderSize = 32;
        return data.Length >= HeaderSize
            ? $"0x{BinaryPrimitives.ReadUInt64LittleEndian(data):x} {BinaryPrimitives.ReadUInt64LittleEndian(data[8..])} bytes, {DescribePath(data[HeaderSize..])}"
            : Bytes(data);
    }

    /// <summary>The file path nodes (UEFI 2.10, 10.3.4.4: type 4, subtype 4) of a device path, else the whole as hex.</summary>
    private static string DescribePath(ReadOnlySpan<byte> path)
    {
        ReadOnlySpan<byte> rest = path;
        string files = "";
        while (rest.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]);
            if (length < 4 || length > rest.Length)
            {
                break;
            }

            if (rest[0] == 4 && rest[1] == 4)
            {
                files += Encoding.Unicode.GetString(rest[4..length]).TrimEnd('\0');
            }

            rest = rest[length..];
        }

        return files.Length > 0 ? Quote(files) : Bytes(path);
    }

    private static string Quote(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (char character in text.AsSpan(0, Math.Min(text.Length, MaximumTextLength)))
        {
            _ = character switch
            {
                '"' or '\\' => quoted.Append('\\').Append(character),
                '\n' => quoted.Append("\\n"),
                _ when char.IsControl(character) || char.IsSurrogate(character) || character is '\u2028' or '\u2029' => quoted.Append($"\\u{(int)character:x4}"),
                _ => quoted.Append(character),
            };
        }

        return quoted.Append(text.Length > MaximumTextLength ? "\"…" : "\"").ToString();
    }

    private static string Bytes(ReadOnlySpan<byte> data) =>
        data.Length <= MaximumHexLength
            ? $"{data.Length} bytes {Convert.ToHexStringLower(data)}".TrimEnd()
            : $"{data.Length} bytes {Convert.ToHexStringLower(data[..MaximumHexLength])}…";
}
