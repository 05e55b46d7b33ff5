using System.Globalization;
using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Cose;
using Mantle.Formats.X509;
using Mantle.Measure.Checking;

namespace Mantle.Measure.Attestation;

/// <summary>
/// Verifies an attestation document (EC2 User Guide, "Validate a NitroTPM Attestation Document"; Nitro Enclaves, "Verifying the root of trust"): form, signature, chain, time,
/// what the requester asked for, and the registers. Every check is made and reported, also when an earlier one has failed, as far as it still means something.
/// </summary>
public static class AttestationVerifier
{
    private const int SignatureLength = 96;

    /// <summary>Checks the document.</summary>
    /// <param name="document">The document as it was read.</param>
    /// <param name="policy">What to hold it against.</param>
    public static AttestationResult Verify(SignedAttestationDocument document, AttestationPolicy policy)
    {
        AttestationDocument content = document.UnverifiedContent;
        CheckReport report = new();
        CheckForm(report, document, policy);
        DateTimeOffset at = policy.At ?? content.Timestamp;
        IReadOnlyList<Certificate>? path = CertificatePath.Read(report, [.. content.CaBundle, content.Certificate]);
        bool isRoot = CheckRoot(report, content, policy);
        bool isPath = path is not null && CertificatePath.Check(report, path, at);
        bool isGenuine = CheckSignature(report, document.Envelope, path?[^1]) & isPath & isRoot;
        CheckTime(report, content, policy, path?[^1]);
        CheckRequest(report, content, policy);
        PcrChecks.Check(report, content, policy.Pcrs);
        return new(report, document, policy, isGenuine ? new(content) : null);
    }

    private static void CheckForm(CheckReport report, SignedAttestationDocument document, AttestationPolicy policy)
    {
        AttestationDocument content = document.UnverifiedContent;
        CoseSign1 envelope = document.Envelope;
        string trailing = envelope.TrailingLength > 0 ? $"; {envelope.TrailingLength} bytes behind it are ignored, nothing signs them" : "";
        report.Check("form", true, $"COSE_Sign1 {(envelope.IsTagged ? "with" : "without")} tag, {envelope.Length} bytes, every field of the type and size that AWS states{trailing}");
        report.Check(
            "kind",
            content.Kind == policy.Kind ? null : $"it is {Describe(content.Kind)}, asked for is {Describe(policy.Kind)}: register numbers of the two mean different things",
            Describe(content.Kind));
        report.Check(
            "module-id",
            ModuleId.IsOf(policy.Kind, content.ModuleId) ? null : $"\"{content.ModuleId}\" is not how AWS names the module of {Describe(policy.Kind)}",
            content.ModuleId);
    }

    private static bool CheckRoot(CheckReport report, AttestationDocument content, AttestationPolicy policy)
    {
        string fingerprint = Convert.ToHexStringLower(SHA256.HashData(content.CaBundle[0].Span));
        string owner = policy.Root.IsAws ? "AWS's root G1" : "the root that was given, which is NOT AWS's";
        if (!policy.Root.IsAws)
        {
            report.Note($"the verdict rests on the root that was given, SHA-256 {policy.Root.Sha256}, which is not AWS's");
        }

        return report.Check(
            "root",
            fingerprint == policy.Root.Sha256 ? null : $"the chain starts with SHA-256 {fingerprint}, {owner} is {policy.Root.Sha256}",
            $"the chain starts with {owner}, SHA-256 {fingerprint}");
    }

