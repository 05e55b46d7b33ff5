namespace Mantle.Measure.Audit.Inspection;

/// <summary>What a volume is for.</summary>
public enum VolumeRole
{
    /// <summary>The firmware or the boot loader reads it.</summary>
    Esp,

    /// <summary>A root or /usr file system.</summary>
    Root,

    /// <summary>The hash tree of a verity-protected volume.</summary>
    Verity,

    /// <summary>Anything else with a known content.</summary>
    Data,

    /// <summary>Its content is not understood.</summary>
    Unknown,
}
