using System.Security.Cryptography.X509Certificates;
using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.Formats.Pe.Signing;
using Mantle.Measure.Checking;

namespace Mantle.ImageBuilder.Signing.Identities;

/// <summary>Checks that an identity's folder says one thing: everything that follows from its signature lists is there and as it follows.</summary>
public static class IdentityCheck
{
    private const int MaximumSize = 1 << 20;

    /// <summary>Checks file by file.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="at">A time at which the certificates shall be valid; null: validity is not checked.</param>
    public static CheckReport Check(string folder, DateTimeOffset? at)
    {
        SecureBootIdentity identity = SecureBootIdentity.Read(folder);
        CheckReport report = new();
        SortedDictionary<string, byte[]> expected = IdentityFiles.Derive(identity);
        foreach ((string name, byte[] content) in expected)
        {
            byte[]? found = Read(folder, name);
            report.Check(
                name, found is not null && found.AsSpan().SequenceEqual(content), found is null ? "is not there" : found.AsSpan().SequenceEqual(content) ? "as the signature lists say" : "is not what follows from the signature lists");
        }

        HashSet<string> known = [.. expected.Keys];
        foreach ((string name, EfiVariable variable, SigningCertificate signer) in IdentityFiles.Variables(identity))
        {
            known.Add(name);
            (bool holds, string evidence) = CheckUpdate(Read(folder, name), variable, signer);
            report.Check(name, holds, evidence);
        }

        string[] foreign = [.. new DirectoryInfo(folder).EnumerateFileSystemInfos().Select(entry => entry.Name).Where(name => !known.Contains(name)).Order(StringComparer.Ordinal)];
        report.Check("folder", foreign.Length == 0, foreign.Length == 0 ? "nothing else is there" : $"holds {string.Join(", ", foreign.Select(PrintedText.Escape))} too");
        if (at is { } time)
        {
            CheckValidity(report, identity, time);
        }

        return report;
    }

    private static (bool Holds, string Evidence) CheckUpdate(byte[]? file, EfiVariable variable, SigningCertificate signer)
    {
        if (file is null)
        {
            return (false, "is not there");
        }

        try
        {
            AuthenticatedUpdate update = AuthenticatedUpdate.Read(file);
            return !update.Payload.Span.SequenceEqual(variable.Content.Span) ? (false, $"sets {variable.Name} to something else")
                : UpdateSignature.IsSignedBy(update, variable.Vendor, variable.Name, signer) ? (true, $"sets {variable.Name}, signed by {signer.SubjectText}")
                : (false, $"is not signed by {signer.SubjectText}");
        }
        catch (MalformedInputException problem)
        {
            return (false, problem.Message);
        }
    }

    private static void CheckValidity(CheckReport report, SecureBootIdentity identity, DateTimeOffset at)
    {
        foreach (SigningCertificate certificate in identity.Allowed.Prepend(identity.KeyExchangeKey).Prepend(identity.PlatformKey))
        {
            using X509Certificate2 parsed = X509CertificateLoader.LoadCertificate(certificate.Der.Span);
            bool isValid = at.UtcDateTime >= parsed.NotBefore.ToUniversalTime() && at.UtcDateTime <= parsed.NotAfter.ToUniversalTime();
            report.Check("validity", isValid, $"{certificate.SubjectText} is valid from {parsed.NotBefore.ToUniversalTime():yyyy-MM-dd} to {parsed.NotAfter.ToUniversalTime():yyyy-MM-dd}");
        }
    }

    private static byte[]? Read(string folder, string name)
    {
        FileInfo file = new(Path.Combine(folder, name));
        return file.Exists && file.Length <= MaximumSize ? File.ReadAllBytes(file.FullName) : null;
    }
}
