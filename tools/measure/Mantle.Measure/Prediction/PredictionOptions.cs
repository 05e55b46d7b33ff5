using Mantle.Formats.Tpm;

namespace Mantle.Measure.Prediction;

/// <summary>What the firmware says in the variable SecureBoot; it is measured, and it decides whether the inner kernel is.</summary>
public enum SecureBootState
{
    /// <summary>
    /// The firmware can do Secure Boot and does not: the variable is 0. The state of an EC2 instance without keys, of setup mode, and of a machine where it
    /// is switched off.
    /// </summary>
    Off,

    /// <summary>The firmware cannot do Secure Boot: the variable does not exist.</summary>
    Unsupported,

    /// <summary>Secure Boot is on: the variable is 1, and db decides what starts.</summary>
    On,
}

/// <summary>What to predict.</summary>
public sealed record PredictionOptions
{
    /// <summary>In <see cref="HardwareChoices"/>: no section of the name fits the machine.</summary>
    public const int NoneFits = -1;

    /// <summary>The PCRs that have rules; some may turn out not to be known.</summary>
    public static IReadOnlyList<int> KnownPcrs { get; } = [.. Enumerable.Range(0, 16)];

    /// <summary>The PCRs that the image decides.</summary>
    public static IReadOnlyList<int> ImagePcrs { get; } = [4, 5, 7, 9, 11, 12, 13];

    /// <summary>The banks; SHA-256 and SHA-384 unless said otherwise.</summary>
    public IReadOnlyList<TpmAlgorithm> Banks { get; init; } = [TpmAlgorithm.Sha256, TpmAlgorithm.Sha384];

    /// <summary>The PCRs, all of <see cref="KnownPcrs"/> unless said otherwise.</summary>
    public IReadOnlyList<int> Pcrs { get; init; } = KnownPcrs;

    /// <summary>The state of Secure Boot.</summary>
    public SecureBootState SecureBoot { get; init; } = SecureBootState.Off;

    /// <summary>The Secure Boot variables; null: not given.</summary>
    public SecureBootVariables? Variables { get; init; }

    /// <summary>The platform that boots the image.</summary>
    public FirmwareProfile Platform { get; init; } = FirmwareProfile.Ovmf;

    /// <summary>The number of the UKI's profile that is booted; 0 is the default.</summary>
    public int Profile { get; init; }

    /// <summary>What reaches the kernel from outside the boot file, beside what the disk image itself has on its EFI system partition.</summary>
    public BootExtras Extras { get; init; } = BootExtras.None;

    /// <summary>
    /// Per section name of which the machine chooses one (<c>.dtbauto</c>, <c>.efifw</c>) its number in the file, from 0, or <see cref="NoneFits"/>.
    /// </summary>
    public IReadOnlyDictionary<string, int> HardwareChoices { get; init; } = new Dictionary<string, int>();

    /// <summary>How many boot options the firmware tries in vain before the one that starts the image.</summary>
    public int FailedAttempts { get; init; }

    /// <summary>Words of boot phases that the system measures into PCR 11 after the kernel has started, in order.</summary>
    public IReadOnlyList<string> Phases { get; init; } = [];

    /// <summary>The packages that the boot file was made of, for the events' sources.</summary>
    public SourcePackages Packages { get; init; } = SourcePackages.None;

    /// <summary>How to call the input in the result when it is a UKI by itself.</summary>
    public string InputName { get; init; } = "uki.efi";
}
