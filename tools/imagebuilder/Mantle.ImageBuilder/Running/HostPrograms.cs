using Mantle.Measure;

namespace Mantle.ImageBuilder.Running;

/// <summary>The host's programs and firmware that make a machine: QEMU, swtpm and OVMF.</summary>
/// <param name="Qemu">qemu-system-x86_64.</param>
/// <param name="SoftwareTpm">swtpm.</param>
/// <param name="FirmwareCode">The code of OVMF, the build with Secure Boot.</param>
/// <param name="FirmwareVariables">Its variable store without keys.</param>
/// <param name="HasVirtualization">Whether the processor runs the guest itself (KVM); otherwise it is emulated, ten times slower.</param>
public sealed record HostPrograms(string Qemu, string SoftwareTpm, string FirmwareCode, string FirmwareVariables, bool HasVirtualization)
{
    private const string Kvm = "/dev/kvm";

    private static readonly string[] s_folders = ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"];

    private static readonly (string Code, string Variables)[] s_firmware =
    [
        ("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"), // Debian, Ubuntu
        ("/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"), // Fedora
    ];

    /// <summary>Finds them where distributions put them, and programs in the folders of a search path too.</summary>
    /// <param name="searchPath">Folders separated by colons, as in the variable PATH; null: none.</param>
    /// <exception cref="UserErrorException">One is not installed; the hint names Debian's package. Exit code 4.</exception>
    public static HostPrograms Find(string? searchPath)
    {
        string[] folders = [.. (searchPath ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Where(Path.IsPathRooted), .. s_folders];
        string Program(string name, string package) => folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw Missing($"{name} is not installed", package);
        string qemu = Program("qemu-system-x86_64", "qemu-system-x86");
        string tpm = Program("swtpm", "swtpm");
        (string code, string variables) = s_firmware.FirstOrDefault(pair => File.Exists(pair.Code) && File.Exists(pair.Variables));
        return code is null ? throw Missing("the UEFI firmware OVMF is not installed", "ovmf") : new(qemu, tpm, code, variables, CanVirtualize());
    }

    private static bool CanVirtualize()
    {
        try
        {
            using Microsoft.Win32.SafeHandles.SafeFileHandle device = File.OpenHandle(Kvm, FileMode.Open, FileAccess.ReadWrite);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static UserErrorException Missing(string what, string package) => new(what, $"on Debian: apt-get install {package}", ExitCode.Environment);
}
