using System.Buffers;
using System.Text;
using Mantle.Formats.Bytes;

namespace Mantle.ImageBuilder.Packages.Archive;

/// <summary>
/// A text with OpenPGP signatures in the cleartext signature framework (RFC 9580, 7). Strict: the message is the whole file, nothing stands before,
/// between or behind its parts, so that no reader can take unsigned text for signed.
/// </summary>
/// <param name="Text">What is signed: dashes unescaped, blanks removed from the ends of lines, lines ended by LF.</param>
/// <param name="Canonical">The same with CR LF between lines and none behind the last, as the signatures are computed.</param>
/// <param name="Signatures">The binary signature packets.</param>
/// <param name="Hashes">The hashes that the file announces; gpgv computes no other.</param>
internal sealed record ClearSignedText(byte[] Text, byte[] Canonical, byte[] Signatures, IReadOnlySet<string> Hashes)
{
    private const string Format = "inrelease";

    /// <summary>Splits a signed file into its parts.</summary>
    /// <exception cref="MalformedInputException">The file is not exactly one clear-signed text.</exception>
    public static ClearSignedText Parse(ReadOnlySpan<byte> file)
    {
        LineReader lines = new(file);
        if (!lines.Next().SequenceEqual("-----BEGIN PGP SIGNED MESSAGE-----"u8))
        {
            throw new MalformedInputException(Format, 0, "the file is not clear-signed: it does not start with \"-----BEGIN PGP SIGNED MESSAGE-----\"");
        }

        SortedSet<string> hashes = new(StringComparer.Ordinal);
        for (ReadOnlySpan<byte> header = lines.Next(); header.Length > 0; header = lines.Next())
        {
            // RFC 9580, 7.1: no other header is allowed, as some readers would take it for text.
            if (!header.StartsWith("Hash: "u8))
            {
                throw new MalformedInputException(Format, lines.LineStart, "a header other than \"Hash\" in the signed message");
            }

            hashes.UnionWith(Encoding.Latin1.GetString(header["Hash: ".Length..]).Split(',', StringSplitOptions.TrimEntries));
        }

        ArrayBufferWriter<byte> text = new(file.Length);
        ArrayBufferWriter<byte> canonical = new(file.Length + 4096);
        bool first = true;
        for (ReadOnlySpan<byte> line = lines.Next(); !line.SequenceEqual("-----BEGIN PGP SIGNATURE-----"u8); line = lines.Next())
        {
            if (line.Length > 0 && line[0] == '-')
            {
                line = line.StartsWith("- "u8)
                    ? line[2..]
                    : throw new MalformedInputException(Format, lines.LineStart, "a line of the signed text starts with a dash that is not escaped");
            }

            if (!first)
            {
                canonical.Write("\r\n"u8);
            }

            first = false;
            line = line.TrimEnd(" \t\r"u8); // blanks there are not signed, so nobody may see them
            canonical.Write(line);
            text.Write(line);
            text.Write("\n"u8);
        }

        return new ClearSignedText(text.WrittenSpan.ToArray(), canonical.WrittenSpan.ToArray(), ReadArmor(ref lines), hashes);
    }

    private static byte[] ReadArmor(ref LineReader lines)
    {
        for (ReadOnlySpan<byte> header = lines.Next(); header.Length > 0; header = lines.Next())
        {
            int colon = header.IndexOf(": "u8);
            if (colon <= 0 || header[..colon].ContainsAnyExceptInRange((byte)'A', (byte)'z') || header.ContainsAnyInRange((byte)0, (byte)31))
            {
                throw new MalformedInputException(Format, lines.LineStart, "the signature's armor has a malformed header");
            }
        }

        int start = lines.LineStart;
        ArrayBufferWriter<byte> body = new();
        ReadOnlySpan<byte> line = lines.Next();
        for (; line.Length > 0 && line[0] is not ((byte)'-' or (byte)'='); line = lines.Next())
        {
            body.Write(line);
        }

        // RFC 9580, 6.1: a reader must not rely on the checksum; the signature itself is what protects.
        if (line.Length == 5 && line[0] == '=')
        {
            line = lines.Next();
        }

        if (!line.SequenceEqual("-----END PGP SIGNATURE-----"u8))
        {
            throw new MalformedInputException(Format, lines.LineStart, "the signature's armor does not end with \"-----END PGP SIGNATURE-----\"");
        }

        if (!lines.AtEnd)
        {
            throw new MalformedInputException(Format, lines.LineStart, "text follows the signature");
        }

        byte[] signatures = new byte[body.WrittenCount];
        if (System.Buffers.Text.Base64.DecodeFromUtf8(body.WrittenSpan, signatures, out int consumed, out int written) != OperationStatus.Done
            || consumed != body.WrittenCount)
        {
            throw new MalformedInputException(Format, start, "the signature's armor is not base64");
        }

        return signatures[..written];
    }

    private ref struct LineReader(ReadOnlySpan<byte> text)
    {
        private readonly ReadOnlySpan<byte> _text = text;
        private int _at;

        /// <summary>Offset of the line that was read last.</summary>
        public int LineStart { get; private set; }

        public readonly bool AtEnd => _at == _text.Length;

        /// <summary>The next line without its LF or CR LF.</summary>
        public ReadOnlySpan<byte> Next()
        {
            LineStart = _at;
            if (AtEnd)
            {
                throw new MalformedInputException(Format, _at, "the clear-signed text is cut off");
            }

            ReadOnlySpan<byte> rest = _text[_at..];
            int length = rest.IndexOf((byte)'\n');
            if (length < 0)
            {
                _at = _text.Length;
                return rest;
            }

            _at += length + 1;
            return length > 0 && rest[length - 1] == '\r' ? rest[..(length - 1)] : rest[..length];
        }
    }
}
