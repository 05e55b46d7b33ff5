namespace Mantle.Init.Unsealing;

/// <summary>
/// Where the way to the service stands or has failed last: all that this machine tells of itself before it serves. The table is in
/// docs/unsealing.md. 40 to 7F are the unsealing program's; PID 1 passes them on.
/// </summary>
internal static class StageCode
{
    internal const byte Running = 0x00;
    internal const byte Configuration = 0x10;
    internal const byte Network = 0x20;
    internal const byte VolumeSearch = 0x30;
    internal const byte VolumeNotFound = 0x31;
    internal const byte VolumeAmbiguous = 0x32;
    internal const byte VolumeMalformed = 0x33;
    internal const byte FirstOfProgram = 0x40;
    internal const byte Unsealing = 0x70;
    internal const byte LastOfProgram = 0x7F;
    internal const byte VolumeOpening = 0x80;
    internal const byte EncryptionLayer = 0x81;
    internal const byte VerityLayer = 0x82;
    internal const byte Mount = 0x83;
    internal const byte Service = 0x90;
}

/// <summary>The code of the moment.</summary>
internal sealed class StageStatus
{
    internal byte Code { get; set; } = StageCode.Configuration;
}

/// <summary>A stage that has failed.</summary>
/// <param name="code">Which.</param>
/// <param name="cause">What the kernel said, if it was the kernel.</param>
internal sealed class StageException(byte code, Exception? cause = null) : Exception(null, cause)
{
    internal byte Code { get; } = code;
}
