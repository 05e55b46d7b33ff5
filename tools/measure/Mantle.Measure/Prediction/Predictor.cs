using Mantle.Formats.Bytes;
using Mantle.Formats.Kernel;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Pe;
using Mantle.Formats.Tpm;
using Mantle.Measure.Twin;

namespace Mantle.Measure.Prediction;

/// <summary>
/// Predicts PCRs from the bytes of an image alone. The rules are those of EDK2 firmware, systemd-stub and Linux's EFI stub; each PCR has a
/// file of its own.
/// </summary>
public static class Predictor
{
    /// <summary>The rules, by ascending index. What is not listed is not predicted.</summary>
    private static readonly (int Index, Func<BootInputs, PcrPlan> Plan)[] s_rules =
    [
        (0, FirmwareRegisters.Code),
        (1, FirmwareRegisters.Configuration),
        (2, FirmwareRegisters.OptionRoms),
        (3, FirmwareRegisters.OptionRomConfiguration),
        (Pcr04BootManager.Index, Pcr04BootManager.Plan),
        (Pcr05BootManagerConfiguration.Index, Pcr05BootManagerConfiguration.Plan),
        (6, FirmwareRegisters.Manufacturer),
        (Pcr07SecureBootPolicy.Index, Pcr07SecureBootPolicy.Plan),
        (8, OperatingSystemRegisters.BootLoader),
        (Pcr09KernelInputs.Index, Pcr09KernelInputs.Plan),
        (10, OperatingSystemRegisters.IntegrityMeasurement),
        (Pcr11UnifiedKernelImage.Index, Pcr11UnifiedKernelImage.Plan),
        (Pcr12KernelOverrides.Index, Pcr12KernelOverrides.Plan),
        (Pcr13SystemExtensions.Index, Pcr13SystemExtensions.Plan),
        (14, OperatingSystemRegisters.MachineOwner),
        (15, OperatingSystemRegisters.SystemIdentity),
    ];

    /// <summary>Predicts what booting the input measures.</summary>
    /// <param name="imageOrUki">A raw disk image with a GPT, or a UKI by itself.</param>
    /// <param name="options">Banks, PCRs, the state of Secure Boot, and what the machine adds.</param>
    /// <exception cref="MalformedInputException">The input, or something that it contains, is malformed.</exception>
    /// <exception cref="UserErrorException">The input is well-formed but its measurements cannot be known, or Secure Boot does not let it start.</exception>
    public static ImagePrediction Predict(ByteSource imageOrUki, PredictionOptions options)
    {
        List<string> notes = [];
        BootFile boot = BootFileLocator.Locate(imageOrUki, options.InputName);
        UkiImage uki = UkiReader.Read(boot.Content);
        BootInputs inputs = InputsOf(boot, uki, options, notes);
        TpmAlgorithm[] banks = [.. options.Banks.Distinct().Order()];

        // Whether the boot file may start is decided by its digest, so that comes last: no byte is hashed twice.
        List<PcrPlan> plans = Plan(inputs, options.Pcrs.Where(index => index != Pcr07SecureBootPolicy.Index));
        DigestBook book = new(banks);
        book.Add(plans.Where(plan => plan.Unpredictable is null).SelectMany(plan => plan.Events).Select(planned => planned.Data));
        inputs = ImageLoading.Start(inputs, uki.Image, book);
        plans.AddRange(Plan(inputs, options.Pcrs.Where(index => index == Pcr07SecureBootPolicy.Index)));
        plans.Sort((a, b) => a.Index.CompareTo(b.Index));
        return new()
        {
            BootFile = boot.Path,
            StubVersion = uki.StubVersion,
            KernelRelease = inputs.KernelRelease,
            IsDebugTwin = inputs.Section(UkiSectionName.OsRelease) is { } osRelease && DebugTwin.IsMarked(osRelease),
            SecureBoot = options.SecureBoot,
            Platform = options.Platform,
            Profile = options.Profile,
            Notes = notes,
            Banks = banks,
            Pcrs = [.. plans.Where(plan => plan.Unpredictable is null).Select(plan => Hash(plan, book, source => Packaged(source, options.Packages, inputs.KernelRelease)))],
            Unpredicted = [.. plans.Where(plan => plan.Unpredictable is not null).Select(plan => new UnpredictedPcr(plan.Index, plan.Unpredictable!))],
        };
    }

