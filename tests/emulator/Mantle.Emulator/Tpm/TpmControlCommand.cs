namespace Mantle.Emulator.Tpm;

/// <summary>Commands of swtpm's control channel (swtpm_ioctls(3), tpm_ioctl.h), which QEMU speaks to a "-tpmdev emulator".</summary>
internal enum TpmControlCommand : uint
{
    GetCapability = 1,
    Init = 2,
    Shutdown = 3,
    GetTpmEstablished = 4,
    SetLocality = 5,
    HashStart = 6,
    HashData = 7,
    HashEnd = 8,
    CancelTpmCommand = 9,
    StoreVolatile = 10,
    ResetTpmEstablished = 11,
    GetStateBlob = 12,
    SetStateBlob = 13,
    Stop = 14,
    GetConfig = 15,
    SetDataFd = 16,
    SetBufferSize = 17,
    GetInfo = 18,
}
