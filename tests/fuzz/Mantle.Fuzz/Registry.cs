namespace Mantle.Fuzz;

/// <summary>Every reader of bytes that somebody else may have written. A new one joins with one line.</summary>
internal static class Registry
{
    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        .. PackageReaders.All, .. DiskReaders.All, .. FileSystemReaders.All, .. BootReaders.All, .. FirmwareReaders.All, .. AttestationReaders.All, .. TextReaders.All,
        .. GuestReaders.All, .. MeasureReaders.All, .. PolicyReaders.All, .. ReleaseReaders.All, .. PublishReaders.All, .. ServiceReaders.All, .. UnsealReaders.All,
    ];

    public static FuzzReader Find(string name) =>
        All.FirstOrDefault(reader => reader.Name == name) ?? throw new ArgumentException($"no reader \"{name}\"; there are {string.Join(", ", All.Select(r => r.Name))}");
}
