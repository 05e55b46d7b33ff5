using System.Globalization;
using Mantle.Formats.Bytes;
using Mantle.Formats.X509;

namespace Mantle.Formats.Cose;

/// <summary>Prints a document for a person. It shows what the document claims; nothing of it has been verified.</summary>
public static class AttestationDocumentPrinter
{
    /// <summary>One line a field, one line a register, one line a certificate.</summary>
    public static void Print(SignedAttestationDocument document, TextWriter output)
    {
        AttestationDocument content = document.UnverifiedContent;
        CoseSign1 envelope = document.Envelope;
        string kind = content.Kind == AttestationKind.NitroTpm ? "NitroTPM" : "Nitro Enclave";
        output.Write($"attestation document of a {kind}, not verified\n");
        output.Write($"  module      {PrintedText.Escape(content.ModuleId)}\n");
        output.Write(string.Create(CultureInfo.InvariantCulture, $"  made        {content.Timestamp:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}\n"));
        output.Write($"  envelope    COSE_Sign1{(envelope.IsTagged ? " with tag 18" : "")}, algorithm {(int)envelope.Algorithm}, signature of {envelope.Signature.Length} bytes");
        output.Write(envelope.TrailingLength > 0 ? $", {envelope.TrailingLength} bytes behind it that nothing signs\n" : "\n");
        PrintData(output, "public key", content.PublicKey);
        PrintData(output, "user data", content.UserData);
        PrintData(output, "nonce", content.Nonce);
        output.Write($"  registers   {content.Digest}\n");
        foreach ((int index, ReadOnlyMemory<byte> value) in content.Pcrs)
        {
            output.Write($"    {index,2}  {Convert.ToHexStringLower(value.Span)}\n");
        }

        output.Write("  certificates, root first\n");
        foreach (ReadOnlyMemory<byte> certificate in content.CaBundle.Append(content.Certificate))
        {
            output.Write($"    {Describe(certificate)}\n");
        }
    }

    private static void PrintData(TextWriter output, string name, ReadOnlyMemory<byte>? value) =>
        output.Write($"  {name,-12}{(value is { } bytes ? $"{Convert.ToHexStringLower(bytes.Span)} ({bytes.Length} bytes)" : "none")}\n");

    private static string Describe(ReadOnlyMemory<byte> der)
    {
        try
        {
            Certificate certificate = Certificate.Read(der);
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{PrintedText.Escape(certificate.SubjectCommonName)}, {UtcTime.Text(certificate.NotBefore)} to {UtcTime.Text(certificate.NotAfter)}");
        }
        catch (MalformedInputException e)
        {
            return $"{der.Length} bytes: {e.Problem}";
        }
    }
}
