using Mantle.Init.Configuration;
using Mantle.Init.Kernel;
using Mantle.Init.Service;
using Mantle.Init.Verity;

namespace Mantle.Init.Unsealing;

/// <summary>Does what <see cref="Unsealer"/> decides.</summary>
/// <param name="unseal">What is to be unsealed.</param>
/// <param name="secrets">Where secret files go.</param>
/// <param name="self">This program's path.</param>
internal sealed class UnsealHost(UnsealConfiguration unseal, SecretStore secrets, string self) : IUnsealHost
{
    private const int LongestBlob = 8192;
    private readonly Dictionary<string, (VolumePartitions Partitions, byte[] Blob)> _volumes = new(StringComparer.Ordinal);
    private UnsealChannel? _channel;
    private int _process;

    /// <summary>What to poll; -1 while there is no program.</summary>
    internal int Descriptor => _channel?.Descriptor ?? -1;

    /// <inheritdoc/>
    public byte? FindVolumes()
    {
        if (unseal.Volumes.Count == 0)
        {
            return null;
        }

        List<Guid> strays = [];
        List<Partition> partitions = Partitions.Scan(strays);
        foreach (VolumeConfiguration volume in unseal.Volumes)
        {
            try
            {
                VolumePartitions found = VolumePartitions.Find(volume, partitions, strays);
                _volumes[volume.Name] = (found, found.Key is null ? [] : ReadBlob(found.Key));
            }
            catch (StageException problem) when (problem.Code is StageCode.VolumeNotFound or StageCode.VolumeMalformed)
            {
                // Its disk, or the partitions of a disk that is there, may still come.
                return problem.Code;
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public int Start()
    {
        _channel = new UnsealChannel();
        _process = ServiceProcess.Start(self, ProcessRole.UnsealName, _channel.Peer);
        _channel.ClosePeer();
        return _process;
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> BlobOf(VolumeConfiguration volume) => _volumes[volume.Name].Blob;

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> datagram) => _channel!.Send(datagram);

    /// <summary>The next datagram of the program's; see <see cref="UnsealChannel.Receive"/>.</summary>
    internal int? Receive(Span<byte> buffer) => _channel is { } channel ? channel.Receive(buffer) : null;

    /// <inheritdoc/>
    public void Store(string name, ReadOnlySpan<byte> piece, bool isFirst) => secrets.Add(name, piece, isFirst);

    /// <inheritdoc/>
    public void CloseSecrets() => SecretStore.Close();

    /// <inheritdoc/>
    public void Open(VolumeConfiguration volume, ReadOnlySpan<byte> key) => VolumeOpener.Open(volume, _volumes[volume.Name].Partitions, key);

    /// <inheritdoc/>
    public void Undo()
    {
        EndProgram();
        foreach (VolumeConfiguration volume in unseal.Volumes)
        {
            VolumeOpener.Close(volume);
        }

        secrets.Empty();
        _volumes.Clear();
    }

    /// <inheritdoc/>
    public void EndProgram()
    {
        if (_process > 0)
        {
            _ = Interop.Libc.kill(_process, Signal.SIGKILL);
            _process = 0;
        }

        _channel?.Close();
        _channel = null;
    }

    private static byte[] ReadBlob(Partition partition)
    {
        string path = $"/dev/{partition.Device.Name}";
        int descriptor = KernelFile.Open(path, OpenFlags.ReadOnly);
        try
        {
            return KernelFile.ReadAt(descriptor, 0, (int)Math.Min(partition.Length, LongestBlob), path);
        }
        finally
        {
            _ = Interop.Libc.close(descriptor);
        }
    }
}
