using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Prediction;

/// <summary>One boot of tests/vectors/own-qemu: the inputs that it was made of, and what its TPM held.</summary>
internal sealed class CapturedBoot
{
    private readonly JsonElement _case;

    private CapturedBoot(string jsonPath)
    {
        _case = JsonDocument.Parse(File.ReadAllBytes(jsonPath)).RootElement;
        Log = EventLog.Read(File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(jsonPath)!, "eventlog.bin")));
    }

    public EventLog Log { get; }

    public static CapturedBoot Load(string name)
    {
        string own = Repository.PathOf("tests", "vectors", "own-qemu", name, "case.json");
        return new(File.Exists(own) ? own : Repository.SharedVector($"own-qemu/{name}/case.json"));
    }

    public TpmDigest TpmValue(TpmAlgorithm bank, int index) => Parse(bank, _case.GetProperty("tpm_pcrs").GetProperty(bank.Name()).GetProperty($"{index}"));

    public BootInputs Inputs()
    {
        string version = _case.GetProperty("systemd_stub").GetString()!;
        JsonElement inputs = _case.GetProperty("inputs");
        BootInputs captured = new()
        {
            BootFile = "EFI/BOOT/BOOTX64.EFI",
            ImageHashInput = Known(_case.GetProperty("boot_image").GetProperty("file_size").GetInt64(), _case.GetProperty("boot_image").GetProperty("authenticode")),
            KernelHashInput = Known(1, _case.GetProperty("linux_section_authenticode")),
            Sections = Sections(),
            Stub = StubRules.For(int.Parse(version.Split('.')[0]), version),
            KernelRelease = "6.12.107+deb13-cloud-amd64",
            SecureBoot = _case.GetProperty("secureboot_variable_hex").GetString() switch
            {
                "00" => SecureBootState.Off,
                "01" => SecureBootState.On,
                _ => SecureBootState.Unsupported,
            },
            Variables = _case.TryGetProperty("secure_boot_variables_hex", out JsonElement variables) ? Variables(variables) : null,
            Authorities = _case.TryGetProperty("authority_signature_data_hex", out JsonElement authorities)
                ? [.. authorities.EnumerateArray().Select(entry => new Authority(Convert.FromHexString(entry.GetString()!), "captured", "the boot file"))]
                : [],
            GptEvent = ByteSource.FromMemory(Convert.FromHexString(_case.GetProperty("gpt_event_hex").GetString()!)),
            Extras = new()
            {
                Addons = [.. Files(inputs, "addons").Where(file => !IsGlobal(file))],
                GlobalAddons = [.. Files(inputs, "addons").Where(IsGlobal)],
                Credentials = Files(inputs, "creds"),
                GlobalCredentials = Files(inputs, "gcreds"),
                SystemExtensions = Files(inputs, "sysext"),
                ConfigurationExtensions = Files(inputs, "confext"),
                FirmwareCommandLine = inputs.TryGetProperty("smbios", out JsonElement smbios) ? smbios.GetString() : null,
                LoadOptions = inputs.TryGetProperty("custom", out JsonElement custom) ? custom.GetString() : null,
            },
        };
        return ImageLoading.LoadAddons(captured, []);
    }

    /// <summary>Plans and hashes as the product does, but takes the digests of contents that were not kept from the capture.</summary>
    public IReadOnlyList<PredictedPcr> Predict(params int[] pcrs) => Predict(Inputs(), pcrs);

    public IReadOnlyList<PredictedPcr> Predict(BootInputs inputs, params int[] pcrs) =>
        [.. Predictor.Plan(inputs, pcrs).Select(plan =>
        {
            Assert.Null(plan.Unpredictable);
            return Predictor.Replay(plan.Index, [.. plan.Events.Select(Hash)], TpmHash.Computable);
        })];

    /// <summary>All that is predicted of the boot, as a document has it.</summary>
    public ImagePrediction ToPrediction() => new()
    {
        BootFile = "EFI/BOOT/BOOTX64.EFI",
        StubVersion = _case.GetProperty("systemd_stub").GetString()!,
        KernelRelease = "6.12.107+deb13-cloud-amd64",
        SecureBoot = SecureBootState.Off,
        Platform = FirmwareProfile.Ovmf,
        Banks = TpmHash.Computable,
        Pcrs = Predict(4, 5, 7, 9, 11, 12, 13),
        Unpredicted = [],
    };

    private PredictedEvent Hash(PlannedEvent planned)
    {
        IReadOnlyDictionary<TpmAlgorithm, TpmDigest> digests =
            planned.Data is KnownDigests known ? known.Digests
            : planned.Description.StartsWith("Linux initrd", StringComparison.Ordinal) ? TpmHash.Computable.ToDictionary(bank => bank, bank => Log.Extending(9).Last().Digest(bank))
            : TpmHash.Computable.ToDictionary(bank => bank, bank => new TpmDigest(bank, ContentDigest.Compute(planned.Data, bank.AlgorithmName())));
        return new(planned.EventType, digests, planned.Description, planned.Source) { Logged = planned.Logged };
    }

    /// <summary>In the default profile: the first profile's sections replace the base's, later profiles do not count.</summary>
    private UkiSection[] Sections()
    {
        List<UkiSection> sections = [];
        bool isProfile = false;
        foreach (UkiSection section in _case.GetProperty("sections_in_file_order").EnumerateArray().Where(s => s.TryGetProperty("measured_content", out _)).Select(Section))
        {
            if (section.Name == UkiSectionName.Profile && isProfile)
            {
                break;
            }

            isProfile |= section.Name == UkiSectionName.Profile;
            sections.RemoveAll(known => known.Name == section.Name);
            sections.Add(section);
        }

        return [.. sections];
    }

    /// <summary>The capture keeps addons in one list; the one from loader/addons is called so.</summary>
    private static bool IsGlobal(CompanionFile addon) => addon.Name.StartsWith("g.", StringComparison.Ordinal);

    private static SecureBootVariables Variables(JsonElement variables)
    {
        byte[] Content(string name) => Convert.FromHexString(variables.GetProperty(name).GetString()!);
        return new() { PlatformKey = Content("PK"), KeyExchangeKeys = Content("KEK"), Allowed = Content("db"), Forbidden = Content("dbx") };
    }

    private static CompanionFile[] Files(JsonElement inputs, string name) => inputs.TryGetProperty(name, out JsonElement files)
        ? [.. files.EnumerateArray().Select(file => new CompanionFile(file[0].GetString()!, ByteSource.FromMemory(file[1].GetBytesFromBase64())))]
        : [];

    private static UkiSection Section(JsonElement section)
    {
        JsonElement measured = section.GetProperty("measured_content");
        ByteSource content = measured.TryGetProperty("base64", out JsonElement base64)
            ? ByteSource.FromMemory(base64.GetBytesFromBase64())
            : Known(measured.GetProperty("size").GetInt64(), measured.GetProperty("digests"));
        return new(section.GetProperty("name").GetString()!, content);
    }

    private static KnownDigests Known(long length, JsonElement digests) =>
        new(length, TpmHash.Computable.ToDictionary(bank => bank, bank => Parse(bank, digests.GetProperty(bank.Name()))));

    private static TpmDigest Parse(TpmAlgorithm bank, JsonElement hex) => TpmDigest.FromHex(bank, hex.GetString()!);
}
