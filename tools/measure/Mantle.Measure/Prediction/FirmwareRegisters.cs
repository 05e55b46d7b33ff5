namespace Mantle.Measure.Prediction;

/// <summary>PCR 0 to 3 and 6: the firmware's own code and configuration. The image decides nothing here, except where a platform puts its events.</summary>
internal static class FirmwareRegisters
{
    public static PcrPlan Code(BootInputs _) =>
        PcrPlan.Unknown(0, "the firmware alone decides it: its version and its volumes");

    public static PcrPlan Configuration(BootInputs _) =>
        PcrPlan.Unknown(1, "the firmware and the machine decide it: boot entries, ACPI and SMBIOS tables");

    public static PcrPlan OptionRoms(BootInputs inputs) =>
        inputs.Firmware.PartitionTableRegister == 2 && inputs.GptEvent is null
            ? PcrPlan.Unknown(2, $"on platform {inputs.Firmware.Name} {Pcr05BootManagerConfiguration.NoDisk}")
            : SeparatorOnly(2) with
            {
                Events =
                [
                    PlannedEvent.Separator,
                    .. inputs.Firmware.PartitionTableRegister == 2 ? [Pcr05BootManagerConfiguration.PartitionTable(inputs)] : Array.Empty<PlannedEvent>(),
                    .. inputs.Firmware.ApplicationRegister == 2 ? Pcr04BootManager.Applications(inputs) : [],
                ],
            };

    public static PcrPlan OptionRomConfiguration(BootInputs _) => SeparatorOnly(3);

    public static PcrPlan Manufacturer(BootInputs _) => SeparatorOnly(6);

    private static PcrPlan SeparatorOnly(int index) => new(index, [PlannedEvent.Separator]) { Basis = PcrBasis.Firmware };
}
