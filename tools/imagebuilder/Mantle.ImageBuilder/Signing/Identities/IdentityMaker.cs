using System.Security.Cryptography;
using Mantle.Formats.Efi;
using Mantle.Formats.Pe.Signing;
using Mantle.ImageBuilder.Output;
using Mantle.ImageBuilder.Signing.Keys;
using Mantle.Measure;
using Mantle.Measure.Release.Dsse;

namespace Mantle.ImageBuilder.Signing.Identities;

/// <summary>Makes an identity's folder, all of it or nothing.</summary>
public static class IdentityMaker
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;

    /// <summary>Makes the identity and returns it.</summary>
    /// <exception cref="UserErrorException">The folder exists, a key cannot be in firmware, or a key that is made would be lost.</exception>
    public static async Task<SecureBootIdentity> MakeAsync(IdentityRequest request, CancellationToken cancellation)
    {
        Check(request);
        string final = Path.TrimEndingDirectorySeparator(Path.GetFullPath(request.Folder));
        using KeyRing made = new(request.Bits);
        ISigner platformKey = request.PlatformKey ?? made["PK"];
        ISigner exchangeKey = request.KeyExchangeKey ?? made["KEK"];
        IReadOnlyList<ISigner> allowed = request.Allowed.Count + request.AllowedCertificates.Count > 0 ? request.Allowed : [made["db"]];
        byte[] SelfSign(ISigner key, string role) =>
            IdentityCertificate.SelfSign(RequireRsa(key), $"{request.Name} {role}", request.ValidFrom, request.ValidUntil, cancellation);

        SecureBootIdentity identity = SecureBootIdentity.Of(
            request.Owner ?? OwnerOf(platformKey),
            SelfSign(platformKey, "Platform Key"),
            SelfSign(exchangeKey, "Key Exchange Key"),
            [
                .. allowed.Select((key, index) => (ReadOnlyMemory<byte>)SelfSign(key, index == 0 ? "Signing Key" : $"Signing Key {index + 1}")),
                .. request.AllowedCertificates,
            ],
            request.Forbidden);
        SortedDictionary<string, byte[]> files = IdentityFiles.Derive(identity);
        foreach ((string file, EfiVariable variable, SigningCertificate signer) in IdentityFiles.Variables(identity))
        {
            UpdateRequest update = new(variable, request.ValidFrom, signer);
            ISigner key = signer == identity.PlatformKey ? platformKey : exchangeKey;
            byte[] signature = await key.SignCheckedAsync(update.ToBeSigned, SignatureScheme.RsaPkcs1Sha256, cancellation).ConfigureAwait(false);
            files[file] = update.Complete(signature).ToArray();
        }

        // Keys first: an identity whose key is lost would be worse than a key without an identity.
        WriteKeys(request, made);
        WriteFolder(final, files);
        return identity;
    }

    private static void Check(IdentityRequest request)
    {
        if (Directory.Exists(request.Folder) || File.Exists(request.Folder))
        {
            throw new UserErrorException($"\"{request.Folder}\" exists", "an identity is never overwritten: name a new folder", ExitCode.Environment);
        }

        if (request.KeyFolder is null && (request.KeepsAuthorities || request.Allowed.Count + request.AllowedCertificates.Count == 0))
        {
            throw new UserErrorException("a key is made here and there is no folder to keep it in", "name one with --keys, outside of the repository, or an existing key with --db", ExitCode.Usage);
        }

        if (request.ValidUntil <= request.ValidFrom || request.Bits is < AuthenticodeRequest.MinimumKeySize or > AuthenticodeRequest.MaximumKeySize)
        {
            throw new UserErrorException("the certificates end before they begin, or keys are not of 2048 to 4096 bits", exitCode: ExitCode.Usage);
        }

        foreach (ReadOnlyMemory<byte> certificate in request.AllowedCertificates)
        {
            AuthenticodeRequestCheck(certificate);
        }
    }

    private static void AuthenticodeRequestCheck(ReadOnlyMemory<byte> certificate)
    {
        try
        {
            AuthenticodeRequest.Create(new byte[SHA256.HashSizeInBytes], SigningCertificate.Read(certificate));
        }
        catch (ArgumentException problem)
        {
            throw new UserErrorException(problem.Message.Split(" (Parameter", 2)[0], "give a certificate with an RSA key");
        }
    }

    private static ISigner RequireRsa(ISigner key) =>
        key.PublicKey.Kind == KeyKind.Rsa && key.PublicKey.Bits is >= AuthenticodeRequest.MinimumKeySize and <= AuthenticodeRequest.MaximumKeySize
            ? key
            : throw new UserErrorException($"{key.Name} is no RSA key of 2048 to 4096 bits", "firmware takes no other for Secure Boot");

    /// <summary>A UUID of version 8 (RFC 9562, 5.8) from PK's key.</summary>
    private static Guid OwnerOf(ISigner platformKey)
    {
        byte[] bytes = SHA256.HashData(platformKey.PublicKey.SubjectPublicKeyInfo.Span)[..16];
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x80);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new(bytes, bigEndian: true);
    }

    private static void WriteKeys(IdentityRequest request, KeyRing made)
    {
        if (request.KeyFolder is not { } folder)
        {
            return;
        }

        Directory.CreateDirectory(folder, OwnerFolder);
        foreach ((string variable, RSA key) in made.Keys.Where(made => made.Variable == "db" || request.KeepsAuthorities))
        {
            string path = Path.Combine(folder, $"{variable}.key.pem");
            char[] passphrase = request.Passphrases.Choose(path);
            try
            {
                using FileStream file = new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
                file.Write(System.Text.Encoding.ASCII.GetBytes(EncryptedKey.Write(key, passphrase)));
                file.Flush(flushToDisk: true);
            }
            finally
            {
                Array.Clear(passphrase);
            }
        }
    }

    private static void WriteFolder(string final, SortedDictionary<string, byte[]> files)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(final)!);
        using PendingFolder pending = PendingFolder.Create(final);
        foreach ((string name, byte[] content) in files)
        {
            using FileStream file = new(Path.Combine(pending.Path, name), FileMode.CreateNew);
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        pending.MoveTo(final, replace: false);
    }

    /// <summary>Keys that are made here; they are gone with it.</summary>
    private sealed class KeyRing(int bits) : IDisposable
    {
        public List<(string Variable, RSA Key)> Keys { get; } = [];

        /// <summary>A new key for a variable.</summary>
        public ISigner this[string variable]
        {
            get
            {
                RSA key = RSA.Create(bits);
                Keys.Add((variable, key));
                return LocalSigner.Of($"the new key of {variable}", key);
            }
        }

        public void Dispose() => Keys.ForEach(made => made.Key.Dispose());
    }
}
