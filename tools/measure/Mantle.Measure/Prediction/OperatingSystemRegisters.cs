namespace Mantle.Measure.Prediction;

/// <summary>PCR 8, 10, 14 and 15: what runs after the boot file would measure here, or a boot loader that is not there.</summary>
internal static class OperatingSystemRegisters
{
    public static PcrPlan BootLoader(BootInputs _) => Untouched(8);

    public static PcrPlan IntegrityMeasurement(BootInputs _) =>
        PcrPlan.Unknown(10, "the kernel measures a digest of PCR 0 to 9 and whatever its IMA policy says");

    public static PcrPlan MachineOwner(BootInputs _) => Untouched(14);

    public static PcrPlan SystemIdentity(BootInputs _) => Untouched(15);

    private static PcrPlan Untouched(int index) => new(index, []) { Basis = PcrBasis.OperatingSystem };
}
