using Mantle.Formats.Pe.Uki;

namespace Mantle.Measure.Prediction;

/// <summary>
/// PCR 12, overrides: a command line from elsewhere, credentials, addons, confexts. A sealed image has none, so the PCR stays zero,
/// and a policy that binds it to zero keeps out whoever adds one.
/// </summary>
internal static class Pcr12KernelOverrides
{
    public const int Index = 12;

    public static PcrPlan Plan(BootInputs inputs) => inputs.Section(UkiSectionName.CommandLine) is null
        ? PcrPlan.Unknown(Index, "there is no section \".cmdline\", so the firmware's boot entry decides the command line")
        : new(Index, []);
}
