namespace Mantle.Measure.EventLogs;

/// <summary>A known peculiarity of firmware or of a log. The list is closed: a finding is one of these.</summary>
/// <param name="Id">Its name, which does not change.</param>
/// <param name="Level">How much it weighs.</param>
/// <param name="Description">One sentence: what it is and what follows.</param>
public sealed record LogDefect(string Id, FindingLevel Level, string Description)
{
    internal static readonly LogDefect Truncated = new("truncated", FindingLevel.Error, "the log ends inside a record: it was cut off, and what came after is not replayed");

    internal static readonly LogDefect DamagedRecord = new("damaged-record", FindingLevel.Error, "a record cannot be read, and neither can anything behind it");

    internal static readonly LogDefect BytesAfterPadding = new("bytes-after-padding", FindingLevel.Error, "other bytes follow behind the erased rest: the log is of two pieces, or damaged");

    internal static readonly LogDefect PaddedZeros = new("padded-zeros", FindingLevel.Note, "zeros follow the last record: somebody copied the whole memory area of the log");

    internal static readonly LogDefect PaddedOnes = new("padded-ones", FindingLevel.Note, "bytes 0xff follow the last record: somebody copied the whole memory area of the log");

    internal static readonly LogDefect Sha1Only = new("sha1-only", FindingLevel.Note, "the log is of the old format with SHA-1 digests only: it says nothing about other banks");

    internal static readonly LogDefect UnknownBank = new("unknown-bank", FindingLevel.Note, "the log has a bank that is not computed here: it is not replayed");

    internal static readonly LogDefect BadLocality = new("bad-startup-locality", FindingLevel.Error, "a StartupLocality record is late, comes twice or names no locality, so that where PCR 0 starts is not certain");

    internal static readonly LogDefect StartupLocality = new("startup-locality", FindingLevel.Note, "TPM2_Startup came from another locality than 0: PCR 0 starts with its number (PFP 10.4.5.3)");

    internal static readonly LogDefect HardwareCrtm = new("hardware-crtm", FindingLevel.Warning, "an H-CRTM event: PCR 0 starts in a way that is not replayed here (PFP 10.2.4)");

    internal static readonly LogDefect Sp800155 = new("sp800-155", FindingLevel.Note, "a reference manifest event (SP800-155): it is not measured, and tools that extend it compute a wrong PCR 0");

    internal static readonly LogDefect UnknownNoAction = new("unknown-no-action", FindingLevel.Note, "an EV_NO_ACTION event of unknown content: it is not measured");

    internal static readonly LogDefect NoActionDigest = new("no-action-digest", FindingLevel.Warning, "an EV_NO_ACTION event with a digest that is not zero (PFP 10.4.5): tools that extend it compute a wrong value");

    internal static readonly LogDefect MissingSeparator = new("missing-separator", FindingLevel.Warning, "a PCR of 0 to 7 has no EV_SEPARATOR: firmware events could follow where the operating system's are expected (PFP 3.3.4)");

    internal static readonly LogDefect DuplicateSeparator = new("duplicate-separator", FindingLevel.Warning, "a PCR has more than one EV_SEPARATOR: the end of the firmware's events is not certain");

    internal static readonly LogDefect ErrorSeparator = new("error-separator", FindingLevel.Warning, "an EV_SEPARATOR that is neither 00000000 nor ffffffff: the firmware reports an error while it measured (PFP 10.4.1)");

    internal static readonly LogDefect FirmwareAfterSeparator = new("firmware-after-separator", FindingLevel.Warning, "an event of the firmware's own comes after the separator that ends them");

    internal static readonly LogDefect AuthorityBeforeSeparator = new("authority-before-separator", FindingLevel.Note, "a Secure Boot authority comes before the separator: firmware verified a driver, such as an option ROM");

    internal static readonly LogDefect MissingExitBootServices = new("missing-exit-boot-services", FindingLevel.Warning, "no ExitBootServices event in PCR 5: the log was read too early, the kernel leaves out the final events, or the firmware does not log them");