    private static bool CheckSignature(CheckReport report, CoseSign1 envelope, Certificate? leaf)
    {
        if (envelope.Algorithm != CoseAlgorithm.Es384)
        {
            return report.Check("signature", false, $"algorithm {(int)envelope.Algorithm} is not ES384 ({(int)CoseAlgorithm.Es384})");
        }

        if (envelope.Signature.Length != SignatureLength)
        {
            return report.Check("signature", false, $"{envelope.Signature.Length} bytes, a signature with P-384 has {SignatureLength}");
        }

        using ECDsa? key = leaf is null ? null : CertificatePath.KeyOf(leaf);
        if (key is null)
        {
            return report.Check("signature", false, "the document's certificate has no key on P-384 to verify it with");
        }

        bool holds = key.VerifyData(envelope.ToBeSigned(), envelope.Signature.Span, HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return report.Check("signature", holds, $"ES384 over {envelope.Payload.Length} bytes, {(holds ? "" : "NOT ")}by the key of \"{leaf!.SubjectCommonName}\"");
    }

    private static void CheckTime(CheckReport report, AttestationDocument content, AttestationPolicy policy, Certificate? leaf)
    {
        if (leaf is not null)
        {
            report.Check(
                "module-certificate",
                leaf.SubjectCommonName.StartsWith(content.ModuleId + ".", StringComparison.Ordinal) ? null : $"the certificate is that of \"{leaf.SubjectCommonName}\", not of module \"{content.ModuleId}\"",
                $"the certificate is that of the module, \"{leaf.SubjectCommonName}\"");
            report.Check(
                "timestamp",
                content.Timestamp >= leaf.NotBefore && content.Timestamp <= leaf.NotAfter ? null : $"{UtcTime.Text(content.Timestamp)} is outside the validity of the certificate, {UtcTime.Text(leaf.NotBefore)} to {UtcTime.Text(leaf.NotAfter)}",
                $"{UtcTime.Text(content.Timestamp)}, within the validity of the certificate, which ends at {UtcTime.Text(leaf.NotAfter)}");
        }

        if (policy.At is not { } at)
        {
            report.Skipped("freshness", $"the time of the check is the document's own, {UtcTime.Text(content.Timestamp)}");
            report.Note($"the verdict is about {UtcTime.Text(content.Timestamp)}, when the document was made, and not about now");
            return;
        }

        TimeSpan age = at - content.Timestamp;
        report.Check(
            "freshness",
            age > policy.MaximumAge ? $"made {UtcTime.Text(content.Timestamp)}, {Duration(age)} before the check; {Duration(policy.MaximumAge)} are allowed"
            : age < -AttestationPolicy.ClockTolerance ? $"made {UtcTime.Text(content.Timestamp)}, {Duration(-age)} after the check, which is at {UtcTime.Text(at)}"
            : null,
            $"made {UtcTime.Text(content.Timestamp)}, {Duration(age)} before the check; {Duration(policy.MaximumAge)} are allowed");
    }

    private static void CheckRequest(CheckReport report, AttestationDocument content, AttestationPolicy policy)
    {
        Compare("nonce", content.Nonce, policy.Nonce, "without one, a document may be replayed while it is fresh");
        Compare("user-data", content.UserData, policy.UserData, null);
        Compare("public-key", content.PublicKey, policy.PublicKey, null);

        void Compare(string id, ReadOnlyMemory<byte>? actual, ReadOnlyMemory<byte>? expected, string? warning)
        {
            string seen = actual is { } value ? $"the document has {Hex(value)}" : "the document has none";
            if (expected is not { } wanted)
            {
                report.Skipped(id, $"{seen}, none was asked for{(warning is null ? "" : $"; {warning}")}");
                return;
            }

            report.Check(id, actual is { } bytes && CryptographicOperations.FixedTimeEquals(bytes.Span, wanted.Span) ? null : $"{seen}, asked for is {Hex(wanted)}", $"equal, {Hex(wanted)}");
        }
    }

    private static string Hex(ReadOnlyMemory<byte> bytes) => bytes.Length == 0 ? "no bytes" : Convert.ToHexStringLower(bytes.Span);

    private static string Describe(AttestationKind kind) => kind == AttestationKind.NitroTpm ? "a NitroTPM document (field nitrotpm_pcrs)" : "a Nitro Enclave document (field pcrs)";

    private static string Duration(TimeSpan time) => time.Duration() < TimeSpan.FromMinutes(2)
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0.#} min");
}
