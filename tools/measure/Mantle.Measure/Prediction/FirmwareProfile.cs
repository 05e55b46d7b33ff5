namespace Mantle.Measure.Prediction;

/// <summary>Which registers a platform's firmware uses, where platforms differ.</summary>
/// <param name="Name">The platform's name on the command line and in documents.</param>
/// <param name="Description">One line for people.</param>
/// <param name="ApplicationRegister">Where EFI applications are measured: 4 by the specification.</param>
/// <param name="PartitionTableRegister">Where the boot disk's partition table is measured: 5 by the specification.</param>
public sealed record FirmwareProfile(string Name, string Description, int ApplicationRegister, int PartitionTableRegister)
{
    /// <summary>EDK2's OVMF, as QEMU uses it.</summary>
    public static FirmwareProfile Ovmf { get; } = new("ovmf", "EDK2 firmware of QEMU", 4, 5);

    /// <summary>EC2 with UEFI and NitroTPM.</summary>
    public static FirmwareProfile Ec2 { get; } = new("ec2", "EC2 with UEFI and NitroTPM", 4, 5);

    /// <summary>Compute Engine: boot file, inner kernel and partition table go into PCR 2.</summary>
    public static FirmwareProfile Gcp { get; } = new("gcp", "Google Compute Engine", 2, 2);

    /// <summary>All that are known.</summary>
    public static IReadOnlyList<FirmwareProfile> All { get; } = [Ovmf, Ec2, Gcp];

    /// <summary>The profile of a name.</summary>
    /// <exception cref="UserErrorException">There is none.</exception>
    public static FirmwareProfile Find(string name) => All.FirstOrDefault(profile => profile.Name == name)
        ?? throw new UserErrorException($"platform \"{name}\" is none of {string.Join(", ", All.Select(profile => profile.Name))}", exitCode: ExitCode.Usage);
}
