using System.Text.Json.Serialization;

namespace Mantle.Init.Configuration;

/// <summary>How the network is configured.</summary>
[JsonConverter(typeof(NetworkModeConverter))]
internal enum NetworkMode
{
    /// <summary>Loopback only.</summary>
    None,

    /// <summary>The first Ethernet device, by DHCPv4; the service is started once there is an address.</summary>
    Dhcp,
}

/// <summary>When the service is started again after its end.</summary>
[JsonConverter(typeof(RestartModeConverter))]
internal enum RestartMode
{
    /// <summary>Whatever its end was.</summary>
    Always,

    /// <summary>After a failure (exit code other than 0, or a signal). After a success the machine is powered off.</summary>
    OnFailure,

    /// <summary>Not at all. After a success the machine is powered off, after a failure it does what <c>on_failure</c> says.</summary>
    Never,
}

/// <summary>What the machine does at its end.</summary>
[JsonConverter(typeof(MachineEndConverter))]
internal enum MachineEnd
{
    /// <summary>It starts again, from the firmware on.</summary>
    Reboot,

    /// <summary>It is switched off.</summary>
    PowerOff,
}
