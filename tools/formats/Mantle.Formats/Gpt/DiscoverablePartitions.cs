namespace Mantle.Formats.Gpt;

/// <summary>
/// Partition types, attribute bits and identifiers of the Discoverable Partitions Specification (UAPI.2) that images of ours use.
/// </summary>
public static class DiscoverablePartitions
{
    /// <summary>EFI system partition (UEFI 2.10, table 5-7).</summary>
    public static Guid EfiSystem { get; } = new("c12a7328-f81f-11d2-ba4b-00a0c93ec93b");

    /// <summary>Extended boot loader partition.</summary>
    public static Guid ExtendedBootLoader { get; } = new("bc13c2ff-59e6-4262-a352-b275fd6f7172");

    /// <summary>Root file system, x86-64.</summary>
    public static Guid RootX64 { get; } = new("4f68bce3-e8cd-4db1-96e7-fbcaf984b709");

    /// <summary>Verity hashes of the root file system, x86-64.</summary>
    public static Guid RootVerityX64 { get; } = new("2c7357ed-ebd2-46d9-aec1-23d437ec2bf5");

    /// <summary>Signature of the root hash, x86-64.</summary>
    public static Guid RootVeritySignatureX64 { get; } = new("41092b05-9fc8-4523-994f-2def0408b176");

    /// <summary>/usr, x86-64.</summary>
    public static Guid UsrX64 { get; } = new("8484680c-9521-48c6-9c11-b0720656f69e");

    /// <summary>Verity hashes of /usr, x86-64.</summary>
    public static Guid UsrVerityX64 { get; } = new("77ff5f63-e7b6-4633-acf4-1565b864c0e6");

    /// <summary>Signature of the root hash of /usr, x86-64.</summary>
    public static Guid UsrVeritySignatureX64 { get; } = new("e7bb33fb-06cf-4e81-8273-e543b413e2e2");

    /// <summary>Root file system, aarch64.</summary>
    public static Guid RootArm64 { get; } = new("b921b045-1df0-41c3-af44-4c6f280d3fae");

    /// <summary>Verity hashes of the root file system, aarch64.</summary>
    public static Guid RootVerityArm64 { get; } = new("df3300ce-d69f-4c92-978c-9bfb0f38d820");

    /// <summary>Signature of the root hash, aarch64.</summary>
    public static Guid RootVeritySignatureArm64 { get; } = new("6db69de6-29f4-4758-a7a5-962190f00ce3");

    /// <summary>/usr, aarch64.</summary>
    public static Guid UsrArm64 { get; } = new("b0e01050-ee5f-4390-949a-9101b17104e9");

    /// <summary>Verity hashes of /usr, aarch64.</summary>
    public static Guid UsrVerityArm64 { get; } = new("6e11a4e7-fbca-4ded-b9e9-e1a512bb664e");

    /// <summary>Signature of the root hash of /usr, aarch64.</summary>
    public static Guid UsrVeritySignatureArm64 { get; } = new("c23ce4ff-44bd-4b00-b2d4-b41b3419e02a");

    /// <summary>Attribute bit 59: the file system is grown to its partition when it is mounted.</summary>
    public const ulong GrowFileSystem = 1UL << 59;

    /// <summary>Attribute bit 60: the partition is mounted read-only.</summary>
    public const ulong ReadOnly = 1UL << 60;

    /// <summary>Attribute bit 63: the partition is not mounted by discovery.</summary>
    public const ulong NoAuto = 1UL << 63;

    private static readonly Dictionary<Guid, string> s_names = new()
    {
        [EfiSystem] = "esp",
        [ExtendedBootLoader] = "xbootldr",
        [RootX64] = "root-x86-64",
        [RootVerityX64] = "root-x86-64-verity",
        [RootVeritySignatureX64] = "root-x86-64-verity-sig",
        [UsrX64] = "usr-x86-64",
        [UsrVerityX64] = "usr-x86-64-verity",
        [UsrVeritySignatureX64] = "usr-x86-64-verity-sig",
        [RootArm64] = "root-arm64",
        [RootVerityArm64] = "root-arm64-verity",
        [RootVeritySignatureArm64] = "root-arm64-verity-sig",
        [UsrArm64] = "usr-arm64",
        [UsrVerityArm64] = "usr-arm64-verity",
        [UsrVeritySignatureArm64] = "usr-arm64-verity-sig",
    };

    /// <summary>The known types by the names that systemd uses for them, for example <c>root-x86-64-verity</c>.</summary>
    public static IReadOnlyDictionary<Guid, string> Names => s_names;

    /// <summary>
    /// Identifier of the data partition that a root hash belongs to: the first 128 bits of the hash. Its bytes are the UUID's text in order, as
    /// systemd has it; on disk the first three fields are then stored least significant byte first.
    /// </summary>
    /// <exception cref="ArgumentException">The hash has less than 32 bytes, so both identifiers would share bytes.</exception>
    public static Guid DataPartitionId(ReadOnlySpan<byte> rootHash) => IdFrom(rootHash, 0);

    /// <summary>Identifier of the verity partition that a root hash belongs to: the last 128 bits of the hash.</summary>
    /// <exception cref="ArgumentException">The hash has less than 32 bytes.</exception>
    public static Guid VerityPartitionId(ReadOnlySpan<byte> rootHash) => IdFrom(rootHash, rootHash.Length - GuidLength);

    private const int GuidLength = 16;

    private static Guid IdFrom(ReadOnlySpan<byte> rootHash, int start) => rootHash.Length < 2 * GuidLength
        ? throw new ArgumentException($"a root hash of {rootHash.Length} bytes is too short to name two partitions", nameof(rootHash))
        : new Guid(rootHash.Slice(start, GuidLength), bigEndian: true);
}
