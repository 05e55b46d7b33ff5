using System.Text.Json.Serialization;

namespace Mantle.Init.Configuration;

/// <summary>
/// <c>/etc/mantle/appliance.json</c> in the verity root, written by the image builder: all that life two is told. It is as
/// trusted as the program itself (the root hash covers both), yet it is checked whole before anything is done with it.
/// Every member is required; an unknown or repeated one is refused.
/// </summary>
/// <param name="Version">Version of this format: 1.</param>
/// <param name="Name">Name of the appliance, for people.</param>
/// <param name="Release">Its release, for people.</param>
/// <param name="HostName">The kernel's host name: one label of RFC 1123, 1 to 63 characters.</param>
/// <param name="Network">How the network is configured.</param>
/// <param name="Tmpfs">The writable places; they are empty at each boot. In mount order: a parent before its child.</param>
/// <param name="Service">What the machine is for.</param>
/// <param name="Unseal">What is unsealed before the service starts; null: nothing, and there is no second process.</param>
/// <param name="OnFailure">What the machine does when it can't go on.</param>
internal sealed record ApplianceConfiguration(
    [property: JsonPropertyName("version")] int Version,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("release")] string Release,
    [property: JsonPropertyName("hostname")] string HostName,
    [property: JsonPropertyName("network")] NetworkMode Network,
    [property: JsonPropertyName("tmpfs")] IReadOnlyList<TmpfsConfiguration> Tmpfs,
    [property: JsonPropertyName("service")] ServiceConfiguration Service,
    [property: JsonPropertyName("unseal")] UnsealConfiguration? Unseal,
    [property: JsonPropertyName("on_failure")] MachineEnd OnFailure);

/// <summary>A file system in memory, mounted nosuid and nodev.</summary>
/// <param name="Path">Absolute path of a folder of the root.</param>
/// <param name="SizeBytes">The most it can hold, in bytes: 4096 to 2^40.</param>
/// <param name="Mode">Permissions of its root folder: four octal digits, for example <c>0755</c>.</param>
/// <param name="Executable">Whether files in it may be executed. False wherever possible: code comes from the verity root.</param>
internal sealed record TmpfsConfiguration(
    [property: JsonPropertyName("path")] string Path,
    [property: JsonPropertyName("size_bytes")] long SizeBytes,
    [property: JsonPropertyName("mode")] string Mode,
    [property: JsonPropertyName("exec")] bool Executable);

/// <summary>The one program that PID 1 starts and supervises.</summary>
/// <param name="Executable">Absolute path of the program.</param>
/// <param name="Arguments">Its arguments, without the program's own name.</param>
/// <param name="UserId">The user it runs as, 1 to 2^31-1; never root.</param>
/// <param name="GroupId">Its only group, 1 to 2^31-1.</param>
/// <param name="Environment">Its whole environment; nothing is inherited or added.</param>
/// <param name="WorkingDirectory">Absolute path of the folder it starts in.</param>
/// <param name="Restart">When it is started again after its end.</param>
/// <param name="RestartDelayMilliseconds">Wait before the first restart, in milliseconds; doubled for each further quick end.</param>
/// <param name="StopTimeoutMilliseconds">Time between SIGTERM and SIGKILL, in milliseconds.</param>
/// <param name="Writable">Folders below a tmpfs that are made for it at boot: its own, mode 0700.</param>
internal sealed record ServiceConfiguration(
    [property: JsonPropertyName("exec")] string Executable,
    [property: JsonPropertyName("arguments")] IReadOnlyList<string> Arguments,
    [property: JsonPropertyName("user_id")] uint UserId,
    [property: JsonPropertyName("group_id")] uint GroupId,
    [property: JsonPropertyName("environment")] IReadOnlyDictionary<string, string> Environment,
    [property: JsonPropertyName("working_directory")] string WorkingDirectory,
    [property: JsonPropertyName("restart")] RestartMode Restart,
    [property: JsonPropertyName("restart_delay_ms")] int RestartDelayMilliseconds,
    [property: JsonPropertyName("stop_timeout_ms")] int StopTimeoutMilliseconds,
    [property: JsonPropertyName("writable")] IReadOnlyList<string> Writable);
