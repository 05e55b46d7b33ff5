using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Uki;

namespace Mantle.Measure.Prediction;

/// <summary>Everything that the rules of the single PCRs look at, taken from the image once.</summary>
internal sealed record BootInputs
{
    public required string BootFile { get; init; }

    /// <summary>The bytes of the boot file that its Authenticode digest covers.</summary>
    public required ByteSource ImageHashInput { get; init; }

    /// <summary>The bytes of the inner kernel that its Authenticode digest covers.</summary>
    public required ByteSource KernelHashInput { get; init; }

    /// <summary>The sections that the stub sees, of the profile that is booted.</summary>
    public required IReadOnlyList<UkiSection> Sections { get; init; }

    public required StubRules Stub { get; init; }

    public required string? KernelRelease { get; init; }

    public required SecureBootState SecureBoot { get; init; }

    /// <summary>The data of EV_EFI_GPT_EVENT, or null when the input is not a disk.</summary>
    public required ByteSource? GptEvent { get; init; }

    public FirmwareProfile Firmware { get; init; } = FirmwareProfile.Ovmf;

    /// <summary>The Secure Boot variables; null: not given, so none exist unless Secure Boot is on.</summary>
    public SecureBootVariables? Variables { get; init; }

    /// <summary>The entries of db that vouched for images, in loading order.</summary>
    public IReadOnlyList<Authority> Authorities { get; init; } = [];

    public BootExtras Extras { get; init; } = BootExtras.None;

    /// <summary>The addons that firmware loads, in loading order: global ones first, each folder sorted.</summary>
    public IReadOnlyList<LoadedAddon> Addons { get; init; } = [];

    /// <summary>The number of the profile that is booted; 0 is the default.</summary>
    public int Profile { get; init; }

    /// <summary>Per name of <see cref="UkiSectionName.ChosenByHardware"/> which of its sections the machine takes, or <see cref="PredictionOptions.NoneFits"/>.</summary>
    public IReadOnlyDictionary<string, int> HardwareChoices { get; init; } = new Dictionary<string, int>();

    /// <summary>How many boot options the firmware tried in vain before this one.</summary>
    public int FailedAttempts { get; init; }

    /// <summary>Words of boot phases that userspace measures, in order.</summary>
    public IReadOnlyList<string> Phases { get; init; } = [];

    /// <summary>The archives of files beside the boot file.</summary>
    public IReadOnlyList<CompanionArchive> Archives => CompanionArchive.Of(Extras);

    /// <summary>Why nothing is known about what the stub makes of extras; null: it is known, or there are none.</summary>
    public string? UnknownExtras => (Extras.IsEmpty && Profile == 0) || Stub.ExtrasAreKnown
        ? null
        : $"what systemd-stub {Stub.Major} measures of extras and profiles is not known; of 257 it is";

    public ByteSource? Section(string name) => Sections.FirstOrDefault(section => section.Name == name)?.Content;

    /// <summary>The section that the machine takes of those with a name, or null for none. False: the choice is not known, and why.</summary>
    public bool TryChoose(string name, out ByteSource? content, out string? problem)
    {
        content = null;
        problem = null;
        UkiSection[] candidates = [.. Sections.Where(section => section.Name == name)];
        if (candidates.Length == 0)
        {
            return true;
        }

        if (!HardwareChoices.TryGetValue(name, out int choice))
        {
            problem = $"the machine chooses among {candidates.Length} sections \"{name}\", and the choice is not given";
            return false;
        }

        content = choice == PredictionOptions.NoneFits ? null
            : choice < candidates.Length ? candidates[choice].Content
            : throw new UserErrorException($"there is no section \"{name}\" number {choice}, only 0 to {candidates.Length - 1}", exitCode: ExitCode.Usage);
        return true;
    }
}
