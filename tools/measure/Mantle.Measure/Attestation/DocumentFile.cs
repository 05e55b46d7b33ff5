using System.Buffers.Text;
using System.Text;

namespace Mantle.Measure.Attestation;

/// <summary>The forms in which a document travels: raw CBOR, base64 as KMS and the AWS command line take it, hexadecimal.</summary>
public static class DocumentFile
{
    /// <summary>The document's bytes. Text that is neither hex nor base64 is returned as it is, for the reader to refuse.</summary>
    public static byte[] Decode(byte[] file)
    {
        if (file.Length == 0 || !file.All(letter => letter is >= 0x20 and < 0x7f or (byte)'\n' or (byte)'\r' or (byte)'\t'))
        {
            return file;
        }

        string text = string.Concat(Encoding.ASCII.GetString(file).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit))
        {
            return Convert.FromHexString(text);
        }

        byte[] decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        return Convert.TryFromBase64String(text, decoded, out int length) ? decoded[..length] : file;
    }
}
