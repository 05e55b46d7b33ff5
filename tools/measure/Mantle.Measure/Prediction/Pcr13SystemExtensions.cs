namespace Mantle.Measure.Prediction;

/// <summary>PCR 13, system extension images beside the boot file. A sealed image has none, so the PCR stays zero.</summary>
internal static class Pcr13SystemExtensions
{
    public const int Index = 13;

    public static PcrPlan Plan(BootInputs inputs) => inputs.UnknownExtras is { } unknown
        ? PcrPlan.Unknown(Index, unknown)
        : new(Index, [.. inputs.Archives.Where(archive => archive.Register == Index).Select(Pcr12KernelOverrides.Archive)]);
}