    internal static readonly LogDefect ExitBootServicesRetried = new("exit-boot-services-retried", FindingLevel.Note, "ExitBootServices failed first and was repeated: PCR 5 has more events than in other boots of the same machine");

    internal static readonly LogDefect MissingSecureBootVariables = new("missing-secure-boot-variables", FindingLevel.Warning, "PCR 7 lacks one of SecureBoot, PK, KEK, db, dbx (PFP 3.3.4.8): its value does not tell the state of Secure Boot");

    internal static readonly LogDefect DebugMode = new("debug-mode", FindingLevel.Warning, "the firmware says that a debugger could be attached");

    internal static readonly LogDefect DmaProtectionOff = new("dma-protection-off", FindingLevel.Warning, "the firmware says that DMA protection was off while it booted");

    internal static readonly LogDefect DigestMismatch = new("digest-mismatch", FindingLevel.Warning, "the data of an event is not what was hashed, though its type says so: its text is worth nothing");

    internal static readonly LogDefect MixedDigests = new("mixed-digests", FindingLevel.Warning, "an event's data is what one bank hashed and not what another did");

    internal static readonly LogDefect ZeroDigest = new("zero-digest", FindingLevel.Warning, "an extending event with a digest of zeros: the firmware did not hash for this bank");

    internal static readonly LogDefect PaddedDigest = new("padded-digest", FindingLevel.Warning, "a digest is the SHA-1 digest filled up with zeros: software that knows only SHA-1 extended every bank");

    internal static readonly LogDefect ShimAuthority = new("shim-authority", FindingLevel.Note, "shim's authority event: shim logs a structure and hashes only the certificate in it, or states a wrong length");

    internal static readonly LogDefect VariableContentOnly = new("variable-content-only", FindingLevel.Note, "EV_EFI_VARIABLE_BOOT covers the variable's content only, not its name: names can be exchanged in the log");

    internal static readonly LogDefect VariableNameWithNul = new("variable-name-with-nul", FindingLevel.Warning, "a variable's name is measured with a terminating NUL (PFP 10.2.6 wants none)");

    internal static readonly LogDefect MalformedData = new("malformed-data", FindingLevel.Warning, "an event's data does not have the form of its type");

    internal static readonly LogDefect UnknownType = new("unknown-event-type", FindingLevel.Note, "an event type that the specification does not have");

    internal static readonly LogDefect NoBootImage = new("no-boot-image", FindingLevel.Note, "no boot application is measured in PCR 4");

    internal static readonly LogDefect ImagesInOtherPcr = new("images-in-other-pcr", FindingLevel.Warning, "boot applications are measured in another PCR than 4: predictions for PCR 4 do not hold on this platform");

    internal static readonly LogDefect PartitionTableInOtherPcr = new("partition-table-in-other-pcr", FindingLevel.Warning, "the partition table is measured in another PCR than 5");

    internal static readonly LogDefect SeveralBootAttempts = new("several-boot-attempts", FindingLevel.Note, "the firmware tried more than one boot entry: PCR 4 has more events than after a first success");

    /// <summary>All of them, in the order of this file.</summary>
    public static IReadOnlyList<LogDefect> All { get; } =
    [
        Truncated, DamagedRecord, BytesAfterPadding, PaddedZeros, PaddedOnes, Sha1Only, UnknownBank, BadLocality, StartupLocality,
        HardwareCrtm, Sp800155, UnknownNoAction, NoActionDigest, MissingSeparator, DuplicateSeparator, ErrorSeparator,
        FirmwareAfterSeparator, AuthorityBeforeSeparator, MissingExitBootServices, ExitBootServicesRetried, MissingSecureBootVariables,
        DebugMode, DmaProtectionOff, DigestMismatch, MixedDigests, ZeroDigest, PaddedDigest, ShimAuthority, VariableContentOnly, VariableNameWithNul,
        MalformedData, UnknownType, NoBootImage, ImagesInOtherPcr, PartitionTableInOtherPcr, SeveralBootAttempts,
    ];
}
