using Mantle.Formats.Bytes;

namespace Mantle.Measure.Prediction;

/// <summary>A file beside the boot file that systemd-stub picks up.</summary>
/// <param name="Name">Its name without folders; the stub sorts by it and measures it.</param>
/// <param name="Content">Its bytes.</param>
public sealed record CompanionFile(string Name, ByteSource Content);

/// <summary>
/// What reaches the kernel from outside the boot file: files on the EFI system partition, firmware strings, a boot entry's options. Nobody signs most
/// of it; it shows in PCR 4, 9, 12 and 13.
/// </summary>
public sealed record BootExtras
{
    /// <summary>Nothing at all, as a sealed image has it.</summary>
    public static BootExtras None { get; } = new();

    /// <summary>Files <c>*.addon.efi</c> of the folder <c>BOOTFILE.extra.d</c>.</summary>
    public IReadOnlyList<CompanionFile> Addons { get; init; } = [];

    /// <summary>Files <c>*.addon.efi</c> of <c>loader/addons</c>.</summary>
    public IReadOnlyList<CompanionFile> GlobalAddons { get; init; } = [];

    /// <summary>Files <c>*.cred</c> of the folder <c>BOOTFILE.extra.d</c>.</summary>
    public IReadOnlyList<CompanionFile> Credentials { get; init; } = [];

    /// <summary>Files <c>*.cred</c> of <c>loader/credentials</c>.</summary>
    public IReadOnlyList<CompanionFile> GlobalCredentials { get; init; } = [];

    /// <summary>Files <c>*.raw</c> of the folder <c>BOOTFILE.extra.d</c>, without <c>*.confext.raw</c>.</summary>
    public IReadOnlyList<CompanionFile> SystemExtensions { get; init; } = [];

    /// <summary>Files <c>*.confext.raw</c> of the folder <c>BOOTFILE.extra.d</c>.</summary>
    public IReadOnlyList<CompanionFile> ConfigurationExtensions { get; init; } = [];

    /// <summary>The SMBIOS type 11 string <c>io.systemd.stub.kernel-cmdline-extra=</c>, without that prefix; null: there is none.</summary>
    public string? FirmwareCommandLine { get; init; }

    /// <summary>The boot entry's optional data as text; empty: it has none. Null: not given, which matters to a boot file without <c>.cmdline</c>.</summary>
    public string? LoadOptions { get; init; }

    /// <summary>Whether there is anything that systemd-stub measures or passes on.</summary>
    internal bool IsEmpty =>
        Addons.Count + GlobalAddons.Count + Credentials.Count + GlobalCredentials.Count + SystemExtensions.Count + ConfigurationExtensions.Count == 0
        && string.IsNullOrEmpty(FirmwareCommandLine) && string.IsNullOrEmpty(LoadOptions);

    /// <summary>These and others: what the disk has, and what is given besides.</summary>
    internal BootExtras With(BootExtras given) => given with
    {
        Addons = [.. Addons, .. given.Addons],
        GlobalAddons = [.. GlobalAddons, .. given.GlobalAddons],
        Credentials = [.. Credentials, .. given.Credentials],
        GlobalCredentials = [.. GlobalCredentials, .. given.GlobalCredentials],
        SystemExtensions = [.. SystemExtensions, .. given.SystemExtensions],
        ConfigurationExtensions = [.. ConfigurationExtensions, .. given.ConfigurationExtensions],
    };
}
