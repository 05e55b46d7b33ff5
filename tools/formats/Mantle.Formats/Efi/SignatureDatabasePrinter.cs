using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Signing;

namespace Mantle.Formats.Efi;

/// <summary>Prints signature lists for people: a line a list, a line an entry with its owner.</summary>
public static class SignatureDatabasePrinter
{
    /// <summary>Writes the text, lines ended by LF.</summary>
    public static void Print(IReadOnlyList<SignatureList> lists, TextWriter output)
    {
        for (int i = 0; i < lists.Count; i++)
        {
            SignatureList list = lists[i];
            output.Write($"list {i + 1}: {EfiGuids.NameOfType(list.Type)}, {list.Entries.Count} {(list.Entries.Count == 1 ? "entry" : "entries")}\n");
            foreach (SignatureEntry entry in list.Entries)
            {
                output.Write($"  {entry.Owner}  {Describe(list.Type, entry)}\n");
            }
        }
    }

    /// <summary>One entry in words: a certificate's subject and SHA-256 fingerprint, or a digest.</summary>
    public static string Describe(Guid type, SignatureEntry entry)
    {
        if (type != EfiGuids.X509)
        {
            return $"{EfiGuids.NameOfType(type)} {Convert.ToHexStringLower(entry.Data.Span)}";
        }

        string fingerprint = Convert.ToHexStringLower(SHA256.HashData(entry.Data.Span));
        try
        {
            return $"certificate {SigningCertificate.Read(entry.Data).SubjectText} (sha256 {fingerprint})";
        }
        catch (MalformedInputException)
        {
            return $"certificate that cannot be read (sha256 {fingerprint})";
        }
    }
}
