using System.Security.Cryptography;
using Mantle.Emulator.Machine;
using Mantle.Formats.Efi;
using Mantle.Formats.Pe.Signing;
using Mantle.Formats.Tests.Pe.Signing;

namespace Mantle.Boot.Tests.Matrix;

/// <summary>The boots of the matrix by name. Controllers and TPM interfaces are spread over them, for each boot costs a core ten seconds.</summary>
internal static class Scenarios
{
    public const string OwnKey = "own key";
    public const string SwitchedOff = "keys, switched off";
    public const string Addon = "unsigned addon without keys";
    public const string ExpiredFirst = "two signatures, the first by an expired certificate";
    public const string SmbiosWords = "words in an smbios string";
    public const string PlantedFiles = "credential and system extension";
    public const string DiskFirst = "empty disk first, own disk grown";
    public const string OtherKeys = "keys of a stranger";
    public const string Refusals = "six refused, then the right one";

    public const string EntryWords = "words in a boot entry, without keys";
    public const string EntryWordsIgnored = "words in a boot entry, with keys";

    public const string Words = "mantle.test=words";

    /// <summary>What an attacker would rather have: the stub takes it in the place of its own where Secure Boot is off.</summary>
    public const string OtherCommandLine = "console=ttyS0 panic=-1 rdinit=/bin/sh";

    /// <summary>The kernel's inputs: a stub other than 257 may add to the initrd what its bytes do not say.</summary>
    private const int Pcr09 = 9;

    private const string Companions = "EFI/BOOT/BOOTX64.EFI.extra.d";

    public static IReadOnlyDictionary<string, Func<MatrixKeys, MatrixFiles, Scenario>> All { get; } = new Dictionary<string, Func<MatrixKeys, MatrixFiles, Scenario>>
    {
        [OwnKey] = Own,
        ["own key, whole image"] = (keys, _) => new()
        {
            BootFile = MatrixKeys.Sign(File.ReadAllBytes(BuiltImage.Uki), keys.Own), Variables = keys.Variables([keys.Own.List]), Disk = DiskController.Ahci,
        },
        [SwitchedOff] = (keys, files) => Own(keys, files) with { IsEnabled = false, Disk = DiskController.VirtioBlock },
        [Addon] = (_, files) => new() { BootFile = files.BootFile, Files = Companion("l1.addon.efi", MatrixFiles.Addon), Disk = DiskController.Ahci, Tpm = TpmInterface.Tis },
        ["authority in db, chain carried"] = (keys, files) => new()
        {
            BootFile = MatrixKeys.Sign(files.BootFile, keys.Leaf, keys.Authority), Variables = keys.Variables([keys.Authority.List]), Disk = DiskController.VirtioBlock,
        },
        ["authority before leaf in db, leaf carried"] = (keys, files) => new()
        {
            BootFile = MatrixKeys.Sign(files.BootFile, keys.Leaf), Variables = keys.Variables([keys.Authority.List, keys.Leaf.List]), Tpm = TpmInterface.Tis,
        },
        ["leaf before authority in db, dbx without a hit"] = (keys, files) => new()
        {
            BootFile = MatrixKeys.Sign(files.BootFile, keys.Leaf, keys.Authority),
            Variables = keys.Variables([keys.Own.List, keys.Leaf.List, keys.Authority.List], keys.Stranger.List, Digests(new byte[32]), Revocation(keys.Revoked)),
            Disk = DiskController.Ahci,
        },
        [ExpiredFirst] = (keys, files) => new()
        {
            BootFile = MatrixKeys.Sign(MatrixKeys.Sign(files.BootFile, keys.Expired), keys.Leaf), Variables = keys.Variables([keys.Authority.List, keys.Expired.List]), Tpm = TpmInterface.Tis,
        },
        ["digest in db, unsigned"] = (keys, files) => new()
        {
            BootFile = files.BootFile, Variables = keys.Variables([keys.Own.List, Digests(new byte[32], files.BootFileDigest)]), Disk = DiskController.VirtioBlock, Tpm = TpmInterface.Tis,
        },
        ["digest in db, signed by a stranger"] = (keys, files) => new()
        {
            BootFile = MatrixKeys.Sign(files.BootFile, keys.Stranger), Variables = keys.Variables([keys.Own.List, Digests(files.BootFileDigest)]),
        },
        ["everything beside the boot file"] = (keys, files) => Own(keys, files) with { Files = Everything(keys), Words = Words, Variables = keys.Variables([keys.Own.List, keys.Leaf.List]) },
        [SmbiosWords] = (keys, files) => Own(keys, files) with { Words = Words },
        [EntryWords] = (_, files) => new() { BootFile = files.BootFile, LoadOptions = OtherCommandLine, Disk = DiskController.VirtioBlock },
        [EntryWordsIgnored] = (keys, files) => Own(keys, files) with { LoadOptions = OtherCommandLine, Tpm = TpmInterface.Tis },
        [PlantedFiles] = (keys, files) => Own(keys, files) with
        {
            Files = new Dictionary<string, byte[]>(Companion("b.cred", MatrixFiles.Captured("creds/b.cred"))) { [$"{Companions}/s1.raw"] = MatrixFiles.Captured("sysext/s1.raw") },
        },
        ["stub 252 of bookworm, without keys"] = (_, _) => OtherStub(OtherStubs.Bookworm),
        ["stub 252 of bookworm, own key"] = (keys, _) => OtherStub(OtherStubs.Bookworm, keys),
        ["stub 254 of backports, without keys"] = (_, _) => OtherStub(OtherStubs.BookwormBackports),
        [DiskFirst] = (keys, files) => Own(keys, files) with { TriedFirst = [null], IsGrown = true },
        [OtherKeys] = (keys, files) => new() { BootFile = MatrixKeys.Sign(files.BootFile, keys.Stranger), Variables = keys.Variables([keys.Stranger.List]) },
        [Refusals] = (keys, files) => Own(keys, files) with
        {
            Variables = keys.Variables([keys.Own.List, keys.Authority.List, keys.Platform.List], Digests(files.ForbiddenDigest), keys.Platform.List, Revocation(keys.Revoked)),
            TriedFirst =
            [
                files.BootFile,
                MatrixKeys.Sign(files.BootFile, keys.Stranger),
                Modified(MatrixKeys.Sign(files.BootFile, keys.Own)),
                MatrixKeys.Sign(files.Forbidden, keys.Own),
                MatrixKeys.Sign(files.BootFile, keys.Platform),
                MatrixKeys.Sign(files.BootFile, keys.Revoked),
            ],
        },
    };

