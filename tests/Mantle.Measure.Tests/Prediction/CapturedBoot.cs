using System.Text.Json;
using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Pe;
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
        return new()
        {
            BootFile = "EFI/BOOT/BOOTX64.EFI",
            ImageHashInput = Known(_case.GetProperty("boot_image").GetProperty("file_size").GetInt64(), _case.GetProperty("boot_image").GetProperty("authenticode")),
            KernelHashInput = Known(1, _case.GetProperty("linux_section_authenticode")),
            Sections = [.. _case.GetProperty("sections_in_file_order").EnumerateArray().Where(s => s.TryGetProperty("measured_content", out _)).Select(Section)],
            Stub = StubRules.For(int.Parse(version.Split('.')[0]), version),
            KernelRelease = "6.12.107+deb13-cloud-amd64",
            SecureBoot = _case.GetProperty("secureboot_variable_hex").GetString() == "00" ? SecureBootState.Off : SecureBootState.Unsupported,
            GptEvent = ByteSource.FromMemory(Convert.FromHexString(_case.GetProperty("gpt_event_hex").GetString()!)),
        };
    }

    /// <summary>Plans and hashes as the product does, but takes the digests of contents that were not kept from the capture.</summary>
    public IReadOnlyList<PredictedPcr> Predict(params int[] pcrs) =>
        [.. Predictor.Plan(Inputs(), pcrs).Select(plan =>
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
        return new(planned.EventType, digests, planned.Description, planned.Source);
    }

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
