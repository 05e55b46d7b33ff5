using System.Buffers;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;

namespace Mantle.Measure.Prediction;

/// <summary>Between the JSON shape and checked values.</summary>
internal static class MeasurementsMapping
{
    private static readonly SearchValues<char> s_hexDigits = SearchValues.Create("0123456789abcdef");

    private static readonly (EventSourceKind Kind, string Name)[] s_kinds =
    [
        (EventSourceKind.FirmwareConstant, "firmware-constant"),
        (EventSourceKind.FirmwareVariable, "firmware-variable"),
        (EventSourceKind.File, "file"),
        (EventSourceKind.PartitionTable, "partition-table"),
        (EventSourceKind.Section, "section"),
        (EventSourceKind.Companion, "companion"),
        (EventSourceKind.CommandLine, "command-line"),
        (EventSourceKind.Certificate, "certificate"),
        (EventSourceKind.BootPhase, "boot-phase"),
    ];

    private static readonly (SecureBootState State, string Name)[] s_states =
    [
        (SecureBootState.Off, "off"),
        (SecureBootState.Unsupported, "unsupported"),
        (SecureBootState.On, "on"),
    ];

    private static readonly (PcrBasis Basis, string Name)[] s_bases =
    [
        (PcrBasis.Image, "image"),
        (PcrBasis.Firmware, "firmware"),
        (PcrBasis.OperatingSystem, "operating-system"),
    ];

    public static MeasurementsJson ToJson(ImagePrediction prediction) => new(
        MeasurementsDocument.Version,
        prediction.BootFile,
        prediction.StubVersion,
        prediction.KernelRelease,
        NameOf(prediction.SecureBoot),
        [.. prediction.Banks.Select(bank => bank.Name())],
        [.. prediction.Pcrs.Select(pcr => new PcrJson(
            pcr.Index,
            ToJson(prediction.Banks, pcr.Values),
            [.. pcr.Events.Select(e => new EventJson(
                e.EventType.SpecificationName(), (uint)e.EventType, e.Description, ToJson(e.Source), ToJson(prediction.Banks, e.Digests)))],
            NameOf(pcr.Basis)))],
        [.. prediction.Unpredicted.Select(pcr => new UnpredictedPcrJson(pcr.Index, pcr.Reason))],
        prediction.Platform.Name,
        prediction.Profile,
        prediction.Notes,
        prediction.IsDebugTwin);

    public static ImagePrediction FromJson(MeasurementsJson json)
    {
        if (json.Version is not (1 or MeasurementsDocument.Version))
        {
            throw MeasurementsDocument.Malformed($"version {json.Version} is not understood, 1 and {MeasurementsDocument.Version} are");
        }

        json = WithVersion2Members(json);

        TpmAlgorithm[] banks = [.. json.Banks.Select(Bank)];
        if (banks.Length == 0 || !banks.SequenceEqual(banks.Distinct().Order()))
        {
            throw MeasurementsDocument.Malformed("the banks are not one or more in the order sha1, sha256, sha384, sha512");
        }

        int[] indexes = [.. json.Pcrs.Select(pcr => pcr.Index), .. json.Unpredicted.Select(pcr => pcr.Index)];
        if (indexes.Distinct().Count() != indexes.Length || indexes.Any(index => index is < 0 or > 23)
            || !json.Pcrs.Select(pcr => pcr.Index).SequenceEqual(json.Pcrs.Select(pcr => pcr.Index).Order()))
        {
            throw MeasurementsDocument.Malformed("PCR indexes are out of range, not ascending, or there twice");
        }

        return new()
        {
            BootFile = json.BootFile,
            StubVersion = json.Stub,
            KernelRelease = json.Kernel,
            IsDebugTwin = json.Debug,
            SecureBoot = Lookup(s_states, json.SecureBoot, "state of Secure Boot"),
            Platform = Lookup([.. FirmwareProfile.All.Select(platform => (platform, platform.Name))], json.Platform!, "platform"),
            Profile = json.Profile is >= 0 and int profile ? profile : throw MeasurementsDocument.Malformed($"profile {json.Profile} is less than 0"),
            Notes = json.Notes!,
            Banks = banks,
            Pcrs = [.. json.Pcrs.Select(pcr => Pcr(pcr, banks))],
            Unpredicted = [.. json.Unpredicted.Select(pcr => new UnpredictedPcr(pcr.Index, pcr.Reason))],
        };
    }

