using System.CommandLine;
using Mantle.Cli;
using Mantle.ImageBuilder.Signing.Identities;
using Mantle.ImageBuilder.Signing.Keys;
using Mantle.ImageBuilder.Signing.Releases;
using Mantle.Measure;
using Mantle.Measure.Release.Dsse;
using Mantle.Measure.Release.Policy;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder sign</c>: makes a release of a build, or adds a signature to a release.</summary>
internal static class SignCommand
{
    private static readonly Argument<string> s_folder = new("DIR") { Description = "The output folder of a build, or a release directory" };
    private static readonly Option<string?> s_identity = new("--identity") { Description = "The Secure Boot identity", HelpName = "DIR" };
    private static readonly Option<string> s_output = new("--output", "-o") { Description = "The release directory to make", HelpName = "DIR", DefaultValueFactory = _ => "release" };

    private static readonly Option<string[]> s_db = new("--db-key")
    {
        Description = "Key that signs the UKI for Secure Boot, a file or kms:KEY; may be repeated, the order is kept", HelpName = "KEY",
    };

    private static readonly Option<string[]> s_key = new("--key") { Description = "Key that signs the release statement, a file or kms:KEY; may be repeated", HelpName = "KEY" };

    private static readonly Option<string?> s_scheme = new("--scheme")
    {
        Description = "How --key signs [default: by its kind rsa-pss-sha256, ecdsa-p256-sha256, ecdsa-p384-sha384 or ed25519]", HelpName = "NAME",
    };

    private static readonly Option<long?> s_number = new("--number") { Description = "The release's version number, which grows with every release", HelpName = "N" };
    private static readonly Option<long?> s_minimum = new("--minimum-number") { Description = "From this release on, lower numbers are refused [default: 0]", HelpName = "N" };
    private static readonly Option<string?> s_released = new("--released") { Description = "When the release is made; no clock is read", HelpName = "TIME" };
    private static readonly Option<string?> s_expires = new("--expires") { Description = "Until when it may be published or bound", HelpName = "TIME" };
    private static readonly Option<string?> s_request = new("--request") { Description = "Sign nothing: write the bytes to be signed, and what they are, into a new folder", HelpName = "DIR" };

    private static readonly Option<string[]> s_attach = new("--attach")
    {
        Description = "Take a signature that was made elsewhere: of the UKI for a build, of the statement for a release; or a release's envelope with more signatures", HelpName = "FILE",
    };

    private static readonly Option<string?> s_public = new("--public-key") { Description = "Whose signature --attach is, for a release", HelpName = "FILE" };

    private static readonly Option<string?> s_policy = new("--policy") { Description = "Who may have signed an envelope that --attach takes; each signature has to hold", HelpName = "FILE" };

    private static readonly Option<int> s_certificate = new("--certificate")
    {
        Description = "Which certificate of the identity's db --request and --attach mean, from 1", HelpName = "N", DefaultValueFactory = _ => 1,
    };

    private static readonly Option<int?> s_passphrase = SigningOptions.PassphraseDescriptor();
    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON" };

