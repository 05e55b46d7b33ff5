namespace Mantle.Measure.Audit.Inspection;

/// <summary>What a file tree is for in the image.</summary>
public enum TreeRole
{
    /// <summary>The EFI system partition, or the extended boot loader partition.</summary>
    Esp,

    /// <summary>What becomes the root (or /usr) of the running system.</summary>
    Root,

    /// <summary>What the kernel unpacks before the root is there.</summary>
    Initrd,

    /// <summary>Any other file system.</summary>
    Data,
}
