using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Signing;
using Mantle.Measure;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Dsse;

namespace Mantle.ImageBuilder.Signing.Releases;

/// <summary>A request to somebody whose key is elsewhere: a folder with the exact bytes to be signed and a text that says what they are.</summary>
public static class SigningRequest
{
    /// <summary>The bytes to be signed.</summary>
    public const string MessageName = "message.bin";

    /// <summary>What they are, for people.</summary>
    public const string SummaryName = "request.txt";

    /// <summary>Asks for a Secure Boot signature.</summary>
    public static void Write(string folder, AuthenticodeRequest request, string image) => Write(
        folder,
        request.ToBeSigned.Span,
        $"""
        A Secure Boot signature is asked for.

        image          {image}
        authenticode   sha256 {Convert.ToHexStringLower(request.ImageDigest.Span)}
        certificate    {request.Signer.SubjectText}
                       sha256 {Convert.ToHexStringLower(SHA256.HashData(request.Signer.Der.Span))}
        message        {MessageName}, {request.ToBeSigned.Length} bytes: the signed attributes of a PKCS#7 signature, DER
                       sha256 {Convert.ToHexStringLower(SHA256.HashData(request.ToBeSigned.Span))}
        scheme         {SignatureScheme.RsaPkcs1Sha256.Name()}

        The Authenticode digest is that of the unsigned uki.efi: "pesign --hash --in uki.efi" prints it.
        "openssl asn1parse -inform der -in {MessageName}" shows what is signed. To sign with OpenSSL:

          openssl dgst -sha256 -sign KEY -out signature.bin {MessageName}

        Then: imagebuilder sign OUT --identity DIR --attach signature.bin ...

        """);

    /// <summary>Asks for a signature of a release statement.</summary>
    public static void Write(string folder, DsseEnvelope envelope, ReleaseStatement statement)
    {
        byte[] message = envelope.PreAuthenticationEncoding();
        StringBuilder files = new();
        foreach (ReleaseSubject subject in statement.Subjects)
        {
            files.Append(CultureInfo.InvariantCulture, $"  {subject.Sha256}  {subject.Name}\n");
        }

        Write(
            folder,
            message,
            $"""
            A signature of a release statement is asked for.

            release        {statement.Name} {statement.Version}, number {statement.Number}, minimum {statement.MinimumNumber}
            released       {UtcTime.Text(statement.Released)}, expires {UtcTime.Text(statement.Expires)}
            audit          {statement.Audit.Verdict}, {statement.Audit.Waived} findings waived
            message        {MessageName}, {message.Length} bytes: DSSE's pre-authentication encoding of the statement
                           sha256 {Convert.ToHexStringLower(SHA256.HashData(message))}
            scheme         {string.Join(", ", Enum.GetValues<KeyKind>().Select(kind => SignatureSchemes.Default(kind).Name()))}, by the kind of key

            files

            {files}
            To sign with OpenSSL, by an ECDSA key (P-256), an RSA key, an Ed25519 key:

              openssl dgst -sha256 -sign KEY -out signature.bin {MessageName}
              openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -sign KEY -out signature.bin {MessageName}
              openssl pkeyutl -sign -rawin -inkey KEY -in {MessageName} -out signature.bin

            Then: imagebuilder sign RELEASE --attach signature.bin --public-key PUBLIC.pem

            """);
    }

    private static void Write(string folder, ReadOnlySpan<byte> message, string summary)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new UserErrorException($"\"{folder}\" is not empty", "name a new folder for the request", ExitCode.Environment);
        }

        Directory.CreateDirectory(folder);
        using (FileStream file = new(Path.Combine(folder, MessageName), FileMode.CreateNew))
        {
            file.Write(message);
        }

        File.WriteAllText(Path.Combine(folder, SummaryName), summary);
    }
}
