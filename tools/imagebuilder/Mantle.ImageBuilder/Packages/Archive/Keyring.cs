using Mantle.Measure;
using Org.BouncyCastle.Bcpg.OpenPgp;

namespace Mantle.ImageBuilder.Packages.Archive;

/// <summary>A key or subkey that may have signed a Release.</summary>
/// <param name="Key">The key.</param>
/// <param name="PrimaryFingerprint">Fingerprint of its primary key, upper-case hexadecimal digits, by which people know the key.</param>
/// <param name="Owner">First user id.</param>
/// <param name="Expires">When the key or its primary key expires, whichever comes first; null when neither does.</param>
/// <param name="Unusable">Why the key must not be used (revoked, not made for signing), or null.</param>
internal sealed record ArchiveKey(PgpPublicKey Key, string PrimaryFingerprint, string Owner, DateTime? Expires, string? Unusable);

/// <summary>The public keys that may sign the archive: every <c>*.gpg</c> and <c>*.asc</c> file of a folder.</summary>
public sealed class Keyring
{
    private readonly List<ArchiveKey> _keys = [];

    private Keyring()
    {
    }

    /// <summary>All keys and subkeys.</summary>
    internal IReadOnlyList<ArchiveKey> Keys => _keys;

    /// <summary>Reads the keys of a folder, in the order of file names.</summary>
    /// <exception cref="UserErrorException">The folder is missing, has no key, or a file is not made of OpenPGP public keys.</exception>
    public static Keyring Load(string folder)
    {
        DirectoryInfo directory = new(folder);
        Keyring keyring = new();
        if (directory.Exists)
        {
            foreach (FileInfo file in directory.GetFiles().Where(file => file.Extension is ".gpg" or ".asc").OrderBy(file => file.Name, StringComparer.Ordinal))
            {
                keyring.Add(File.ReadAllBytes(file.FullName), file.FullName);
            }
        }

        return keyring._keys.Count > 0
            ? keyring
            : throw new UserErrorException($"keyring \"{folder}\" holds no key", "put the archive's public keys there as .gpg or .asc files");
    }

    private void Add(byte[] content, string path)
    {
        try
        {
            using MemoryStream stream = new(content);
            using Stream decoded = PgpUtilities.GetDecoderStream(stream);
            foreach (PgpPublicKeyRing ring in new PgpPublicKeyRingBundle(decoded).GetKeyRings())
            {
                Add(ring);
            }
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            throw new UserErrorException($"keyring file \"{path}\" is not made of OpenPGP public keys", cause: exception);
        }
    }

    private void Add(PgpPublicKeyRing ring)
    {
        PgpPublicKey primary = ring.GetPublicKey();
        string fingerprint = Convert.ToHexString(primary.GetFingerprint());
        string owner = primary.GetUserIds().FirstOrDefault() ?? "";
        IReadOnlyList<PgpSignature> selfSignatures = KeySignatures.SelfSignatures(primary);
        bool revoked = KeySignatures.OfType(primary, PgpSignature.KeyRevocation)
            .Any(signature => Revokes(signature, primary, SignatureCheck.Framed(primary)));
        string? unusable = revoked ? "is revoked" : selfSignatures.Count == 0 ? "has no valid self-signature with SHA-256 or better" : null;
        DateTime? expires = KeySignatures.Expiry(primary, selfSignatures);
        string? primaryUnusable = unusable ?? (KeySignatures.MaySign(selfSignatures) == false ? "is not made for signing" : null);
        _keys.Add(new ArchiveKey(primary, fingerprint, owner, expires, primaryUnusable));
        foreach (PgpPublicKey subkey in ring.GetPublicKeys().Where(key => !key.IsMasterKey))
        {
            PgpSignature? binding = KeySignatures.NewestBinding(primary, subkey);
            bool subkeyRevoked = KeySignatures.OfType(subkey, PgpSignature.SubkeyRevocation)
                .Any(signature => Revokes(signature, primary, SignatureCheck.Framed(primary), SignatureCheck.Framed(subkey)));
            string? subkeyUnusable = unusable ?? (subkeyRevoked ? "is revoked" : binding is null ? "is not bound to its primary key for signing" : null);
            DateTime? subkeyExpires = binding is null ? null : KeySignatures.Expiry(subkey, binding);
            _keys.Add(new ArchiveKey(subkey, fingerprint, owner, Earlier(expires, subkeyExpires), subkeyUnusable));
        }
    }

    // A revocation with a hash that we don't check counts: believing it can only refuse too much.
    private static bool Revokes(PgpSignature signature, PgpPublicKey primary, params ReadOnlySpan<byte[]> data) =>
        signature.KeyId == primary.KeyId && (!SignatureCheck.IsStrong(signature.HashAlgorithm) || SignatureCheck.Holds(signature, primary, data));

    private static DateTime? Earlier(DateTime? a, DateTime? b) => a is null ? b : b is null || a < b ? a : b;
}
