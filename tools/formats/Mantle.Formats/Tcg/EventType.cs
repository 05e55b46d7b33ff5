namespace Mantle.Formats.Tcg;

/// <summary>Event types of the TCG PC Client Platform Firmware Profile, table 27 (version 1.06).</summary>
public enum EventType : uint
{
    /// <summary>EV_PREBOOT_CERT.</summary>
    PrebootCertificate = 0x00,

    /// <summary>EV_POST_CODE.</summary>
    PostCode = 0x01,

    /// <summary>EV_NO_ACTION: never extended.</summary>
    NoAction = 0x03,

    /// <summary>EV_SEPARATOR.</summary>
    Separator = 0x04,

    /// <summary>EV_ACTION.</summary>
    Action = 0x05,

    /// <summary>EV_EVENT_TAG.</summary>
    EventTag = 0x06,

    /// <summary>EV_S_CRTM_CONTENTS.</summary>
    CrtmContents = 0x07,

    /// <summary>EV_S_CRTM_VERSION.</summary>
    CrtmVersion = 0x08,

    /// <summary>EV_CPU_MICROCODE.</summary>
    CpuMicrocode = 0x09,

    /// <summary>EV_PLATFORM_CONFIG_FLAGS.</summary>
    PlatformConfigFlags = 0x0a,

    /// <summary>EV_TABLE_OF_DEVICES.</summary>
    TableOfDevices = 0x0b,

    /// <summary>EV_COMPACT_HASH.</summary>
    CompactHash = 0x0c,

    /// <summary>EV_IPL: what boot loaders use for what they measure.</summary>
    Ipl = 0x0d,

    /// <summary>EV_IPL_PARTITION_DATA.</summary>
    IplPartitionData = 0x0e,

    /// <summary>EV_NONHOST_CODE.</summary>
    NonhostCode = 0x0f,

    /// <summary>EV_NONHOST_CONFIG.</summary>
    NonhostConfig = 0x10,

    /// <summary>EV_NONHOST_INFO.</summary>
    NonhostInfo = 0x11,

    /// <summary>EV_OMIT_BOOT_DEVICE_EVENTS.</summary>
    OmitBootDeviceEvents = 0x12,

    /// <summary>EV_POST_CODE2.</summary>
    PostCode2 = 0x13,

    /// <summary>EV_EFI_VARIABLE_DRIVER_CONFIG.</summary>
    EfiVariableDriverConfig = 0x8000_0001,

    /// <summary>EV_EFI_VARIABLE_BOOT.</summary>
    EfiVariableBoot = 0x8000_0002,

    /// <summary>EV_EFI_BOOT_SERVICES_APPLICATION.</summary>
    EfiBootServicesApplication = 0x8000_0003,

    /// <summary>EV_EFI_BOOT_SERVICES_DRIVER.</summary>
    EfiBootServicesDriver = 0x8000_0004,

    /// <summary>EV_EFI_RUNTIME_SERVICES_DRIVER.</summary>
    EfiRuntimeServicesDriver = 0x8000_0005,

    /// <summary>EV_EFI_GPT_EVENT.</summary>
    EfiGptEvent = 0x8000_0006,

    /// <summary>EV_EFI_ACTION.</summary>
    EfiAction = 0x8000_0007,

    /// <summary>EV_EFI_PLATFORM_FIRMWARE_BLOB.</summary>
    EfiPlatformFirmwareBlob = 0x8000_0008,

    /// <summary>EV_EFI_HANDOFF_TABLES.</summary>
    EfiHandoffTables = 0x8000_0009,

    /// <summary>EV_EFI_PLATFORM_FIRMWARE_BLOB2.</summary>
    EfiPlatformFirmwareBlob2 = 0x8000_000a,

    /// <summary>EV_EFI_HANDOFF_TABLES2.</summary>
    EfiHandoffTables2 = 0x8000_000b,

    /// <summary>EV_EFI_VARIABLE_BOOT2.</summary>
    EfiVariableBoot2 = 0x8000_000c,

    /// <summary>EV_EFI_GPT_EVENT2.</summary>
    EfiGptEvent2 = 0x8000_000d,

    /// <summary>EV_EFI_HCRTM_EVENT.</summary>
    EfiHcrtmEvent = 0x8000_0010,

    /// <summary>EV_EFI_VARIABLE_AUTHORITY.</summary>
    EfiVariableAuthority = 0x8000_00e0,

    /// <summary>EV_EFI_SPDM_FIRMWARE_BLOB.</summary>
    EfiSpdmFirmwareBlob = 0x8000_00e1,

    /// <summary>EV_EFI_SPDM_FIRMWARE_CONFIG.</summary>
    EfiSpdmFirmwareConfig = 0x8000_00e2,

    /// <summary>EV_EFI_SPDM_DEVICE_POLICY.</summary>
    EfiSpdmDevicePolicy = 0x8000_00e3,

    /// <summary>EV_EFI_SPDM_DEVICE_AUTHORITY.</summary>
    EfiSpdmDeviceAuthority = 0x8000_00e4,
}
