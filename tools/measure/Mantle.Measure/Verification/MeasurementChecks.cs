using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.Checking;
using Mantle.Measure.Prediction;

namespace Mantle.Measure.Verification;

/// <summary>The registers: predicted anew from the image in the banks of the claim, and compared with it.</summary>
internal static class MeasurementChecks
{
    public static void Check(CheckReport report, ByteSource image, ImagePrediction claimed)
    {
        PredictedPcr[] decided = [.. claimed.Pcrs.Where(pcr => pcr.Basis == PcrBasis.Image)];
        ImagePrediction? actual = null;
        ImageVerifier.Guard(report, "measurements", () => actual = Predictor.Predict(
            image,
            new()
            {
                Banks = claimed.Banks,
                Pcrs = [.. decided.Select(pcr => pcr.Index)],
                SecureBoot = claimed.SecureBoot,
                Platform = claimed.Platform,
                Profile = claimed.Profile,
                InputName = claimed.BootFile,
            }));
        if (actual is null)
        {
            return;
        }

        report.Check(
            "measurements",
            actual.StubVersion == claimed.StubVersion && actual.KernelRelease == claimed.KernelRelease && actual.BootFile == claimed.BootFile
                ? null
                : $"boot file {actual.BootFile}, stub {actual.StubVersion}, kernel {actual.KernelRelease}; claimed are {claimed.BootFile}, {claimed.StubVersion}, {claimed.KernelRelease}",
            $"boot file {actual.BootFile}, stub {actual.StubVersion}, kernel {actual.KernelRelease}, banks {string.Join(", ", actual.Banks.Select(bank => bank.Name()))}");
        foreach (PredictedPcr pcr in decided)
        {
            string id = $"pcr-{pcr.Index}";
            PredictedPcr? computed = actual.Pcrs.FirstOrDefault(one => one.Index == pcr.Index);
            if (computed is null)
            {
                report.Check(id, false, $"the image does not determine it: {actual.Unpredicted.FirstOrDefault(one => one.Index == pcr.Index)?.Reason ?? "no rule"}");
                continue;
            }

            TpmAlgorithm[] differing = [.. claimed.Banks.Where(bank => computed.Values[bank] != pcr.Values[bank])];
            report.Check(
                id,
                differing.Length == 0 ? null : $"{string.Join("; ", differing.Select(bank => $"{bank.Name()} {computed.Values[bank]}, claimed is {pcr.Values[bank]}"))}",
                $"equal in {claimed.Banks.Count} banks, {claimed.Banks[^1].Name()} {computed.Values[claimed.Banks[^1]]}");
        }

        foreach (int index in (int[])[4, 7, 12, 13])
        {
            if (claimed.Pcrs.All(pcr => pcr.Index != index))
            {
                report.Missing($"pcr-{index}", "the measurements do not claim it");
            }
        }
    }
}
