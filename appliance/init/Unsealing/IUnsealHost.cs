using Mantle.Init.Configuration;

namespace Mantle.Init.Unsealing;

/// <summary>What <see cref="Unsealer"/> has done by the kernel. A stage that fails throws <see cref="StageException"/>.</summary>
internal interface IUnsealHost
{
    /// <summary>Looks for the volumes' partitions and reads the sealed keys.</summary>
    /// <returns>The code of what is missing; null when all are there.</returns>
    byte? FindVolumes();

    /// <summary>Starts the unsealing program and returns its process id.</summary>
    int Start();

    /// <summary>A volume's sealed key, as <see cref="FindVolumes"/> found it.</summary>
    ReadOnlyMemory<byte> BlobOf(VolumeConfiguration volume);

    /// <summary>Sends the program a datagram.</summary>
    void Send(ReadOnlySpan<byte> datagram);

    /// <summary>Writes a piece of a secret file.</summary>
    void Store(string name, ReadOnlySpan<byte> piece, bool isFirst);

    /// <summary>Nothing more is stored: the secrets turn read-only.</summary>
    void CloseSecrets();

    /// <summary>Opens and mounts a volume.</summary>
    /// <param name="volume">Which.</param>
    /// <param name="key">64 bytes; empty for one that is not encrypted.</param>
    void Open(VolumeConfiguration volume, ReadOnlySpan<byte> key);

    /// <summary>Ends the program, takes the volumes and secrets away: as before <see cref="FindVolumes"/>.</summary>
    void Undo();

    /// <summary>Ends the program alone.</summary>
    void EndProgram();
}
