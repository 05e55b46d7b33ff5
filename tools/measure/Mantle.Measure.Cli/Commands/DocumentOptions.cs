using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mantle.Formats.Cose;
using Mantle.Measure.Attestation;

namespace Mantle.Measure.Cli.Commands;

/// <summary>The options that say how an attestation document is verified.</summary>
internal sealed class DocumentOptions
{
    private const string Now = "now";
    private const string OwnTime = "document";
    private const string NitroTpm = "nitrotpm";
    private const string Enclave = "enclave";

    public DocumentOptions() => Kind.AcceptOnlyFromAmong(NitroTpm, Enclave);

    public Option<string> Kind { get; } = new("--kind")
    {
        Description = "Who has to have issued the document",
        HelpName = "nitrotpm|enclave",
        DefaultValueFactory = _ => NitroTpm,
    };

    public Option<string> At { get; } = new("--at")
    {
        Description = "When certificates have to be valid and the document fresh; \"document\": its own time, for one that was kept",
        HelpName = "now|document|TIME",
        DefaultValueFactory = _ => Now,
    };

    public Option<string> MaximumAge { get; } = new("--max-age")
    {
        Description = "Greatest age of the document",
        HelpName = "5m",
        DefaultValueFactory = _ => "5m",
    };

    public Option<string?> Root { get; } = new("--root")
    {
        Description = "Trust this certificate instead of AWS's root (PEM or DER); the verdict says so",
        HelpName = "CERT",
    };

    public Option<bool> AllowTrailing { get; } = new("--allow-trailing") { Description = "Report bytes behind the document instead of refusing them" };

    /// <summary>The policy without what a requester asks for and without registers.</summary>
    public AttestationPolicy Read(ParseResult parsed, TimeProvider clock)
    {
        string at = parsed.GetValue(At)!;
        return new()
        {
            Kind = parsed.GetValue(Kind) == Enclave ? AttestationKind.NitroEnclave : AttestationKind.NitroTpm,
            Root = parsed.GetValue(Root) is { } path ? ReadRoot(path) : TrustedRoot.Aws,
            At = at == Now ? clock.GetUtcNow() : at == OwnTime ? null : Inputs.Time("--at", at),
            MaximumAge = Inputs.Duration("--max-age", parsed.GetValue(MaximumAge)!),
        };
    }

    /// <summary>The same for a document that is asked for now.</summary>
    public AttestationPolicy ReadLive(ParseResult parsed) => new()
    {
        Root = parsed.GetValue(Root) is { } path ? ReadRoot(path) : TrustedRoot.Aws,
        At = null,
        MaximumAge = Inputs.Duration("--max-age", parsed.GetValue(MaximumAge)!),
    };

    public SignedAttestationDocument ReadDocument(ParseResult parsed, string path) =>
        SignedAttestationDocument.Read(DocumentFile.Decode(Inputs.ReadFile(path)), parsed.GetValue(AllowTrailing));

    private static TrustedRoot ReadRoot(string path)
    {
        byte[] file = Inputs.ReadFile(path);
        try
        {
            if (file.AsSpan().IndexOf("-----BEGIN"u8) < 0)
            {
                return TrustedRoot.FromCertificate(Formats.X509.Certificate.Read(file).Bytes.Span);
            }

            X509Certificate2Collection certificates = [];
            certificates.ImportFromPem(System.Text.Encoding.ASCII.GetString(file));
            return certificates is [X509Certificate2 only]
                ? TrustedRoot.FromCertificate(only.RawData)
                : throw new UserErrorException($"\"{path}\" holds {certificates.Count} certificates", "a root is one");
        }
        catch (CryptographicException e)
        {
            throw new UserErrorException($"\"{path}\" is no certificate in PEM or DER", cause: e);
        }
    }
}
