using Microsoft.Win32.SafeHandles;

namespace Mantle.Emulator.Ec2.Ebs;

/// <summary>A snapshot. Its blocks are in a sparse file at their offsets, so that a test can compare it with an image, and tamper with it.</summary>
public sealed class EmulatedSnapshot : IDisposable
{
    internal const int BlockSize = 524_288;

    private readonly SortedDictionary<int, byte[]> _blocks = [];
    private readonly SafeFileHandle _file;

    internal EmulatedSnapshot(string path)
    {
        Path = path;
        _file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite);
    }

    public required string Id { get; init; }

    public required string Region { get; init; }

    public required string Owner { get; init; }

    /// <summary>GiB.</summary>
    public required int VolumeSize { get; init; }

    public string Description { get; init; } = "";

    public string? ClientToken { get; init; }

    /// <summary>What the request that made it said, to tell a retry from another request.</summary>
    public string Request { get; init; } = "";

    /// <summary><c>pending</c>, <c>completed</c> or <c>error</c>.</summary>
    public string State { get; set; } = "pending";

    public DateTimeOffset Started { get; init; }

    /// <summary>Without a block for so long, a pending snapshot fails.</summary>
    public TimeSpan Timeout { get; init; }

    public DateTimeOffset LastWrite { get; set; }

    public Dictionary<string, string> Tags { get; } = new(StringComparer.Ordinal);

    /// <summary>Accounts that may make volumes of it and read it, or <c>all</c>.</summary>
    public SortedSet<string> SharedWith { get; } = new(StringComparer.Ordinal);

    /// <summary>Where the blocks are.</summary>
    public string Path { get; }

    /// <summary>Blocks that were put, how often each.</summary>
    public Dictionary<int, int> Puts { get; } = [];

    internal int Invisible { get; set; }

    internal int PendingReads { get; set; }

    /// <summary>The indexes of the blocks that it has.</summary>
    public IReadOnlyList<int> Blocks
    {
        get
        {
            lock (_blocks)
            {
                return [.. _blocks.Keys];
            }
        }
    }

    /// <summary>The digests of the blocks, by index.</summary>
    internal IReadOnlyList<byte[]> Digests
    {
        get
        {
            lock (_blocks)
            {
                return [.. _blocks.Values];
            }
        }
    }

    /// <summary>Puts a block, as a test may do behind everybody's back.</summary>
    public void Put(int index, ReadOnlySpan<byte> block)
    {
        byte[] digest = System.Security.Cryptography.SHA256.HashData(block);
        RandomAccess.Write(_file, block, (long)index * BlockSize);
        lock (_blocks)
        {
            _blocks[index] = digest;
            Puts[index] = Puts.GetValueOrDefault(index) + 1;
        }
    }

    /// <summary>Takes a block away.</summary>
    public void Remove(int index)
    {
        lock (_blocks)
        {
            _blocks.Remove(index);
        }
    }

    /// <summary>The block's bytes as they are on disk, or null when there is none.</summary>
    public byte[]? Read(int index)
    {
        lock (_blocks)
        {
            if (!_blocks.ContainsKey(index))
            {
                return null;
            }
        }

        byte[] block = new byte[BlockSize];
        RandomAccess.Read(_file, block, (long)index * BlockSize);
        return block;
    }

    internal void CopyTo(EmulatedSnapshot other)
    {
        foreach (int index in Blocks)
        {
            other.Put(index, Read(index));
        }
    }

    public void Dispose() => _file.Dispose();
}