    /// <summary>Version 2 added members. A document of version 1 must not have them; what it says is true of OVMF, of profile 0 and of the image.</summary>
    private static MeasurementsJson WithVersion2Members(MeasurementsJson json)
    {
        bool[] present = [json.Platform is not null, json.Profile is not null, json.Notes is not null, .. json.Pcrs.Select(pcr => pcr.DecidedBy is not null)];
        if (present.Any(member => member != (json.Version > 1)))
        {
            throw MeasurementsDocument.Malformed("platform, profile, notes and decidedBy belong to version 2, and only to it");
        }

        return json.Version > 1 ? json : json with
        {
            Platform = FirmwareProfile.Ovmf.Name,
            Profile = 0,
            Notes = [],
            Pcrs = [.. json.Pcrs.Select(pcr => pcr with { DecidedBy = NameOf(PcrBasis.Image) })],
        };
    }

    public static string NameOf(EventSourceKind kind) => s_kinds.First(known => known.Kind == kind).Name;

    public static string NameOf(SecureBootState state) => s_states.First(known => known.State == state).Name;

    public static string NameOf(PcrBasis basis) => s_bases.First(known => known.Basis == basis).Name;

    private static EventSourceJson ToJson(EventSource source) => new(
        NameOf(source.Kind),
        source.Name,
        source.Packages.Count == 0 ? null : [.. source.Packages.Select(package => new SourcePackageJson(package.Name, package.Version))]);

    private static EventSource Source(EventSourceJson json) => new(Lookup(s_kinds, json.Kind, "kind of source"), json.Name)
    {
        Packages = json.Packages switch
        {
            null => [],
            [] => throw MeasurementsDocument.Malformed("a source has an empty list of packages"),
            _ => [.. json.Packages.Select(package => new SourcePackage(package.Name, package.Version))],
        },
    };

    private static Dictionary<string, string> ToJson(IReadOnlyList<TpmAlgorithm> banks, IReadOnlyDictionary<TpmAlgorithm, TpmDigest> digests)
    {
        Dictionary<string, string> json = [];
        foreach (TpmAlgorithm bank in banks)
        {
            json.Add(bank.Name(), digests[bank].ToString());
        }

        return json;
    }

    private static PredictedPcr Pcr(PcrJson json, TpmAlgorithm[] banks)
    {
        PredictedPcr replayed = Predictor.Replay(json.Index, [.. json.Events.Select(e => Event(e, banks))], banks);
        SortedDictionary<TpmAlgorithm, TpmDigest> claimed = Digests(json.Values, banks);
        foreach (TpmAlgorithm bank in banks)
        {
            if (claimed[bank] != replayed.Values[bank])
            {
                throw MeasurementsDocument.Malformed($"the {bank.Name()} value of PCR {json.Index} is not what its events lead to");
            }
        }

        return replayed with { Basis = Lookup(s_bases, json.DecidedBy!, "basis") };
    }

    private static PredictedEvent Event(EventJson json, TpmAlgorithm[] banks) =>
        EventTypeNames.TryParse(json.Type, out EventType type) && (uint)type == json.Number
            ? new(type, Digests(json.Digests, banks), json.Description, Source(json.Source))
            : throw MeasurementsDocument.Malformed($"event type \"{json.Type}\" with number {json.Number} is not known");

    private static SortedDictionary<TpmAlgorithm, TpmDigest> Digests(Dictionary<string, string> json, TpmAlgorithm[] banks)
    {
        SortedDictionary<TpmAlgorithm, TpmDigest> digests = [];
        foreach (TpmAlgorithm bank in banks)
        {
            if (!json.TryGetValue(bank.Name(), out string? hex) || hex.Length != 2 * bank.DigestSize()
                || hex.AsSpan().ContainsAnyExcept(s_hexDigits))
            {
                throw MeasurementsDocument.Malformed($"a {bank.Name()} digest is missing or not {bank.DigestSize()} bytes of lower-case hex");
            }

            digests.Add(bank, new(bank, Convert.FromHexString(hex)));
        }

        return json.Count == banks.Length ? digests : throw MeasurementsDocument.Malformed("a digest is of a bank that is not listed");
    }

    private static TpmAlgorithm Bank(string name) => TpmHash.TryParse(name, out TpmAlgorithm bank)
        ? bank
        : throw MeasurementsDocument.Malformed($"bank \"{name}\" is not known");

    private static T Lookup<T>((T Value, string Name)[] table, string name, string what)
    {
        foreach ((T value, string known) in table)
        {
            if (known == name)
            {
                return value;
            }
        }

        throw MeasurementsDocument.Malformed($"{what} \"{name}\" is not known");
    }
}
