using Mantle.Formats.Bytes;

namespace Mantle.ImageBuilder.Volumes;

/// <summary>What volume to make.</summary>
public sealed record VolumeRequest
{
    /// <summary>The file system: a multiple of 4096 bytes.</summary>
    public required ByteSource Content { get; init; }

    /// <summary>Stands for the content, so that an interrupted run goes on only with the same: names, lengths and times of what it was read from.</summary>
    public required string ContentIdentity { get; init; }

    /// <summary>Where the volume goes.</summary>
    public required string Output { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its version.</summary>
    public required string Version { get; init; }

    /// <summary>Seals the new data key; null: the volume is not encrypted.</summary>
    public Func<ReadOnlyMemory<byte>, CancellationToken, Task<byte[]>>? SealKey { get; init; }

    /// <summary>What else an encrypted volume's journal must agree in: the key and the context.</summary>
    public string SealIdentity { get; init; } = "";

    /// <summary>Told the bytes that are done, of the whole volume's.</summary>
    public Action<long, long>? Progress { get; init; }
}

/// <summary>What was made.</summary>
/// <param name="RootHash">The verity root hash, in lower-case hexadecimal.</param>
/// <param name="Length">Bytes of the disk image.</param>
/// <param name="DataLength">Bytes of the file system.</param>
/// <param name="IsEncrypted">Whether it is encrypted.</param>
/// <param name="ResumedBytes">Bytes that an earlier, interrupted run had done.</param>
/// <param name="WasResumable">Whether this run could have been gone on with, had it been killed.</param>
public sealed record VolumeResult(string RootHash, long Length, long DataLength, bool IsEncrypted, long ResumedBytes, bool WasResumable);
