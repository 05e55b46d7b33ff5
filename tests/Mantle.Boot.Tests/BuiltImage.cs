using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;
using Mantle.Testing;

namespace Mantle.Boot.Tests;

/// <summary>What "make image" left in <c>out/</c> and "make tools" in <c>dist/</c>.</summary>
internal static class BuiltImage
{
    public static string Uki => Require("out", "uki.efi");

    public static string Measurements => Require("out", "measurements.json");

    public static string Disk => Require("out", "image.raw");

    /// <summary>The published tool.</summary>
    public static string MeasureTool => Require("dist", "measure");

    /// <summary>What the disk's bytes say that a TPM will hold, in all four banks.</summary>
    public static ImagePrediction Predict() => Predict(Disk);

    /// <summary>The same for another disk or a UKI by itself.</summary>
    public static ImagePrediction Predict(string path)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path);
        return Predictor.Predict(ByteSource.FromFile(file), new() { Banks = TpmHash.Computable });
    }

    /// <summary>A file that the build must have made; without it the test is skipped on a laptop and fails in CI.</summary>
    private static string Require(string folder, string name)
    {
        string path = Repository.PathOf(folder, name);
        if (!File.Exists(path))
        {
            string problem = $"NOT BUILT: {folder}/{name} does not exist (run \"make image tools\")";
            if (Oracle.InContinuousIntegration)
            {
                Assert.Fail(problem);
            }

            Assert.Skip(problem);
        }

        return path;
    }
}
