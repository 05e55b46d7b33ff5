using Mantle.Formats.Bytes;
using Mantle.Formats.Tree;

namespace Mantle.Formats.Cpio;

/// <summary>One member of a cpio archive as its header states it.</summary>
public sealed class CpioEntry
{
    /// <summary>Name as written, for example <c>./usr/bin/init</c>. Nothing has been normalised.</summary>
    public required string Name { get; init; }

    /// <summary>Which of the concatenated archives holds the member, from 0.</summary>
    public int Archive { get; init; }

    /// <summary>Offset of the header in the input, in bytes.</summary>
    public long Offset { get; init; }

    /// <summary>Inode number. With <see cref="DeviceMajor"/> and <see cref="DeviceMinor"/> it says which names are one file.</summary>
    public uint Inode { get; init; }

    /// <summary>What the file is.</summary>
    public FileKind Kind { get; init; }

    /// <summary>The lower twelve mode bits.</summary>
    public int Permissions { get; init; }

    /// <summary>Owner.</summary>
    public uint UserId { get; init; }

    /// <summary>Group.</summary>
    public uint GroupId { get; init; }

    /// <summary>Number of names that the file claims to have.</summary>
    public uint LinkCount { get; init; }

    /// <summary>Modification time in seconds since 1970.</summary>
    public uint ModifiedSeconds { get; init; }

    /// <summary>Major number of the device that held the file when it was archived.</summary>
    public uint DeviceMajor { get; init; }

    /// <summary>Minor number of the device that held the file when it was archived.</summary>
    public uint DeviceMinor { get; init; }

    /// <summary>Major number, if the file is a device.</summary>
    public uint RawDeviceMajor { get; init; }

    /// <summary>Minor number, if the file is a device.</summary>
    public uint RawDeviceMinor { get; init; }

    /// <summary>Data of the member: content of a regular file, target of a symbolic link, else empty.</summary>
    public required ByteSource Data { get; init; }

    /// <summary>Target of a symbolic link; empty for all else.</summary>
    public string LinkTarget => Kind == FileKind.SymbolicLink ? LinuxText.Decode(Data.ToArray()) : "";
}
