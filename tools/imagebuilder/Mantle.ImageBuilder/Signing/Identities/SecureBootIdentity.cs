using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.Formats.Pe.Signing;
using Mantle.Measure;
using Mantle.Measure.Prediction;

namespace Mantle.ImageBuilder.Signing.Identities;

/// <summary>
/// A Secure Boot identity: whose signatures a machine takes. It is the contents of the variables PK, KEK, db and, where there is one, dbx; everything else in an
/// identity's folder follows from them.
/// </summary>
public sealed class SecureBootIdentity
{
    private const string Hint = "\"imagebuilder identity create\" makes one";

    private SecureBootIdentity(SecureBootVariables variables)
    {
        Variables = variables;
        SignatureEntry platform = OnlyCertificate("PK", variables.PlatformKey);
        Owner = platform.Owner;
        PlatformKey = SigningCertificate.Read(platform.Data);
        KeyExchangeKey = SigningCertificate.Read(OnlyCertificate("KEK", variables.KeyExchangeKeys).Data);
        AllowedEntries = [.. Certificates("db", variables.Allowed)];
        Allowed = [.. AllowedEntries.Select(entry => SigningCertificate.Read(entry.Data))];
    }

    /// <summary>The variables as firmware has them.</summary>
    public SecureBootVariables Variables { get; }

    /// <summary>SignatureOwner of PK.</summary>
    public Guid Owner { get; }

    /// <summary>The certificate in PK.</summary>
    public SigningCertificate PlatformKey { get; }

    /// <summary>The certificate in KEK.</summary>
    public SigningCertificate KeyExchangeKey { get; }

    /// <summary>The certificates in db, in its order.</summary>
    public IReadOnlyList<SigningCertificate> Allowed { get; }

    /// <summary>The same with their owners, as they are measured.</summary>
    public IReadOnlyList<SignatureEntry> AllowedEntries { get; }

    /// <summary>The identity that these certificates make.</summary>
    /// <param name="owner">SignatureOwner of every entry.</param>
    /// <param name="platformKey">Certificate for PK.</param>
    /// <param name="keyExchangeKey">Certificate for KEK.</param>
    /// <param name="allowed">Certificates for db, in order.</param>
    /// <param name="forbidden">Content of dbx; empty: there is no such variable.</param>
    public static SecureBootIdentity Of(
        Guid owner, ReadOnlyMemory<byte> platformKey, ReadOnlyMemory<byte> keyExchangeKey, IEnumerable<ReadOnlyMemory<byte>> allowed, ReadOnlyMemory<byte> forbidden) =>
        new(new()
        {
            PlatformKey = SignatureDatabase.Write(SignatureList.OfCertificate(owner, platformKey)),
            KeyExchangeKeys = SignatureDatabase.Write(SignatureList.OfCertificate(owner, keyExchangeKey)),
            Allowed = SignatureDatabase.Write(allowed.Select(certificate => SignatureList.OfCertificate(owner, certificate))),
            Forbidden = forbidden,
        });

    /// <summary>Reads the signature lists of a folder.</summary>
    /// <exception cref="UserErrorException">It is no identity.</exception>
    /// <exception cref="MalformedInputException">A list is malformed.</exception>
    public static SecureBootIdentity Read(string folder)
    {
        ReadOnlyMemory<byte> File(string name, bool isOptional = false)
        {
            FileInfo file = new(Path.Combine(folder, name));
            return !file.Exists ? isOptional ? default(ReadOnlyMemory<byte>) : throw new UserErrorException($"identity \"{folder}\" has no file \"{name}\"", Hint)
                : file.Length > SignatureDatabase.MaximumSize ? throw new UserErrorException($"\"{file.FullName}\" has {file.Length:N0} bytes; a variable has at most {SignatureDatabase.MaximumSize:N0}", Hint)
                : System.IO.File.ReadAllBytes(file.FullName);
        }

        return new(new()
        {
            PlatformKey = File(IdentityFiles.PlatformKey),
            KeyExchangeKeys = File(IdentityFiles.KeyExchangeKeys),
            Allowed = File(IdentityFiles.Allowed),
            Forbidden = File(IdentityFiles.Forbidden, isOptional: true),
        });
    }

    private static SignatureEntry OnlyCertificate(string variable, ReadOnlyMemory<byte> content)
    {
        SignatureEntry[] entries = [.. Certificates(variable, content)];
        return entries.Length == 1 ? entries[0] : throw new UserErrorException($"identity: {variable} has {entries.Length} certificates, not one", Hint);
    }

    private static IEnumerable<SignatureEntry> Certificates(string variable, ReadOnlyMemory<byte> content)
    {
        IReadOnlyList<SignatureList> lists = SignatureDatabase.Read(content);
        return lists.Count > 0 && lists.All(list => list.Type == EfiGuids.X509)
            ? lists.SelectMany(list => list.Entries)
            : throw new UserErrorException($"identity: {variable} has something else than certificates, or nothing", Hint);
    }
}
