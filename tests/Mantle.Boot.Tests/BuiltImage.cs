using Mantle.Formats.Bytes;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;
using Mantle.Testing;

namespace Mantle.Boot.Tests;

/// <summary>What "make image" left in <c>out/</c>, "make debug" in <c>out-debug/</c> and "make tools" in <c>dist/</c>.</summary>
internal static class BuiltImage
{
    public static string Uki => BuildOutput.Require("out", "uki.efi");

    public static string Measurements => BuildOutput.Require("out", "measurements.json");

    public static string Disk => BuildOutput.Require("out", "image.raw");

    /// <summary>The debug twin's disk.</summary>
    public static string Twin => BuildOutput.Require("out-debug", "image.raw");

    /// <summary>The published tool.</summary>
    public static string MeasureTool => BuildOutput.Require("dist", "measure");

    /// <summary>The published builder.</summary>
    public static string BuilderTool => BuildOutput.Require("dist", "imagebuilder");

    /// <summary>What the disk's bytes say that a TPM will hold, in all four banks.</summary>
    public static ImagePrediction Predict() => Predict(Disk);

    /// <summary>The same for another disk or a UKI by itself.</summary>
    public static ImagePrediction Predict(string path)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path);
        return Predictor.Predict(ByteSource.FromFile(file), new() { Banks = TpmHash.Computable });
    }
}
