using System.Text;

namespace Mantle.Formats.Bytes;

/// <summary>
/// File names and link targets: on Linux they are bytes, nearly always UTF-8. Decoding keeps a byte that is not part of valid UTF-8
/// as the lone surrogate U+DC00+byte, so that every name survives a round trip (the convention of PEP 383).
/// </summary>
public static class LinuxText
{
    private const char EscapeBase = '\uDC00';

    /// <summary>Orders names as their bytes are ordered, which UTF-16 order is not.</summary>
    public static IComparer<string> ByteOrder { get; } = Comparer<string>.Create(Compare);

    /// <summary>Text for bytes; never fails.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new(bytes.Length);
        Span<char> characters = stackalloc char[2];
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int consumed) == System.Buffers.OperationStatus.Done)
            {
                text.Append(characters[..rune.EncodeToUtf16(characters)]);
            }
            else
            {
                consumed = 1;
                text.Append((char)(EscapeBase + bytes[0]));
            }

            bytes = bytes[consumed..];
        }

        return text.ToString();
    }

    /// <summary>The bytes that <see cref="Decode"/> made the text from.</summary>
    /// <exception cref="ArgumentException">The text has a surrogate that no byte decodes to.</exception>
    public static byte[] Encode(string text)
    {
        List<byte> bytes = new(text.Length);
        Span<byte> utf8 = stackalloc byte[4];
        for (int i = 0; i < text.Length;)
        {
            if (Rune.TryGetRuneAt(text, i, out Rune rune))
            {
                bytes.AddRange(utf8[..rune.EncodeToUtf8(utf8)]);
                i += rune.Utf16SequenceLength;
            }
            else if (text[i] is >= '\uDC80' and <= '\uDCFF')
            {
                bytes.Add((byte)(text[i++] - EscapeBase));
            }
            else
            {
                throw new ArgumentException($"U+{(int)text[i]:X4} at index {i} is no text and no escaped byte", nameof(text));
            }
        }

        return [.. bytes];
    }

    /// <summary>Compares two names byte by byte, as memcmp does.</summary>
    public static int Compare(string? a, string? b)
    {
        if (a is null || b is null)
        {
            return a is null ? (b is null ? 0 : -1) : 1;
        }

        return System.Text.Ascii.IsValid(a) && System.Text.Ascii.IsValid(b)
            ? string.CompareOrdinal(a, b)
            : Encode(a).AsSpan().SequenceCompareTo(Encode(b));
    }
}