    private static Scenario OtherStub(string suite) => new() { BootFile = MatrixFiles.WithStubOf(suite), Unpredicted = [Pcr09], Tpm = TpmInterface.Tis };

    private static Scenario OtherStub(string suite, MatrixKeys keys) => new()
    {
        BootFile = MatrixKeys.Sign(MatrixFiles.WithStubOf(suite), keys.Own), Variables = keys.Variables([keys.Own.List]), Unpredicted = [Pcr09], Disk = DiskController.VirtioBlock,
    };

    private static Scenario Own(MatrixKeys keys, MatrixFiles files) => new() { BootFile = MatrixKeys.Sign(files.BootFile, keys.Own), Variables = keys.Variables([keys.Own.List]) };

    private static SignatureList Digests(params byte[][] digests) => SignatureList.OfSha256(TestAuthority.Owner, digests.Select(digest => (ReadOnlyMemory<byte>)digest));

    /// <summary>A dbx entry for a certificate by the digest of its signed part, without a time.</summary>
    private static SignatureList Revocation(TestAuthority revoked) => new(
        EfiGuids.X509Sha256, default, [new(TestAuthority.Owner, (byte[])[.. SHA256.HashData(SigningCertificate.Read(revoked.Der).SignedPart.Span), .. new byte[16]])]);

    private static Dictionary<string, byte[]> Companion(string name, byte[] content) => new() { [$"{Companions}/{name}"] = content };

    private static Dictionary<string, byte[]> Everything(MatrixKeys keys) => new()
    {
        [$"{Companions}/l1.addon.efi"] = MatrixKeys.Sign(MatrixFiles.Addon, keys.Leaf),
        [$"{Companions}/unsigned.addon.efi"] = MatrixFiles.OtherAddon,
        ["loader/addons/g.addon.efi"] = MatrixKeys.Sign(MatrixFiles.OtherAddon, keys.Own),
        [$"{Companions}/b.cred"] = MatrixFiles.Captured("creds/b.cred"),
        [$"{Companions}/c1.cred"] = MatrixFiles.Captured("creds/c1.cred"),
        ["loader/credentials/gc.cred"] = MatrixFiles.Captured("gcreds/gc.cred"),
        [$"{Companions}/s1.raw"] = MatrixFiles.Captured("sysext/s1.raw"),
        [$"{Companions}/s1.confext.raw"] = MatrixFiles.Captured("confext/s1.confext.raw"),
    };

    private static byte[] Modified(byte[] signed)
    {
        byte[] changed = [.. signed];
        changed[changed.AsSpan().IndexOf("panic=-1"u8)] = (byte)'q';
        return changed;
    }
}
