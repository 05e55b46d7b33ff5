using Mantle.Formats.Bytes;
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
        (Pcr04BootManager.Index, Pcr04BootManager.Plan),
        (Pcr05BootManagerConfiguration.Index, Pcr05BootManagerConfiguration.Plan),
        (Pcr07SecureBootPolicy.Index, Pcr07SecureBootPolicy.Plan),
        (Pcr09KernelInputs.Index, Pcr09KernelInputs.Plan),
        (Pcr11UnifiedKernelImage.Index, Pcr11UnifiedKernelImage.Plan),
        (Pcr12KernelOverrides.Index, Pcr12KernelOverrides.Plan),
        (Pcr13SystemExtensions.Index, Pcr13SystemExtensions.Plan),
    ];

    /// <summary>Predicts what booting the input measures.</summary>
    /// <param name="imageOrUki">A raw disk image with a GPT, or a UKI by itself.</param>
    /// <param name="options">Banks, PCRs and the state of Secure Boot.</param>
    /// <exception cref="MalformedInputException">The input, or something that it contains, is malformed.</exception>
    /// <exception cref="UserErrorException">The input is well-formed but its measurements cannot be known.</exception>
    public static ImagePrediction Predict(ByteSource imageOrUki, PredictionOptions options)
    {
        BootFile boot = BootFileLocator.Locate(imageOrUki, options.InputName);
        UkiImage uki = UkiReader.Read(boot.Content);
        StubRules stub = StubRules.For(uki.StubMajor, uki.StubVersion);
        uki.TryGetSection(UkiSectionName.Linux, out ByteSource? linux);
        BootInputs inputs = new()
        {
            BootFile = boot.Path,
            ImageHashInput = AuthenticodeDigest.HashedContent(uki.Image),
            KernelHashInput = AuthenticodeDigest.HashedContent(PeImage.Read(linux!)),
            Sections = uki.Sections,
            Stub = stub,
            KernelRelease = LinuxKernel.Release(linux!),
            SecureBoot = options.SecureBoot,
            GptEvent = boot.GptEvent,
        };
        TpmAlgorithm[] banks = [.. options.Banks.Distinct().Order()];
        List<PcrPlan> plans = Plan(inputs, options.Pcrs);
        return new()
        {
            BootFile = boot.Path,
            StubVersion = uki.StubVersion,
            KernelRelease = inputs.KernelRelease,
            IsDebugTwin = inputs.Section(UkiSectionName.OsRelease) is { } osRelease && DebugTwin.IsMarked(osRelease),
            SecureBoot = options.SecureBoot,
            Banks = banks,
            Pcrs = Hash([.. plans.Where(plan => plan.Unpredictable is null)], banks),
            Unpredicted = [.. plans.Where(plan => plan.Unpredictable is not null).Select(plan => new UnpredictedPcr(plan.Index, plan.Unpredictable!))],
        };
    }

    /// <summary>The events of the PCRs that are asked for, not yet hashed.</summary>
    internal static List<PcrPlan> Plan(BootInputs inputs, IReadOnlyList<int> pcrs)
    {
        int unknown = pcrs.FirstOrDefault(index => !PredictionOptions.KnownPcrs.Contains(index), -1);
        if (unknown >= 0)
        {
            throw new UserErrorException(
                $"PCR {unknown} cannot be predicted", $"choose among {string.Join(", ", PredictionOptions.KnownPcrs)}", ExitCode.Usage);
        }

        return [.. s_rules.Where(rule => pcrs.Contains(rule.Index)).Select(rule => rule.Plan(inputs))];
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

    private static List<PredictedPcr> Hash(List<PcrPlan> plans, TpmAlgorithm[] banks)
    {
        byte[][][] digests = ContentDigest.Compute(
            [.. plans.SelectMany(plan => plan.Events).Select(planned => planned.Data)],
            [.. banks.Select(bank => bank.AlgorithmName())]);
        List<PredictedPcr> pcrs = [];
        int next = 0;
        foreach (PcrPlan plan in plans)
        {
            List<PredictedEvent> events = [];
            foreach (PlannedEvent planned in plan.Events)
            {
                byte[][] ofEvent = digests[next++];
                SortedDictionary<TpmAlgorithm, TpmDigest> perBank = [];
                for (int i = 0; i < banks.Length; i++)
                {
                    perBank[banks[i]] = new(banks[i], ofEvent[i]);
                }

                events.Add(new(planned.EventType, perBank, planned.Description, planned.Source));
            }

            pcrs.Add(Replay(plan.Index, events, banks));
        }

        return pcrs;
    }
}
