namespace Mantle.Emulator.Machine;

/// <summary>Where the host's UEFI firmware for x86-64 is: the code, and the template of the variable store that each run starts from.</summary>
/// <param name="CodePath">Read-only flash.</param>
/// <param name="VariablesPath">Template of the variable store; every machine gets a copy.</param>
/// <param name="NeedsSystemManagementMode">Whether it is the Secure Boot build, which protects its variable store by SMM.</param>
public sealed record Firmware(string CodePath, string VariablesPath, bool NeedsSystemManagementMode)
{
    private const string DebianFolder = "/usr/share/OVMF";

    /// <summary>Debian's OVMF without Secure Boot (bookworm and trixie have it at the same path), or null if the package is not installed.</summary>
    public static Firmware? FindPlain() => Find("OVMF_CODE_4M.fd", needsSystemManagementMode: false);

    /// <summary>Debian's OVMF with Secure Boot and no keys, or null if the package is not installed.</summary>
    public static Firmware? FindSecureBoot() => Find("OVMF_CODE_4M.secboot.fd", needsSystemManagementMode: true);

    private static Firmware? Find(string code, bool needsSystemManagementMode)
    {
        Firmware firmware = new(Path.Combine(DebianFolder, code), Path.Combine(DebianFolder, "OVMF_VARS_4M.fd"), needsSystemManagementMode);
        return File.Exists(firmware.CodePath) && File.Exists(firmware.VariablesPath) ? firmware : null;
    }
}