    public static Command Create()
    {
        Command command = new(
            "sign",
            """
            Make a release of a build: the image with the signed UKI, its measurements, and a signed statement of them all.
            Or add a signature to a release: several people sign the same release, in any order.

              imagebuilder sign out --identity identity --db-key db.key.pem --key release.pem \
                --number 7 --released 2026-11-23 --expires 2027-05-23 --output release
              imagebuilder sign release --key kms:alias/reviewer

            With a key that is elsewhere, first for the UKI and then for the statement:

              imagebuilder sign out --identity identity --request ask
              imagebuilder sign out --identity identity --attach signature.bin --number 7 --released 2026-11-23 --expires 2027-05-23
              imagebuilder sign release --request ask-again
              imagebuilder sign release --attach signature.bin --public-key reviewer.pem
            """)
        {
            s_folder, s_identity, s_output, s_db, s_key, s_scheme, s_number, s_minimum, s_released, s_expires,
            s_request, s_attach, s_public, s_policy, s_certificate, s_passphrase, s_json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        ProcessSecrets.Protect();
        string folder = parsed.GetValue(s_folder)!;
        using Keyring keys = new(new KeyOpener(SigningOptions.Passphrases(parsed, s_passphrase)));
        ReleaseResult? result = ReleaseSigner.IsRelease(folder)
            ? await AddAsync(parsed, folder, keys, cancellation).ConfigureAwait(false)
            : await MakeAsync(parsed, folder, keys, cancellation).ConfigureAwait(false);
        if (result is not null)
        {
            ReleaseText.Write(parsed, result, parsed.GetValue(s_json));
        }

        return ExitCode.Success;
    }

    private static async Task<ReleaseResult?> MakeAsync(ParseResult parsed, string folder, Keyring keys, CancellationToken cancellation)
    {
        string identityFolder = parsed.GetValue(s_identity) ?? throw Missing(s_identity, "the Secure Boot identity whose db vouches for the image");
        if (parsed.GetValue(s_request) is { } request)
        {
            SigningRequest.Write(request, ReleaseMaker.Ask(folder, Certificate(parsed, identityFolder)), Path.Combine(folder, "image.raw"));
            return null;
        }

        List<ISigner> bootKeys = [.. await keys.OpenAsync(parsed.GetValue(s_db), cancellation).ConfigureAwait(false)];
        foreach (string file in parsed.GetValue(s_attach) ?? [])
        {
            bootKeys.Add(keys.Add(new DetachedSigner(file, VerificationKey.Read(Certificate(parsed, identityFolder).PublicKey))));
        }

        return await ReleaseMaker.MakeAsync(
            new()
            {
                BuildFolder = folder,
                IdentityFolder = identityFolder,
                ReleaseFolder = parsed.GetValue(s_output)!,
                BootKeys = bootKeys.Count > 0 ? bootKeys : throw Missing(s_db, "the key that signs the UKI, or --attach with its signature"),
                ReleaseKeys = await keys.OpenAsync(parsed.GetValue(s_key), cancellation).ConfigureAwait(false),
                Scheme = Scheme(parsed),
                Number = parsed.GetValue(s_number) ?? throw Missing(s_number, "the version number"),
                MinimumNumber = parsed.GetValue(s_minimum) ?? 0,
                Released = SigningOptions.Time(parsed, s_released),
                Expires = SigningOptions.Time(parsed, s_expires),
                SpoolFolder = SpoolFolder.Find(),
            },
            cancellation).ConfigureAwait(false);
    }

    private static async Task<ReleaseResult?> AddAsync(ParseResult parsed, string folder, Keyring keys, CancellationToken cancellation)
    {
        (DsseEnvelope envelope, Measure.Release.ReleaseStatement statement) = ReleaseSigner.Open(folder, SpoolFolder.Find());
        if (parsed.GetValue(s_request) is { } request)
        {
            SigningRequest.Write(request, envelope, statement);
            return null;
        }

        List<ISigner> signers = [.. await keys.OpenAsync(parsed.GetValue(s_key), cancellation).ConfigureAwait(false)];
        string[] attached = parsed.GetValue(s_attach) ?? [];
        if (parsed.GetValue(s_public) is { } publicKey)
        {
            VerificationKey key = VerificationKey.Read(File.ReadAllBytes(publicKey));
            signers.AddRange(attached.Select(file => keys.Add(new DetachedSigner(file, key))));
        }
        else
        {
            ReleasePolicy? policy = parsed.GetValue(s_policy) is { } path ? ReleasePolicyReader.Read(path) : null;
            envelope = attached.Aggregate(envelope, (joined, file) => ReleaseSigner.Join(joined, ReleaseSigner.ReadEnvelope(file), policy, file));
        }

        if (signers.Count + attached.Length == 0)
        {
            throw Missing(s_key, "the key that signs the statement, or --attach");
        }

        envelope = await ReleaseSigner.SignAsync(envelope, signers, Scheme(parsed), cancellation).ConfigureAwait(false);
        ReleaseSigner.Replace(folder, envelope);
        return new(folder, statement, envelope);
    }

    private static Formats.Pe.Signing.SigningCertificate Certificate(ParseResult parsed, string identityFolder)
    {
        IReadOnlyList<Formats.Pe.Signing.SigningCertificate> allowed = SecureBootIdentity.Read(identityFolder).Allowed;
        int number = parsed.GetValue(s_certificate);
        return number >= 1 && number <= allowed.Count
            ? allowed[number - 1]
            : throw new UserErrorException($"--certificate {number}: db has certificates 1 to {allowed.Count}", exitCode: ExitCode.Usage);
    }

    private static SignatureScheme? Scheme(ParseResult parsed) => parsed.GetValue(s_scheme) is not { } name ? null
        : SignatureSchemes.Find(name) ?? throw new UserErrorException($"--scheme \"{name}\" is none of {string.Join(", ", SignatureSchemes.Names)}", exitCode: ExitCode.Usage);

    private static UserErrorException Missing(Option option, string what) => new($"{option.Name} is needed: {what}", exitCode: ExitCode.Usage);

    /// <summary>The keys that a command has opened, closed with it.</summary>
    private sealed class Keyring(KeyOpener opener) : IDisposable
    {
        private readonly List<ISigner> _opened = [];

        public async Task<IReadOnlyList<ISigner>> OpenAsync(string[]? names, CancellationToken cancellation)
        {
            List<ISigner> opened = [];
            foreach (string name in names ?? [])
            {
                opened.Add(Add(await opener.OpenAsync(name, cancellation).ConfigureAwait(false)));
            }

            return opened;
        }

        public ISigner Add(ISigner signer)
        {
            _opened.Add(signer);
            return signer;
        }

        public void Dispose() => _opened.ForEach(signer => signer.Dispose());
    }
}
