using Mantle.Formats.Bytes;

namespace Mantle.Measure.Prediction;

/// <summary>An archive that the stub makes of files beside the boot file: measured, then part of the initrd.</summary>
/// <param name="Register">12 or 13.</param>
/// <param name="Title">What the stub calls it in the log.</param>
/// <param name="Content">The archive.</param>
/// <param name="Source">The files.</param>
internal sealed record CompanionArchive(int Register, string Title, ByteSource Content, EventSource Source)
{
    /// <summary>The archives in the order in which the stub measures them, which is that of the initrd.</summary>
    public static IReadOnlyList<CompanionArchive> Of(BootExtras extras) =>
    [
        .. Make(12, "Credentials initrd", extras.Credentials, files => StubArchive.OfCredentials("credentials", files)),
        .. Make(12, "Global credentials initrd", extras.GlobalCredentials, files => StubArchive.OfCredentials("global_credentials", files)),
        .. Make(13, "System extension initrd", extras.SystemExtensions, files => StubArchive.OfExtensions("sysext", files)),
        .. Make(12, "Configuration extension initrd", extras.ConfigurationExtensions, files => StubArchive.OfExtensions("confext", files)),
    ];

    private static IEnumerable<CompanionArchive> Make(
        int register, string title, IReadOnlyList<CompanionFile> files, Func<IEnumerable<CompanionFile>, ByteSource> archive) =>
        files.Count == 0
            ? []
            : [new(register, title, archive(files), new(EventSourceKind.Companion, string.Join(" + ", StubArchive.Sorted(files).Select(file => file.Name))))];
}
