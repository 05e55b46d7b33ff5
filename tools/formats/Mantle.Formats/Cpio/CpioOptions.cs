namespace Mantle.Formats.Cpio;

/// <summary>How <see cref="CpioWriter"/> writes.</summary>
public sealed class CpioOptions
{
    /// <summary>Write the root directory as a member <c>.</c> too, so that the kernel gives its owner and mode to the root file system.</summary>
    public bool IncludeRoot { get; init; }
}
