namespace Mantle.ImageBuilder.Packages;

/// <summary>What packages are locked for; the names stand in the lock.</summary>
public static class UseName
{
    /// <summary>Unpacked into the root file system.</summary>
    public const string Root = "root";

    /// <summary>Kernel image and modules.</summary>
    public const string Kernel = "kernel";

    /// <summary>systemd-stub.</summary>
    public const string Stub = "stub";

    /// <summary>Unpacked into the root file system of the debug twin, and of it alone.</summary>
    public const string Debug = "debug";

    /// <summary>What links the guest programs; nothing of it is in the image.</summary>
    public const string Toolchain = "toolchain";
}
