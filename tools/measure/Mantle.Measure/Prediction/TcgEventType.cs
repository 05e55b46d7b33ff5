namespace Mantle.Measure.Prediction;

/// <summary>Event types of the TCG PC Client Platform Firmware Profile that occur in a prediction, with their numbers.</summary>
public enum TcgEventType : uint
{
    /// <summary>EV_SEPARATOR.</summary>
    Separator = 0x0000_0004,

    /// <summary>EV_EVENT_TAG.</summary>
    EventTag = 0x0000_0006,

    /// <summary>EV_IPL.</summary>
    InitialProgramLoader = 0x0000_000d,

    /// <summary>EV_EFI_VARIABLE_DRIVER_CONFIG.</summary>
    EfiVariableDriverConfig = 0x8000_0001,

    /// <summary>EV_EFI_BOOT_SERVICES_APPLICATION.</summary>
    EfiBootServicesApplication = 0x8000_0003,

    /// <summary>EV_EFI_GPT_EVENT.</summary>
    EfiGptEvent = 0x8000_0006,

    /// <summary>EV_EFI_ACTION.</summary>
    EfiAction = 0x8000_0007,

    /// <summary>EV_EFI_VARIABLE_AUTHORITY.</summary>
    EfiVariableAuthority = 0x8000_00e0,
}

/// <summary>Names of event types.</summary>
public static class TcgEventTypes
{
    private static readonly (TcgEventType Type, string Name)[] s_names =
    [
        (TcgEventType.Separator, "EV_SEPARATOR"),
        (TcgEventType.EventTag, "EV_EVENT_TAG"),
        (TcgEventType.InitialProgramLoader, "EV_IPL"),
        (TcgEventType.EfiVariableDriverConfig, "EV_EFI_VARIABLE_DRIVER_CONFIG"),
        (TcgEventType.EfiBootServicesApplication, "EV_EFI_BOOT_SERVICES_APPLICATION"),
        (TcgEventType.EfiGptEvent, "EV_EFI_GPT_EVENT"),
        (TcgEventType.EfiAction, "EV_EFI_ACTION"),
        (TcgEventType.EfiVariableAuthority, "EV_EFI_VARIABLE_AUTHORITY"),
    ];

    /// <summary>The name as the TCG writes it.</summary>
    public static string TcgName(this TcgEventType type)
    {
        foreach ((TcgEventType known, string name) in s_names)
        {
            if (known == type)
            {
                return name;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(type));
    }

    /// <summary>The type of a TCG name. False: no prediction has such events.</summary>
    public static bool TryParse(string name, out TcgEventType type)
    {
        foreach ((TcgEventType known, string knownName) in s_names)
        {
            if (knownName == name)
            {
                type = known;
                return true;
            }
        }

        type = default;
        return false;
    }
}
