namespace Mantle.Measure.Prediction;

/// <summary>Kinds of input that an event's digest comes from.</summary>
public enum EventSourceKind
{
    /// <summary>Fixed by the firmware's specification: the same for every image.</summary>
    FirmwareConstant,

    /// <summary>A UEFI variable that the platform holds.</summary>
    FirmwareVariable,

    /// <summary>A whole boot file.</summary>
    File,

    /// <summary>The disk's partition table.</summary>
    PartitionTable,

    /// <summary>One section of the UKI, or several joined by <c>+</c>.</summary>
    Section,

    /// <summary>A file beside the boot file: an addon, a credential, an extension.</summary>
    Companion,

    /// <summary>Words for the kernel from outside the boot file: a boot entry's options, a firmware string, the number of a profile.</summary>
    CommandLine,

    /// <summary>An entry of db: a certificate or a digest.</summary>
    Certificate,

    /// <summary>A word that the booting system measures when it reaches a phase.</summary>
    BootPhase,
}

/// <summary>Which input an event's digest comes from, so that a changed value can be traced to what changed it.</summary>
/// <param name="Kind">The kind of input.</param>
/// <param name="Name">The input's name: a section, a path on the ESP, a variable, a clause.</param>
public sealed record EventSource(EventSourceKind Kind, string Name)
{
    /// <summary>The packages that the input was taken out of, as the build's manifest says; empty: none, or not known.</summary>
    public IReadOnlyList<SourcePackage> Packages { get; init; } = [];

    /// <summary>One source for an event that several inputs make: the kind of the first, the names joined.</summary>
    internal static EventSource Join(IReadOnlyList<EventSource> sources) =>
        new(sources[0].Kind, string.Join(" + ", sources.Select(source => source.Name).Distinct()));
}
