using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Mantle.Measure.Release.Documents;

/// <summary>Base64 (RFC 4648, 4) in its one form: the standard alphabet, padded, no white space, the unused bits zero (RFC 4648, 3.5).</summary>
internal static class StrictBase64
{
    public static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = [];
        if (!Ascii.IsValid(text))
        {
            return false;
        }

        byte[] decoded = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (Base64.DecodeFromUtf8(Encoding.ASCII.GetBytes(text), decoded, out _, out int length) != OperationStatus.Done
            || Convert.ToBase64String(decoded, 0, length) != text)
        {
            return false;
        }

        bytes = decoded[..length];
        return true;
    }
}
