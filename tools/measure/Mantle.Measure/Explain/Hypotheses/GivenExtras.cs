using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tcg;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Explain.Hypotheses;

/// <summary>
/// Files of the ESP, and words, that are at hand as suspects: each alone, all together, and of a few every combination, measured as the stub would have.
/// </summary>
internal sealed class GivenExtras : Hypothesis
{
    /// <summary>Up to so many suspects are tried in every combination.</summary>
    private const int MostCombined = 5;

    private const string Advice = "find out who put it there (the ESP, SMBIOS strings); the policy must bind PCR 12 and 13";

    public override string Id => "given-extra";

    public override string Name => "the extras that are given";

    public override string? Needs(ExplainContext context) =>
        context.Extras.IsEmpty ? "suspects (--credential, --addon, --sysext, --confext, --cmdline-extra…)"
        : RulesOf(context.Expected) is not { ExtrasAreKnown: true } ? "a stub whose extras are known"
        : context.Expected.Model[12] is not { Events.Count: 0 } || context.Expected.Model[13] is not { Events.Count: 0 } ? "an expected boot without extras"
        : null;

    public override IEnumerable<Candidate> Candidates(ExplainContext context)
    {
        (string Name, Func<BootExtras, BootExtras> Add)[] suspects = [.. Suspects(context.Extras)];
        foreach (uint chosen in Combinations(suspects.Length))
        {
            BootExtras extras = BootExtras.None;
            List<string> names = [];
            for (int i = 0; i < suspects.Length; i++)
            {
                if ((chosen >> i & 1) != 0)
                {
                    extras = suspects[i].Add(extras);
                    names.Add(suspects[i].Name);
                }
            }

            BootInputs inputs = InputsOf(context.Expected, extras);
            Lazy<IReadOnlyDictionary<int, ModelEvent[]?>> measured = new(() => Measure(inputs));
            yield return Make($"{string.Join(", and ", names)}: the stub took and measured {(names.Count > 1 ? "them" : "it")}", Advice, model => Apply(model, measured.Value));
        }
    }

    private static IEnumerable<uint> Combinations(int count)
    {
        uint all = count >= 32 ? uint.MaxValue : (1u << count) - 1;
        for (uint chosen = 1; chosen <= all && chosen != 0 && count <= MostCombined; chosen++)
        {
            yield return chosen;
        }

        for (int i = 0; i < Math.Min(count, 32) && count > MostCombined; i++)
        {
            yield return 1u << i;
        }

        if (count > MostCombined)
        {
            yield return all;
        }
    }

    private static IEnumerable<(string Name, Func<BootExtras, BootExtras> Add)> Suspects(BootExtras extras)
    {
        foreach (CompanionFile file in extras.Addons)
        {
            yield return ($"addon \"{file.Name}\" lay beside the boot file", others => others with { Addons = [.. others.Addons, file] });
        }

        foreach (CompanionFile file in extras.GlobalAddons)
        {
            yield return ($"addon \"{file.Name}\" lay in loader/addons", others => others with { GlobalAddons = [.. others.GlobalAddons, file] });
        }

        foreach (CompanionFile file in extras.Credentials)
        {
            yield return ($"credential \"{file.Name}\" lay beside the boot file", others => others with { Credentials = [.. others.Credentials, file] });
        }

        foreach (CompanionFile file in extras.GlobalCredentials)
        {
            yield return ($"credential \"{file.Name}\" lay in loader/credentials", others => others with { GlobalCredentials = [.. others.GlobalCredentials, file] });
        }

        foreach (CompanionFile file in extras.SystemExtensions)
        {
            yield return ($"system extension \"{file.Name}\" lay beside the boot file", others => others with { SystemExtensions = [.. others.SystemExtensions, file] });
        }

        foreach (CompanionFile file in extras.ConfigurationExtensions)
        {
            yield return ($"configuration extension \"{file.Name}\" lay beside the boot file", others => others with { ConfigurationExtensions = [.. others.ConfigurationExtensions, file] });
        }

        if (!string.IsNullOrEmpty(extras.FirmwareCommandLine))
        {
            yield return ($"an SMBIOS string added the words \"{extras.FirmwareCommandLine}\"", others => others with { FirmwareCommandLine = extras.FirmwareCommandLine });
        }
    }

    private static StubRules? RulesOf(ExpectedBoot expected) => StubRules.All.FirstOrDefault(rules => expected.Prediction.StubVersion.Split('.')[0] == $"{rules.Major}");

    /// <summary>The expected boot as far as the rules of PCR 9, 12 and 13 look at it; without the image there is the command line alone.</summary>
    private static BootInputs InputsOf(ExpectedBoot expected, BootExtras extras)
    {
        IReadOnlyList<UkiSection> sections = expected.Sections.Count > 0 ? expected.Sections
            : expected.CommandLine is { } text ? [new(UkiSectionName.CommandLine, ByteSource.FromMemory(System.Text.Encoding.ASCII.GetBytes(text)))]
            : [];
        ByteSource? release = sections.FirstOrDefault(section => section.Name == UkiSectionName.KernelVersion)?.Content;
        return new()
        {
            BootFile = expected.Prediction.BootFile,
            ImageHashInput = ByteSource.Empty,
            KernelHashInput = ByteSource.Empty,
            Sections = sections,
            Stub = RulesOf(expected)!,
            KernelRelease = expected.Prediction.KernelRelease,
            SecureBoot = expected.Prediction.SecureBoot,
            GptEvent = null,
            Extras = extras,
            Addons = [.. StubArchive.Sorted(extras.GlobalAddons).Concat(StubArchive.Sorted(extras.Addons)).Select(file => LoadedAddon.Read(file, release))],
        };
    }

    /// <summary>Per PCR its events; of PCR 4 those of addons. Null: they are not known.</summary>
    private static Dictionary<int, ModelEvent[]?> Measure(BootInputs inputs)
    {
        Dictionary<int, ModelEvent[]?> measured = new()
        {
            [4] = [.. inputs.Addons.Select(addon => StreamedEvent.Of(EventType.EfiBootServicesApplication, addon.HashInput, $"addon {addon.Name}", addon.Name))],
        };
        bool hasInitrd = inputs.Sections.Any(section => section.Name == UkiSectionName.Linux);
        foreach (PcrPlan plan in Predictor.Plan(inputs, 9, 12, 13))
        {
            bool isKnown = plan.Unpredictable is null && (plan.Index != 9 || hasInitrd);
            measured[plan.Index] = isKnown ? [.. plan.Events.Select(e => StreamedEvent.Of(e.EventType, e.Data, e.Description, e.Source.Name))] : null;
        }

        return measured;
    }

    private static BootModel? Apply(BootModel model, IReadOnlyDictionary<int, ModelEvent[]?> measured)
    {
        if (model[12] is not { Events.Count: 0 } || model[13] is not { Events.Count: 0 } || model[12]!.IsUnknown || model[13]!.IsUnknown)
        {
            return null;
        }

        BootModel changed = model;
        if (measured[4]!.Length > 0)
        {
            changed = model.With(4, events => events.SelectMany(e => e.IsBootFile ? [e, .. measured[4]!] : (ModelEvent[])[e])) ?? model;
        }

        foreach (int index in new[] { 9, 12, 13 })
        {
            bool isMoved = index != 9 || measured[12] is not { Length: 0 } || measured[13] is not { Length: 0 };
            changed = !isMoved ? changed
                : measured[index] is not { } events ? changed.WithUnknown(index)
                : changed.With(index, _ => events) ?? changed;
        }

        return changed;
    }
}
