using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.ImageBuilder.Signing.Identities;
using Mantle.ImageBuilder.Signing.Keys;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder identity create</c>.</summary>
internal static class IdentityCreateCommand
{
    private const int MaximumCertificateSize = 1 << 16;

    private static readonly Argument<string> s_folder = new("DIR") { Description = "The folder to make" };
    private static readonly Option<string> s_name = new("--name") { Description = "What the certificates' subjects begin with", HelpName = "NAME", Required = true };

    private static readonly Option<string?> s_from = new("--valid-from")
    {
        Description = "First day of the certificates and time of the signed updates; no clock is read", HelpName = "TIME", Required = true,
    };

    private static readonly Option<string?> s_until = new("--valid-until") { Description = "End of the certificates [default: ten years later]", HelpName = "TIME" };
    private static readonly Option<Guid?> s_owner = new("--owner") { Description = "SignatureOwner of every entry [default: follows from the key of PK]", HelpName = "GUID" };

    private static readonly Option<string[]> s_db = new("--db")
    {
        Description = "Key for db, a file or kms:KEY, or the certificate of a key that is elsewhere; may be repeated [default: one is made]", HelpName = "KEY|CERT",
    };

    private static readonly Option<string?> s_pk = new("--pk") { Description = "Key for PK [default: one is made]", HelpName = "KEY" };
    private static readonly Option<string?> s_kek = new("--kek") { Description = "Key for KEK [default: one is made]", HelpName = "KEY" };
    private static readonly Option<FileInfo?> s_dbx = new("--dbx") { Description = "Signature lists for dbx [default: there is no dbx]", HelpName = "FILE" };
    private static readonly Option<string?> s_keys = new("--keys") { Description = "Folder for the private keys that are made and kept, encrypted", HelpName = "DIR" };

    private static readonly Option<bool> s_keep = new("--keep-authorities")
    {
        Description = "Keep the made keys of PK and KEK too; otherwise they are thrown away, and the variables can never be changed by signature",
    };

    private static readonly Option<int> s_bits = new("--bits") { Description = "Size of the keys that are made: 2048, 3072 or 4096", HelpName = "N", DefaultValueFactory = _ => 4096 };
    private static readonly Option<int?> s_passphrase = SigningOptions.PassphraseDescriptor();
    private static readonly Option<bool> s_json = new("--json") { Description = "Print the result as JSON" };

    public static Command Create()
    {
        Command command = new(
            "create",
            """
            Make a Secure Boot identity: PK, KEK and db with their certificates, signature lists, signed updates for firmware,
            EC2's UefiData, and the PCR 7 to expect.

              imagebuilder identity create identity --name sample --valid-from 2026-11-23 --keys ~/keys
              imagebuilder identity create identity --name sample --valid-from 2026-11-23 --db kms:alias/secure-boot
              imagebuilder identity create identity --name sample --valid-from 2026-11-23 --db ceremony.crt
            """)
        {
            s_folder, s_name, s_from, s_until, s_owner, s_db, s_pk, s_kek, s_dbx, s_keys, s_keep, s_bits, s_passphrase, s_json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        ProcessSecrets.Protect();
        IPassphrases passphrases = SigningOptions.Passphrases(parsed, s_passphrase);
        KeyOpener opener = new(passphrases);
        DateTimeOffset from = SigningOptions.Time(parsed, s_from);
        List<ISigner> opened = [];
        async Task<ISigner> OpenAsync(string name)
        {
            opened.Add(await opener.OpenAsync(name, cancellation).ConfigureAwait(false));
            return opened[^1];
        }

        try
        {
            List<ISigner> allowed = [];
            List<ReadOnlyMemory<byte>> certificates = [];
            foreach (string name in parsed.GetValue(s_db) ?? [])
            {
                if (ReadCertificate(name) is { } certificate)
                {
                    certificates.Add(certificate);
                }
                else
                {
                    allowed.Add(await OpenAsync(name).ConfigureAwait(false));
                }
            }

            IdentityRequest request = new()
            {
                Folder = parsed.GetValue(s_folder)!,
                Name = parsed.GetValue(s_name)!,
                ValidFrom = from,
                ValidUntil = SigningOptions.Find(parsed, s_until) ?? from.AddYears(10),
                Owner = parsed.GetValue(s_owner),
                PlatformKey = parsed.GetValue(s_pk) is { } pk ? await OpenAsync(pk).ConfigureAwait(false) : null,
                KeyExchangeKey = parsed.GetValue(s_kek) is { } kek ? await OpenAsync(kek).ConfigureAwait(false) : null,
                Allowed = allowed,
                AllowedCertificates = certificates,
                Forbidden = parsed.GetValue(s_dbx) is { } dbx ? ReadLists(dbx) : default,
                Bits = parsed.GetValue(s_bits),
                KeyFolder = parsed.GetValue(s_keys),
                KeepsAuthorities = parsed.GetValue(s_keep),
                Passphrases = passphrases,
            };
            SecureBootIdentity identity = await IdentityMaker.MakeAsync(request, cancellation).ConfigureAwait(false);
            IdentityText.Write(parsed, identity, parsed.GetValue(s_json));
            return ExitCode.Success;
        }
        finally
        {
            opened.ForEach(key => key.Dispose());
        }
    }

    /// <summary>A certificate in PEM or DER; null when the name is that of a key.</summary>
    private static ReadOnlyMemory<byte>? ReadCertificate(string name)
    {
        FileInfo file = new(name);
        if (!file.Exists || file.Length > MaximumCertificateSize)
        {
            return null;
        }

        byte[] bytes = File.ReadAllBytes(name);
        string text = Encoding.Latin1.GetString(bytes);
        if (PemEncoding.TryFind(text, out PemFields fields))
        {
            bool isCertificate = text[fields.Label] == "CERTIFICATE" && !text.Contains("PRIVATE KEY", StringComparison.Ordinal);
            return isCertificate ? (ReadOnlyMemory<byte>)Convert.FromBase64String(text[fields.Base64Data]) : (ReadOnlyMemory<byte>?)null;
        }

        try
        {
            return Mantle.Formats.Pe.Signing.SigningCertificate.Read(bytes).Der;
        }
        catch (MalformedInputException)
        {
            return null;
        }
    }

    private static byte[] ReadLists(FileInfo file)
    {
        if (file.Length > SignatureDatabase.MaximumSize)
        {
            throw new UserErrorException($"\"{file.FullName}\" has {file.Length:N0} bytes; a variable has at most {SignatureDatabase.MaximumSize:N0}");
        }

        byte[] lists = File.ReadAllBytes(file.FullName);
        SignatureDatabase.Read(lists);
        return lists;
    }
}
