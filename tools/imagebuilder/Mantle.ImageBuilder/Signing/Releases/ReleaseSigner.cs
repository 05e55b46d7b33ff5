using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Output;
using Mantle.ImageBuilder.Signing.Identities;
using Mantle.ImageBuilder.Signing.Keys;
using Mantle.Measure;
using Mantle.Measure.Checking;
using Mantle.Measure.Release;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Policy;

namespace Mantle.ImageBuilder.Signing.Releases;

/// <summary>
/// Adds signatures to the statement of a release that exists. Each person does so on their own copy or on the same, in any order: the envelope's bytes depend
/// on who has signed and not on when, and two copies can be joined.
/// </summary>
public static class ReleaseSigner
{
    private const int MaximumEnvelopeSize = 4 << 20;

    /// <summary>Whether a folder is a release directory.</summary>
    public static bool IsRelease(string folder) => File.Exists(Path.Combine(folder, ReleaseFiles.Envelope));

    /// <summary>Reads a release's envelope.</summary>
    /// <exception cref="MalformedInputException">It is none.</exception>
    public static DsseEnvelope ReadEnvelope(string path)
    {
        FileInfo file = new(path);
        return file.Length <= MaximumEnvelopeSize
            ? DsseEnvelope.Read(File.ReadAllBytes(path))
            : throw new UserErrorException($"\"{path}\" has {file.Length:N0} bytes; an envelope has at most {MaximumEnvelopeSize:N0}");
    }

    /// <summary>The statement of a release, after everything in the release was held against it: nobody shall sign what is not there.</summary>
    /// <exception cref="UserErrorException">The release is not what it says; exit code 2, or 7 when something could not be checked.</exception>
    public static (DsseEnvelope Envelope, ReleaseStatement Statement) Open(string folder, string? spoolFolder = null)
    {
        (CheckReport report, DsseEnvelope? envelope, ReleaseStatement? statement) = ReleaseVerification.VerifyContent(folder, Environment.ProcessorCount, spoolFolder);
        if (envelope is not null && statement is not null && report.Verdict == Verdict.Holds)
        {
            RefuseIdentity(folder, statement);
            return (envelope, statement);
        }

        CheckResult? first = report.Checks.FirstOrDefault(check => check.Outcome == CheckOutcome.Fail)
            ?? report.Checks.FirstOrDefault(check => check.Outcome == CheckOutcome.NotChecked && check.IsNeeded);
        throw new UserErrorException(
            $"\"{folder}\" is not what it says: {CheckText.Describe(report)}{(first is null ? "" : $" ({first.Id}: {first.Evidence})")}",
            "take the release directory as it was made; \"measure verify RELEASE --policy FILE\" shows every check",
            report.ExitCode == ExitCode.Success ? ExitCode.Mismatch : report.ExitCode);
    }

    /// <summary>A machine may be given its keys by any of the identity's files, so all of them have to say the same.</summary>
    private static void RefuseIdentity(string folder, ReleaseStatement statement)
    {
        CheckReport report = IdentityCheck.Check(Path.Combine(folder, ReleaseFiles.Identity), statement.Released);
        if (report.Checks.FirstOrDefault(check => check.Outcome == CheckOutcome.Fail) is { } failed)
        {
            throw new UserErrorException(
                $"\"{folder}\" is not what it says: the identity's {failed.Id}: {failed.Evidence}", "\"imagebuilder identity check\" shows all that is wrong", ExitCode.Mismatch);
        }
    }

    /// <summary>The envelope with the signatures of further keys.</summary>
    /// <param name="envelope">The envelope.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="scheme">How they sign; null: each as its kind does by default.</param>
    /// <param name="cancellation">Ends the wait for a remote signer.</param>
    public static async Task<DsseEnvelope> SignAsync(DsseEnvelope envelope, IReadOnlyList<ISigner> keys, SignatureScheme? scheme, CancellationToken cancellation)
    {
        byte[] message = envelope.PreAuthenticationEncoding();
        foreach (ISigner key in keys)
        {
            byte[] signature = await key.SignCheckedAsync(message, scheme ?? SignatureSchemes.Default(key.PublicKey.Kind), cancellation).ConfigureAwait(false);
            envelope = envelope.With(new(key.PublicKey.KeyId, signature));
        }

        return envelope;
    }

    /// <summary>The envelope with the signatures of another copy too, that of somebody who signed elsewhere.</summary>
    /// <param name="envelope">The envelope.</param>
    /// <param name="other">The other copy's.</param>
    /// <param name="policy">
    /// Whose signatures are joined, and each has to hold; one that does not hold here gives way to one that does. Null: nobody's can be checked, so two
    /// different ones by the same key are refused, instead of keeping one that might be forged to keep the other out.
    /// </param>
    /// <param name="name">What the other copy is called in messages.</param>
    /// <exception cref="UserErrorException">It is of another release, or a signature in it must not be joined; exit code 2.</exception>
    public static DsseEnvelope Join(DsseEnvelope envelope, DsseEnvelope other, ReleasePolicy? policy, string name)
    {
        DsseEnvelope joined;
        try
        {
            joined = envelope.Merge(other);
        }
        catch (ArgumentException)
        {
            throw Refused(name, "is the envelope of another release", "for a single signature give --public-key too");
        }

        byte[] message = envelope.PreAuthenticationEncoding();
        foreach (DsseSignature theirs in other.Signatures)
        {
            DsseSignature? ours = envelope.Signatures.FirstOrDefault(signature => signature.KeyId == theirs.KeyId);
            string which = $"the signature by key {theirs.KeyId[..16]}";
            if (policy is null)
            {
                if (ours is not null && !ours.Signature.Span.SequenceEqual(theirs.Signature.Span))
                {
                    throw Refused(name, $"and the release differ in {which}, and without a policy neither can be checked", "give --policy");
                }

                continue;
            }

            ReleaseKey key = policy.Roles.SelectMany(role => role.People).SelectMany(person => person.Keys).FirstOrDefault(key => key.Key.KeyId == theirs.KeyId)
                ?? throw Refused(name, $"has {which}, which the policy does not know", "name the policy that has the key, or join without --policy");
            if (!key.Key.Verify(message, theirs.Signature.Span, key.Scheme))
            {
                throw Refused(name, $"has {which}, which does not hold as {key.Scheme.Name()}", "ask its owner for the envelope as it was signed");
            }

            if (ours is not null && !key.Key.Verify(message, ours.Signature.Span, key.Scheme))
            {
                joined = joined.With(theirs);
            }
        }

        return joined;
    }

    /// <summary>Puts another envelope in the place of a release's, in one step.</summary>
    public static void Replace(string folder, DsseEnvelope envelope) =>
        ReplacedFile.Write(Path.Combine(folder, ReleaseFiles.Envelope), envelope.ToArray(), beside: Path.Combine(folder, $".{ReleaseFiles.Envelope}"));

    private static UserErrorException Refused(string name, string what, string hint) => new($"\"{name}\" {what}", hint, ExitCode.Mismatch);
}
