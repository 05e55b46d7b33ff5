namespace Mantle.Formats.Cpio;

/// <summary>
/// Constants of the "new ASCII" cpio format: <c>cpio(5)</c>, and Documentation/driver-api/early-userspace/buffer-format.rst of Linux,
/// whose reader (init/initramfs.c) is the one that matters for an initrd.
/// </summary>
internal static class CpioFormat
{
    public const string Name = "cpio";
    public const int MagicLength = 6;
    public const int FieldCount = 13;
    public const int FieldLength = 8;
    public const int HeaderLength = MagicLength + (FieldCount * FieldLength);
    public const int Alignment = 4;

    /// <summary>PATH_MAX, the NUL included. The kernel skips a member with a longer name or link target without a word.</summary>
    public const int MaximumPathLength = 4096;

    public static ReadOnlySpan<byte> Magic => "070701"u8;

    public static ReadOnlySpan<byte> ChecksumMagic => "070702"u8;

    /// <summary>Name of the member that ends an archive.</summary>
    public const string Trailer = "TRAILER!!!";

    public static long Align(long offset) => (offset + Alignment - 1) & -Alignment;
}
