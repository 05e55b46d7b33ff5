using Mantle.Init.Configuration;

namespace Mantle.Init.Service;

/// <summary>What a process becomes that PID 1 starts: an unprivileged program, as the configuration names it.</summary>
internal sealed record ProcessRole
{
    /// <summary>The argument that selects the service.</summary>
    internal const string ServiceName = "service";

    /// <summary>The argument that selects the unsealing program.</summary>
    internal const string UnsealName = "unseal";

    /// <summary>Descriptor of the unsealing program's end of its channel.</summary>
    internal const int ChannelDescriptor = 3;

    private const int LockedMemory = 8; // RLIMIT_MEMLOCK

    /// <summary>Absolute path of the program.</summary>
    internal required string Executable { get; init; }

    /// <summary>Its arguments, without its own name.</summary>
    internal IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Its whole environment.</summary>
    internal IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The folder it starts in.</summary>
    internal string WorkingDirectory { get; init; } = "/";

    /// <summary>Its user.</summary>
    internal required uint UserId { get; init; }

    /// <summary>Its only group.</summary>
    internal required uint GroupId { get; init; }

    /// <summary>Limits beside those of <see cref="ResourceLimits.Limits"/>.</summary>
    internal IReadOnlyList<(int Resource, ulong Limit)> Limits { get; init; } = [];

    /// <summary>The first descriptor that it doesn't get.</summary>
    internal int FirstClosedDescriptor { get; init; } = 3;

    /// <summary>The role of a name; null if there is none.</summary>
    internal static ProcessRole? Of(string name, ApplianceConfiguration configuration) => (name, configuration.Unseal) switch
    {
        (ServiceName, _) => Service(configuration.Service),
        (UnsealName, { } unseal) => Unseal(unseal),
        _ => null,
    };

    private static ProcessRole Service(ServiceConfiguration service) => new()
    {
        Executable = service.Executable,
        Arguments = service.Arguments,
        Environment = service.Environment,
        WorkingDirectory = service.WorkingDirectory,
        UserId = service.UserId,
        GroupId = service.GroupId,
    };

    /// <remarks>
    /// That it is not dumpable (PR_SET_DUMPABLE) is the program's to say: execve(2) forgets it. Core files are off by limit and
    /// sysctl, and ptrace(2) by Yama and the filter, from its first instruction.
    /// </remarks>
    private static ProcessRole Unseal(UnsealConfiguration unseal) => new()
    {
        Executable = unseal.Executable,
        UserId = unseal.UserId,
        GroupId = unseal.GroupId,
        Limits = [(LockedMemory, 8 << 20)],
        FirstClosedDescriptor = ChannelDescriptor + 1,
    };
}
