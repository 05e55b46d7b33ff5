using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Pe.Signing;
using Mantle.Formats.Tpm;
using Mantle.ImageBuilder.Signing.Identities;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary>An identity as a command prints it; as JSON it is the file <c>identity.json</c> itself.</summary>
internal static class IdentityText
{
    public static void Write(ParseResult parsed, SecureBootIdentity identity, bool asJson)
    {
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (asJson)
        {
            output.Write(Encoding.UTF8.GetString(IdentityFiles.Derive(identity)[IdentityFiles.Summary]));
            return;
        }

        output.WriteLine($"owner       {identity.Owner}");
        Write(output, "PK", identity.PlatformKey);
        Write(output, "KEK", identity.KeyExchangeKey);
        for (int i = 0; i < identity.Allowed.Count; i++)
        {
            Write(output, "db", identity.Allowed[i]);
            foreach ((TpmAlgorithm bank, TpmDigest value) in IdentityFiles.Pcr7(identity, i))
            {
                output.WriteLine($"{(bank == TpmAlgorithm.Sha1 ? "  PCR 7" : ""),-11} {bank.Name()} {value}");
            }
        }
    }

    private static void Write(TextWriter output, string variable, SigningCertificate certificate)
    {
        output.WriteLine($"{variable,-11} {certificate.SubjectText}");
        output.WriteLine($"{"",-11} key id {Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.Span))}");
    }
}
