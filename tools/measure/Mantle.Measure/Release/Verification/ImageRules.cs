using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.Checking;
using Mantle.Measure.Prediction;
using Mantle.Measure.Twin;
using Mantle.Measure.Verification;

namespace Mantle.Measure.Release.Verification;

/// <summary>What the image's bytes say by themselves, held against what the release claims of them. No claim is taken over.</summary>
internal static class ImageRules
{
    /// <returns>The measurements of both modes, or null where a check failed.</returns>
    public static (ImagePrediction Off, ImagePrediction On)? Check(CheckReport report, ReleaseInputs inputs)
    {
        if (inputs.Image is not { } image)
        {
            report.Missing("image", "there is no image");
            return null;
        }

        CheckReport disk = new();
        ManifestClaims? manifest = ManifestClaims.Read(disk, inputs.Directory.Find(ReleaseFiles.Manifest));
        DiskChecks.Check(disk, image, manifest);
        report.Include("image.", disk);
        CheckTwin(report, inputs, image);
        ImagePrediction? off = CheckMode(report, inputs, image, SecureBootState.Off);
        ImagePrediction? on = CheckMode(report, inputs, image, SecureBootState.On);
        if (inputs.Directory.Find(ReleaseFiles.Uki) is { } uki)
        {
            ImageVerifier.Guard(report, "uki", () => report.Check(
                "uki", PrintedText.Digest(uki) == PrintedText.Digest(BootFileLocator.Locate(image, ReleaseFiles.Image).Content) ? null : "uki.efi is not the boot file of the image", "the boot file of the image"));
        }

        return off is null || on is null ? null : (off, on);
    }

    private static void CheckTwin(CheckReport report, ReleaseInputs inputs, ByteSource image) => ImageVerifier.Guard(report, "debug-twin", () =>
    {
        string[] marks =
        [
            .. inputs.Statement.IsDebugTwin ? ["the release statement"] : Array.Empty<string>(),
            .. DebugTwin.FindMarks(image),
            .. inputs.Directory.Find(ReleaseFiles.Manifest) is { } manifest && DebugTwin.IsMarkedManifest(manifest) ? ["manifest.json"] : Array.Empty<string>(),
        ];
        report.Check("debug-twin", marks.Length == 0 ? null : $"a debug twin: {string.Join("; ", marks)}", "no mark in UKI, root, manifest and statement");
    });

    private static ImagePrediction? CheckMode(CheckReport report, ReleaseInputs inputs, ByteSource image, SecureBootState mode)
    {
        bool isOn = mode == SecureBootState.On;
        (string id, string name) = isOn ? ("measurements.on", ReleaseFiles.SecureBootMeasurements) : ("measurements.off", ReleaseFiles.Measurements);
        if (inputs.Directory.Find(name) is not { } file)
        {
            report.Check(id, false, $"there is no {name}");
            return null;
        }

        ImagePrediction? prediction = null;
        ImageVerifier.Guard(report, id, () =>
        {
            ImagePrediction claimed = MeasurementsDocument.Read(file);
            ImagePrediction actual = Predictor.Predict(image, new()
            {
                Banks = claimed.Banks,
                SecureBoot = mode,
                Variables = isOn ? inputs.Variables() : null,
                Platform = claimed.Platform,
                Profile = claimed.Profile,
                InputName = claimed.BootFile,
            });
            ReleaseMeasurements computed = ReleaseMeasurements.Of(actual);
            ReleaseMeasurements stated = isOn ? inputs.Statement.WithSecureBoot : inputs.Statement.WithoutSecureBoot;
            string? problem =
                claimed.SecureBoot != mode ? $"{name} is not of Secure Boot {(isOn ? "on" : "off")}"
                : computed.Difference(ReleaseMeasurements.Of(claimed)) is { } difference ? $"the image's {difference} as {name} has it"
                : claimed.Profile != 0 ? $"{name} is of profile {claimed.Profile} of the UKI, not of the one that is started by itself"
                : !computed.Banks.ContainsKey(TpmAlgorithm.Sha384) ? $"{name} has no bank sha384, the one that instances attest"
                : computed.Difference(stated) is { } other ? $"the image's {other} as the statement has it"
                : claimed.BootFile != actual.BootFile || claimed.StubVersion != actual.StubVersion || claimed.KernelRelease != actual.KernelRelease ? $"{name} names another boot file, stub or kernel"
                : null;
            if (report.Check(id, problem, $"computed from the image: {string.Join(", ", computed.Banks.First().Value.Keys.Select(pcr => $"PCR {pcr}"))} in {computed.Banks.Count} banks, as {name} and the statement have them"))
            {
                prediction = actual;
            }
        });
        return prediction;
    }
}
