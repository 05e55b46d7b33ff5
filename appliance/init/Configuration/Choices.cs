using System.Text.Json.Serialization;

namespace Mantle.Init.Configuration;

/// <summary>How the network is configured.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NetworkMode>))]
internal enum NetworkMode
{
    /// <summary>Loopback only.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>The first Ethernet device, by DHCPv4; the service is started once there is an address.</summary>
    [JsonStringEnumMemberName("dhcp")]
    Dhcp,
}

/// <summary>When the service is started again after its end.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RestartMode>))]
internal enum RestartMode
{
    /// <summary>Whatever its end was.</summary>
    [JsonStringEnumMemberName("always")]
    Always,

    /// <summary>After a failure (exit code other than 0, or a signal). After a success the machine is powered off.</summary>
    [JsonStringEnumMemberName("on-failure")]
    OnFailure,

    /// <summary>Not at all. After a success the machine is powered off, after a failure it does what <c>on_failure</c> says.</summary>
    [JsonStringEnumMemberName("never")]
    Never,
}

/// <summary>What the machine does at its end.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MachineEnd>))]
internal enum MachineEnd
{
    /// <summary>It starts again, from the firmware on.</summary>
    [JsonStringEnumMemberName("reboot")]
    Reboot,

    /// <summary>It is switched off.</summary>
    [JsonStringEnumMemberName("power-off")]
    PowerOff,
}