    /// <summary>The events of the PCRs that are asked for, not yet hashed.</summary>
    internal static List<PcrPlan> Plan(BootInputs inputs, params IEnumerable<int> pcrs)
    {
        int[] wanted = [.. pcrs];
        int unknown = wanted.FirstOrDefault(index => !PredictionOptions.KnownPcrs.Contains(index), -1);
        if (unknown >= 0)
        {
            throw new UserErrorException($"PCR {unknown} cannot be predicted", "choose among 0 to 15", ExitCode.Usage);
        }

        return [.. s_rules.Where(rule => wanted.Contains(rule.Index)).Select(rule => rule.Plan(inputs))];
    }

    /// <summary>Computes the values that a sequence of events leads to, from zero.</summary>
    internal static PredictedPcr Replay(int index, IReadOnlyList<PredictedEvent> events, IReadOnlyList<TpmAlgorithm> banks)
    {
        SortedDictionary<TpmAlgorithm, TpmDigest> values = [];
        foreach (TpmAlgorithm bank in banks)
        {
            values[bank] = events.Aggregate(TpmDigest.Zero(bank), (value, e) => value.Extend(e.Digests[bank]));
        }

        return new(index, events, values);
    }

    private static BootInputs InputsOf(BootFile boot, UkiImage uki, PredictionOptions options, List<string> notes)
    {
        StubRules stub = StubRules.For(uki.StubMajor, uki.StubVersion);
        if (options.Profile < 0 || options.Profile >= Math.Max(uki.ProfileCount, 1))
        {
            throw new UserErrorException(
                $"there is no profile {options.Profile}",
                uki.ProfileCount == 0 ? "the UKI has no profiles" : $"the UKI has profiles 0 to {uki.ProfileCount - 1}",
                ExitCode.Usage);
        }

        if (uki.ProfileCount > 0 && !stub.Sections.Contains(UkiSectionName.Profile))
        {
            throw new UserErrorException(
                $"the UKI has profiles, which systemd-stub {stub.Major} does not know", "use a stub of version 257 or later");
        }

        IReadOnlyList<UkiSection> sections = uki.SectionsOf(options.Profile);
        ByteSource linux = sections.First(section => section.Name == UkiSectionName.Linux).Content;
        BootInputs inputs = new()
        {
            BootFile = boot.Path,
            ImageHashInput = AuthenticodeDigest.HashedContent(uki.Image),
            KernelHashInput = AuthenticodeDigest.HashedContent(PeImage.Read(linux)),
            Sections = sections,
            Stub = stub,
            KernelRelease = LinuxSetupHeader.Find(linux)?.Release,
            SecureBoot = options.SecureBoot,
            GptEvent = boot.GptEvent,
            Firmware = options.Platform,
            Variables = options.Variables,
            Extras = boot.Extras.With(options.Extras),
            Profile = options.Profile,
            HardwareChoices = options.HardwareChoices,
            FailedAttempts = options.FailedAttempts,
            Phases = options.Phases,
        };
        return ImageLoading.LoadAddons(inputs, notes);
    }

    private static EventSource Packaged(EventSource source, SourcePackages packages, string? release) =>
        packages.For(source.Kind, source.Name, release) is { Count: > 0 } known ? source with { Packages = known } : source;

    private static PredictedPcr Hash(PcrPlan plan, DigestBook book, Func<EventSource, EventSource> packaged)
    {
        List<PredictedEvent> events =
        [
            .. plan.Events.Select(planned => new PredictedEvent(planned.EventType, book.Digests(planned.Data), planned.Description, packaged(planned.Source))
            {
                Logged = planned.Logged,
            }),
        ];
        return Replay(plan.Index, events, book.Banks) with { Basis = plan.Basis };
    }
}
